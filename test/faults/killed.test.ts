// Processes that are killed under load: the gateway, the database, and the gateway asked to stop. Every answer keeps its row.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { assertBalanced, Load, readBooks, readiness, startUpstream, type Upstream } from './stand.ts';

const clients = 32;
const total = 10_000;

const databases = [
  { name: 'the embedded PostgreSQL', skip: undefined, start: () => Promise.resolve(undefined) },
  { name: "Debian's PostgreSQL", skip: whyNoDebianPostgres(), start: startDebianPostgres },
];

for (const { name, skip, start } of databases) {
  describe(`on ${name}`, { skip: skip ?? false }, () => {
    const folder = temporaryFolder();
    let upstream: Upstream;
    let debian: Awaited<ReturnType<typeof startDebianPostgres>> | undefined;
    let gateway: RunningGateway;
    const answered: string[] = [];
    let underWay = 0;

    const begin = () =>
      startGateway({
        config: upstream.config,
        dataDirectory: folder.path,
        env: debian === undefined ? {} : { DATABASE_URL: debian.url },
      });
    const balance = async () => {
      assert.equal((await gateway.stop()).code, 0);
      assertBalanced(await readBooks({ dataDir: folder.path, url: debian?.url }), answered, underWay);
    };

    before(async () => {
      upstream = await startUpstream();
      debian = await start();
      gateway = await begin();
    });
    after(async () => {
      await gateway.stop('SIGKILL');
      await debian?.stop();
      upstream.stop();
      folder.remove();
    });

    test(`kill -9 of the gateway in the middle of ${total} requests loses no row of an answer`, async () => {
      const first = new Load(gateway, clients);
      await first.reached(total / 2);
      await gateway.stop('SIGKILL');
      await first.end();
      answered.push(...first.answered);
      underWay += first.broken;
      gateway = await begin();
      const second = new Load(gateway, clients);
      await second.reached(total / 2);
      answered.push(...(await second.end()).answered);
      await balance();
      gateway = await begin();
    });

    test('kill -9 of the database under load refuses nobody, and every row is there when it is back', async () => {
      const load = new Load(gateway, clients);
      await load.reached(200);
      if (debian === undefined) killEmbedded(folder.path);
      else await debian.down('SIGQUIT');
      await until('the loss to be noticed', async () => (await readiness(gateway)).status === 'degraded');
      await load.reached(load.answered.length + 500);
      await debian?.up();
      await until('the database to be back', async () => (await readiness(gateway)).status === 'ready', 10_000);
      await load.reached(load.answered.length + 200);
      answered.push(...(await load.end()).answered);
      assert.deepEqual(load.refused, []);
      await balance();
      gateway = await begin();
    });

    test('SIGTERM under load: what was answered has its row when the process has ended', async () => {
      const load = new Load(gateway, clients);
      await load.reached(500);
      assert.equal((await gateway.stop('SIGTERM')).code, 0);
      answered.push(...(await load.end()).answered);
      assertBalanced(await readBooks({ dataDir: folder.path, url: debian?.url }), answered, underWay);
    });
  });
}

/** The server is a process of its own: its number stands in its folder. */
function killEmbedded(dataDir: string): void {
  const pid = Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(pid, 'SIGKILL');
}
