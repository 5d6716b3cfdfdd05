// The salt key of the data folder is changed: refused while a gateway runs that cannot know the new key, done beside one that
// does, whole after a kill at the last moment. And help, and wrong use.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasEmbedded } from '../../src/store/embedded-postgres.ts';
import { startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
const folder = temporaryFolder();
after(() => folder.remove());

const config = `
model_list:
  - model_name: scripted
    litellm_params: {model: openai/scripted, api_base: http://127.0.0.1:9/v1, api_key: sk-plain-of-the-test}
`;
// An empty variable counts as not set: the keys are those of the data folder.
const begin = () => startGateway({ config, dataDirectory: folder.path, env: { PLUMBLINE_SALT_KEY: '' } });
const keyFile = (name = 'salt-key') => join(folder.path, name);
const read = (name?: string) => readFileSync(keyFile(name), 'utf8');

test('the key of the data folder: made and told while a gateway runs, in force after its restart, the old one kept', {
  skip,
}, async () => {
  let gateway = await begin();
  const first = read();
  const refused = await run('rotate');
  assert.equal(refused.code, 1, refused.text);
  assert.match(refused.text, /a new salt key was made in .*salt-key\.next, and nothing was sealed under it/);
  assert.match(refused.text, /hint: restart the gateway.* and run this command again/);
  await gateway.stop();
  gateway = await begin();
  const next = read('salt-key.next');
  const done = await run('rotate');
  assert.equal(done.code, 0, done.text);
  assert.match(done.text, /^1 values sealed under the salt key [0-9a-f]{8}, 0 stood under it$/m);
  assert.deepEqual([read(), read('salt-key.previous'), existsSync(keyFile('salt-key.next'))], [next, first, false]);
  assert.equal(statSync(keyFile()).mode & 0o777, 0o600);
  const counted = JSON.parse((await run('status', '--json')).out) as {
    canary: string;
    keysGiven: string[];
    values: object;
  };
  assert.deepEqual(counted.values, { [counted.canary]: 1 });
  assert.equal(counted.keysGiven[0], counted.canary);
  await gateway.stop();
  rmSync(keyFile('salt-key.previous'));
  await (await begin()).stop();
  assert.ok(!`${refused.text}${done.text}`.includes(next.trim()));
});

test('killed between the last row and the change of the file, both starts and the next rotation find their keys', {
  skip,
}, async () => {
  const before = read();
  assert.equal((await run('rotate')).code, 0);
  // As it was a moment earlier: everything sealed under the new key, the files not changed yet.
  renameSync(keyFile(), keyFile('salt-key.next'));
  linkSync(keyFile('salt-key.previous'), keyFile());
  await (await begin()).stop();
  const next = read('salt-key.next');
  const again = await run('rotate', '--json');
  assert.equal(again.code, 0, again.text);
  const { sealed, already } = JSON.parse(again.out) as { sealed: number; already: number };
  assert.deepEqual([sealed, already], [0, 1]);
  assert.deepEqual([read(), read('salt-key.previous')], [next, before]);
});

test('a rehearsal counts and makes nothing', { skip }, async () => {
  const before = read();
  const told = await run('rotate', '--dry-run');
  assert.equal(told.code, 0, told.text);
  assert.match(told.out, /^1 values would be sealed under the salt key/);
  assert.deepEqual([read(), existsSync(keyFile('salt-key.next'))], [before, false]);
});

test('a wrong salt key is refused before the port is bound', { skip }, async () => {
  const starting = startGateway({ dataDirectory: folder.path, env: { PLUMBLINE_SALT_KEY: 'a-wrong-salt-key' } });
  await assert.rejects(starting, (thrown: unknown) => {
    assert.match(String(thrown), /the database is sealed under the salt key [0-9a-f]{8} and does not open/);
    assert.doesNotMatch(String(thrown), /listening on/);
    return true;
  });
});

test('help shows both subcommands and examples; another word is wrong use; a folder without a key is told', async () => {
  const help = await run('--help');
  assert.equal(help.code, 0);
  assert.match(help.out, /secrets.*<status\|rotate>[\s\S]*--new-salt-key-file[\s\S]*--dry-run[\s\S]*Examples:/);
  const wrong = await run('rotten');
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /hint: `plumbline secrets status` or `plumbline secrets rotate`/);
  const empty = join(folder.path, 'nothing-here');
  const nowhere = await run('status', '--data-dir', empty);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.text, /no salt key is configured, and there is none in/);
  assert.ok(!existsSync(empty));
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly text: string;
}

function run(...args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', PLUMBLINE_DATA_DIR: folder.path };
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
