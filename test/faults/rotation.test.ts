// The salt key is changed under load, by a process that is killed again and again, on a real PostgreSQL: no request notices,
// every secret stays readable at every moment, and nothing but ciphertext changes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { type DebianPostgres, startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { type Kept, openKept } from './kept-secrets.ts';
import { chat, Load, startUpstream, type Upstream } from './stand.ts';

const old = 'salt-key-of-before-0123456789abcdef';
const next = 'salt-key-to-come-0123456789abcdef';
const newKeyId = openSealer(new Secret(next)).keyId;
const both = openSealer(new Secret(next), [new Secret(old)]);
const rows = 1_000;
const kills = 8;
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe("on Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  const folder = temporaryFolder();
  let debian: DebianPostgres;
  let upstream: Upstream;
  let kept: Kept;
  const gateways: RunningGateway[] = [];

  const begin = async (env: Record<string, string>) => {
    const dataDirectory = join(folder.path, `data-${gateways.length}`);
    const gateway = await startGateway({
      config: upstream.config,
      dataDirectory,
      env: { DATABASE_URL: debian.url, ...env },
    });
    gateways.push(gateway);
    return gateway;
  };
  const environment = () => ({
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: debian.url,
    PLUMBLINE_DATA_DIR: folder.path,
    PLUMBLINE_SALT_KEY: next,
    PLUMBLINE_SALT_KEY_PREVIOUS: old,
  });

  before(async () => {
    [debian, upstream] = await Promise.all([startDebianPostgres(), startUpstream()]);
    await (await begin({ PLUMBLINE_SALT_KEY: old })).stop();
    kept = openKept(debian.url);
    await kept.fill(rows, openSealer(new Secret(old)));
  });
  after(async () => {
    for (const gateway of gateways) await gateway.stop('SIGKILL');
    await kept.close();
    await debian.stop();
    upstream.stop();
    folder.remove();
  });

  test(`killed ${kills} times while two gateways serve, the rotation goes on where it was and touches ciphertext only`, async () => {
    const [plain, others] = [await kept.plain(both), await kept.besides()];
    assert.equal(Object.keys(plain).length, 2 * rows + 1);
    const pair = { PLUMBLINE_SALT_KEY: next, PLUMBLINE_SALT_KEY_PREVIOUS: old };
    const serving = [await begin(pair), await begin(pair)];
    assert.deepEqual(await kept.keyIds(), [openSealer(new Secret(old)).keyId], 'a start with both keys seals nothing');
    const loads = serving.map((gateway) => new Load(gateway, 4));
    const seen = new Set<number>();
    for (let round = 0; round < kills; round++) {
      await rotateAndKill(environment(), Math.floor(Math.random() * 12));
      assert.deepEqual(await kept.plain(both), plain);
      seen.add((await kept.keyIds()).length);
      for (const load of loads) await load.reached(load.answered.length + 20);
    }
    assert.ok(seen.has(2), 'no kill fell in the middle');
    const whole = await run(['rotate', '--json'], environment());
    assert.equal(whole.code, 0, whole.text);
    const { sealed, already, to } = JSON.parse(whole.out) as { sealed: number; already: number; to: string };
    assert.deepEqual([sealed + already, to], [2 * rows + 1, newKeyId]);
    for (const load of loads) {
      await load.reached(load.answered.length + 50);
      assert.deepEqual([(await load.end()).refused, load.broken], [[], 0]);
    }
    assert.deepEqual(await kept.plain(openSealer(new Secret(next))), plain);
    assert.deepEqual(await kept.besides(), others);
    assert.deepEqual(await kept.keyIds(), [newKeyId]);
    for (const gateway of serving) await gateway.stop();
  });

  test('afterwards the new key alone starts, and the old one alone is refused before it listens and writes nothing', async () => {
    await (await begin({ PLUMBLINE_SALT_KEY: next })).stop();
    const before = await kept.everything();
    await assert.rejects(begin({ PLUMBLINE_SALT_KEY: old }), (thrown: unknown) => {
      assert.match(String(thrown), new RegExp(`sealed under the salt key ${newKeyId} .*nothing was changed`));
      assert.match(String(thrown), /hint: start with the salt key it was sealed under/);
      assert.doesNotMatch(String(thrown), /listening on/);
      return true;
    });
    assert.deepEqual(await kept.everything(), before);
  });

  test('a start without the database is held to its salt key too, by what was last known', async () => {
    const dataDirectory = join(folder.path, 'data-1');
    const start = (salt: string) =>
      startGateway({
        config: upstream.config,
        dataDirectory,
        env: { DATABASE_URL: debian.url, PLUMBLINE_SALT_KEY: salt },
      });
    const running = await start(next);
    await until('what is known to be kept', () => existsSync(join(dataDirectory, 'last-known.jsonl')));
    await running.stop();
    await debian.down();
    try {
      await assert.rejects(start(old), /sealed under the salt key .*nothing was changed/);
      const served = await start(next);
      assert.equal((await chat(served)).status, 200);
      await served.stop('SIGKILL'); // in good order it would wait for the database, to deliver its usage
    } finally {
      await debian.up();
    }
  });

  test('status counts by key and finds what does not open or opens to something sealed', async () => {
    const well = await run(['status', '--json'], environment());
    assert.equal(well.code, 0, well.text);
    const counted = JSON.parse(well.out) as { canary: string; values: Record<string, number>; findings: unknown[] };
    assert.deepEqual(counted, { ...counted, canary: newKeyId, values: { [newKeyId]: 2 * rows + 1 }, findings: [] });
    await kept.spoil();
    const ill = await run(['status'], environment());
    assert.equal(ill.code, 1, ill.text);
    assert.match(ill.out, /"secret-0" token: it does not open/);
    assert.match(ill.out, /"secret-1" token: it is sealed under a salt key that is not given \(0badf00d\)/);
    assert.ok(!ill.out.includes('plain-'));
  });

  test('a new key made while a gateway runs that cannot know it seals nothing', async () => {
    const file = join(folder.path, 'third.key');
    const running = await begin({ PLUMBLINE_SALT_KEY: next });
    const before = await kept.everything();
    const refused = await run(['rotate', '--new-salt-key-file', file], environment());
    assert.equal(refused.code, 1, refused.text);
    assert.match(refused.text, /a gateway runs that does not know it yet/);
    assert.deepEqual(await kept.everything(), before);
    await running.stop();
    const wrong = join(folder.path, 'empty.key');
    writeFileSync(wrong, '\n');
    assert.equal((await run(['rotate', '--new-salt-key-file', wrong], environment())).code, 2);
  });
});

/** Takes how many lines of progress to let pass; kills the process then, or when a random time is over. */
function rotateAndKill(env: Record<string, string>, lines: number): Promise<void> {
  const child = spawn(process.execPath, [main, 'secrets', 'rotate'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let count = 0;
  const killed = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    count += text.split('\n').length - 1;
    if (count >= lines) child.kill('SIGKILL');
  });
  return killed;
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly text: string;
}

function run(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, [main, 'secrets', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, text] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    out += piece;
    text += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, text })));
}
