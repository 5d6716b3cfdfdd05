// Making a cluster, and refusing one that this PostgreSQL cannot read.
import { execFile } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './embedded-binaries.ts';
import { type EmbeddedHome, makePrivate, passwordFile } from './embedded-home.ts';
import { StartRefused } from './start-refused.ts';

/** The superuser of the cluster; it owns everything of ours. */
export const clusterUser = 'plumbline';

/** Nothing of our own environment (PG… variables, locale) reaches the server. */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Takes the home and the binaries; makes the cluster when there is none. Throws StartRefused for another major version's. */
export async function openCluster(home: EmbeddedHome, binaries: Binaries): Promise<void> {
  const version = statSync(join(home.cluster, 'PG_VERSION'), { throwIfNoEntry: false });
  if (version === undefined) await makeCluster(home, binaries);
  else refuseOtherMajor(home, binaries);
}

/** The cluster is made under another name and appears complete, so that a start killed half-way leaves none behind. */
async function makeCluster(home: EmbeddedHome, binaries: Binaries): Promise<void> {
  const draft = `${home.cluster}.new`;
  rmSync(draft, { recursive: true, force: true });
  makePrivate(draft, home.account);
  const how = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin'];
  const what = [`--pgdata=${draft}`, `--username=${clusterUser}`, `--pwfile=${passwordFile(home)}`];
  try {
    await promisify(execFile)(binaries.initdb, [...what, ...how, '--builtin-locale=C.UTF-8'], {
      ...home.account,
      cwd: home.directory,
      env: serverEnvironment,
    });
  } catch (thrown) {
    const said = (thrown as { stderr?: string }).stderr?.trim();
    throw new StartRefused(
      `the database in ${home.directory} could not be made: ${said === undefined || said === '' ? thrown : said}`,
      'mend what initdb names, or set DATABASE_URL',
      { cause: thrown },
    );
  }
  renameSync(draft, home.cluster);
  const folder = openSync(home.directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function refuseOtherMajor(home: EmbeddedHome, binaries: Binaries): void {
  const major = readFileSync(join(home.cluster, 'PG_VERSION'), 'utf8').trim();
  if (major === binaries.major) return;
  throw new StartRefused(
    `the database in ${home.directory} was made by PostgreSQL ${major}, and this gateway brings PostgreSQL ${binaries.major}`,
    `export it with the gateway that made it, or set DATABASE_URL to a PostgreSQL ${major} that serves it`,
  );
}
