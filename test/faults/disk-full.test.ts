// The disk of the journal is full while the database is away: requests are served, readiness says why, rows wait in memory,
// and when the database is back all of them are there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { assertBalanced, Load, readBooks, readiness, startUpstream } from './stand.ts';

const skip = whyNoDebianPostgres();

/** Mounts a disk of one megabyte there; false when this account may not. */
function mountSmall(path: string): boolean {
  mkdirSync(path, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755', 'tmpfs', path]).status === 0;
}

describe('with no room for the journal', { skip }, () => {
  for (const [name, args, wanted] of [
    ['a disk that is full', [], /the usage journal is in memory only: ENOSPC/],
    ['a journal at its limit', ['--journal-limit', '1mb'], /in memory only: the journal has reached its limit/],
  ] as const) {
    test(`${name}: everybody is served, readiness says why, and no row is lost when the database is back`, async (t) => {
      const folder = temporaryFolder();
      const isSmall = args.length === 0;
      if (isSmall && !mountSmall(folder.path)) return t.skip('this account may not mount a small disk');
      const upstream = await startUpstream();
      const debian = await startDebianPostgres();
      const env = { DATABASE_URL: debian.url };
      const gateway = await startGateway({ config: upstream.config, dataDirectory: folder.path, args: [...args], env });
      try {
        await until('readiness', async () => (await readiness(gateway)).status === 'ready');
        await debian.down('SIGQUIT');
        const load = new Load(gateway, 16);
        await until('the disk to be full', async () => wanted.test((await readiness(gateway)).reasons.join('\n')));
        await load.reached(load.answered.length + 300);
        assert.match(gateway.output(), /the journal of usage cannot be kept on disk/);
        await debian.up();
        await until('recovery', async () => (await readiness(gateway)).status === 'ready', 10_000);
        await load.end();
        assert.deepEqual([load.refused, load.broken], [[], 0]);
        assert.equal((await gateway.stop()).code, 0);
        assertBalanced(await readBooks({ dataDir: folder.path, url: debian.url }), load.answered);
      } finally {
        await gateway.stop('SIGKILL');
        await debian.stop();
        upstream.stop();
        if (isSmall) spawnSync('umount', [folder.path]);
        folder.remove();
      }
    });
  }
});
