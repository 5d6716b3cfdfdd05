// The database goes away under load, and is away when the gateway starts: known keys are served, nobody is told that a key is
// wrong, every row is there afterwards, and nothing has to be started again.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import {
  ask,
  assertBalanced,
  chat,
  isLong,
  Load,
  newKey,
  readBooks,
  readiness,
  startUpstream,
  type Upstream,
} from './stand.ts';

const awayMs = isLong ? 300_000 : 2_000;
const unknownKey = 'sk-nobody-has-heard-of-this-key';

describe("with Debian's PostgreSQL away", { skip: whyNoDebianPostgres() }, () => {
  const folder = temporaryFolder();
  let upstream: Upstream;
  let debian: Awaited<ReturnType<typeof startDebianPostgres>>;
  let gateway: RunningGateway;
  let key: string;
  let answered: readonly string[] = [];
  let underWay = 0;

  const begin = (dataDirectory = folder.path) =>
    startGateway({ config: upstream.config, dataDirectory, env: { DATABASE_URL: debian.url } });
  const isReady = async () => (await readiness(gateway)).status === 'ready';
  const books = () => readBooks({ dataDir: folder.path, url: debian.url });

  before(async () => {
    upstream = await startUpstream();
    debian = await startDebianPostgres();
    gateway = await begin();
    key = await newKey(gateway);
  });
  after(async () => {
    await gateway.stop('SIGKILL');
    await debian.stop();
    upstream.stop();
    folder.remove();
  });

  test(`under load for ${awayMs / 1000} s: known keys get 200, unknown keys 503, liveness answers, readiness says why`, async () => {
    const load = new Load(gateway, isLong ? 2 : 16, key);
    await load.reached(200);
    await debian.down('SIGQUIT');
    await until('the loss to be noticed', async () => (await readiness(gateway)).status === 'degraded');
    const until503 = performance.now() + awayMs;
    const waits: number[] = [];
    while (performance.now() < until503) {
      const refused = await chat(gateway, unknownKey);
      assert.equal(refused.status, 503, refused.body);
      assert.match(refused.body, /database is away/);
      const before = performance.now();
      assert.equal((await ask(gateway, '/healthz')).status, 200);
      waits.push(performance.now() - before);
    }
    const slowest = waits.sort((a, b) => a - b)[Math.ceil(waits.length * 0.99) - 1] ?? 0;
    assert.ok(slowest < 100, `liveness takes ${slowest} ms`);
    const { database, reasons } = await readiness(gateway);
    assert.equal(database, 'away');
    assert.match(reasons.join('\n'), /the database is away: .*\nusage cannot be written: .*; \d+ rows wait/);
    await load.reached(load.answered.length + 200);
    await debian.up();
    await until('recovery', isReady, 10_000);
    assert.equal((await chat(gateway, unknownKey)).status, 401);
    await load.end();
    assert.deepEqual([load.refused, load.broken], [[], 0]);
    answered = answered.concat(load.answered);
    await until('every row', async () => (await books()).rows === answered.length, isLong ? 300_000 : 10_000);
    assertBalanced(await books(), answered);
  });

  test('killed and started while it is away, the gateway serves what was last known and delivers both its lives', async () => {
    const first = new Load(gateway, 16, key);
    await first.reached(200);
    await debian.down('SIGQUIT');
    await first.reached(first.answered.length + 500);
    await gateway.stop('SIGKILL');
    await first.end();
    answered = answered.concat(first.answered);
    underWay += first.broken;
    gateway = await begin();
    const { status, reasons } = await readiness(gateway);
    assert.equal(status, 'degraded', reasons.join());
    assert.equal((await chat(gateway, unknownKey)).status, 503);
    const second = new Load(gateway, 16, key);
    await second.reached(500);
    await debian.up();
    await until('recovery', isReady, 10_000);
    assert.equal((await chat(gateway, unknownKey)).status, 401);
    const other = await newKey(gateway);
    assert.equal((await chat(gateway, other)).status, 200, 'a key made after the return is served');
    await second.end();
    assert.deepEqual([second.refused, second.broken], [[], 0]);
    answered = answered.concat(second.answered);
    underWay += 1;
    assert.equal((await gateway.stop()).code, 0);
    assertBalanced(await books(), answered, underWay);
    gateway = await begin();
  });

  test('what was last known is kept for its owner only, and holds no secret', () => {
    const file = join(folder.path, 'last-known.jsonl');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    for (const secret of [key, 'sk-none']) assert.equal(text.includes(secret), false);
    assert.match(text, /pl1:/);
  });

  test('never started with it before, the gateway serves the master key and tells nobody else that a key is wrong', async () => {
    const fresh = temporaryFolder();
    await debian.down('SIGINT');
    const stranger = await begin(fresh.path);
    const ready = await ask(stranger, '/readyz');
    assert.deepEqual([ready.status, (JSON.parse(ready.body) as { status: string }).status], [503, 'starting']);
    assert.equal((await chat(stranger)).status, 200);
    assert.equal((await chat(stranger, key)).status, 503);
    await debian.up();
    await until('recovery', async () => (await ask(stranger, '/readyz')).status === 200, 10_000);
    assert.equal((await chat(stranger, key)).status, 200);
    assert.equal((await stranger.stop()).code, 0);
    fresh.remove();
  });
});
