// apply and diff, as a person uses them: beside a gateway that runs, which then serves what changed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasEmbedded } from '../../src/store/embedded-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
const folder = temporaryFolder();
const path = join(dirname(folder.path), 'models.yaml');
let gateway: RunningGateway;

const entry = (name: string, model = name): string =>
  `  - {model_name: ${name}, litellm_params: {model: openai/${model}, api_base: "http://127.0.0.1:9/v1", api_key: sk-of-the-test}}\n`;
const file = (...entries: string[]): string => `model_list:\n${entries.join('')}`;

before(async () => {
  if (skip === false)
    gateway = await startGateway({
      dataDirectory: folder.path,
      args: ['--discover', 'no'],
      // An empty variable counts as not set: the keys are those of the data folder.
      env: { PLUMBLINE_SALT_KEY: '' },
    });
});
after(async () => {
  await gateway?.stop();
  folder.remove();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly text: string;
}

const run = (...words: string[]): Promise<Ran> => runIn(folder.path, {}, ...words);

async function runIn(dataDir: string, environment: Readonly<Record<string, string>>, ...words: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...words, '--data-dir', dataDir], {
    env: { PATH: process.env['PATH'] ?? '', HOME: dirname(folder.path), ...environment },
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, text: out + errors };
}

async function models(): Promise<string[]> {
  const headers = { authorization: `Bearer ${gateway.masterKey}` };
  const answer = await fetch(`${gateway.baseUrl}/v1/models`, { headers });
  return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id).sort();
}

async function serves(...names: string[]): Promise<void> {
  for (let tries = 0; JSON.stringify(await models()) !== JSON.stringify(names); tries++) {
    assert.ok(tries < 100, `${await models()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a file is brought in beside a running gateway, which serves it; a second time there is nothing to do', {
  skip,
}, async () => {
  writeFileSync(path, file(entry('one'), entry('two')));
  const differs = await run('diff', path);
  assert.equal(differs.code, 1, differs.text);
  assert.match(differs.out, /^\+ alias one\n\+ alias two\n\+ deployment one \(openai\/one\)\n\+ deployment two/m);
  const rehearsed = await run('apply', path, '--dry-run');
  assert.match(rehearsed.out, /^5 would change, 0 are as the file says$/m);
  assert.ok(!(await models()).includes('one'));

  const done = await run('apply', path);
  assert.equal(done.code, 0, done.text);
  assert.match(done.out, /^5 changed, 0 are as the file says$/m);
  await serves('demo', 'one', 'two');
  assert.match((await run('apply', path)).out, /^0 changed, 5 are as the file says$/m);
  assert.deepEqual(await run('diff', path).then(({ code, out }) => [code, out.trim()]), [
    0,
    'the database is as the file says',
  ]);
  assert.ok(!`${differs.text}${done.text}`.includes('sk-of-the-test'));
});

test('what a file leaves out stays, until it is pruned', { skip }, async () => {
  writeFileSync(path, file(entry('one', 'other')));
  const kept = await run('apply', path, '--json');
  assert.equal(kept.code, 0, kept.text);
  const changes = JSON.parse(kept.out) as Record<string, { added: string[]; removed: string[] }>;
  assert.equal(changes['deployments']?.added.length, 1);
  assert.deepEqual(changes['aliases']?.removed, []);
  const pruned = await run('apply', path, '--prune');
  assert.match(pruned.out, /^- alias two$/m);
  assert.match(pruned.out, /^- deployment two \(openai\/two\)$/m);
  await serves('demo', 'one');
});

test('a file with errors changes nothing, and says path, line and mend', { skip }, async () => {
  writeFileSync(path, `${file(entry('one', 'other'), entry('three'))}router_settings: {num_retrys: 3}\n`);
  const refused = await run('apply', path, '--prune');
  assert.equal(refused.code, 1, refused.text);
  assert.match(refused.text, /models\.yaml:4:\d+ .*num_retrys.*did you mean num_retries/s);
  assert.ok(!(await models()).includes('three'));
});

test('names that lead nowhere are warned of with path, line and mend, and left out', { skip }, async () => {
  const router = 'router_settings: {fallbacks: [{one: [twoo, two]}], model_group_alias: {uno: nobody}}';
  writeFileSync(path, `${file(entry('one'), entry('two'))}${router}\n`);
  const told =
    /models\.yaml:4:\d+ .*fallbacks\[0\]\.one\[0\]: there is no model twoo, so this is left out; did you mean two\?/;
  const differs = await run('diff', path, '--json');
  assert.match(differs.text, told);
  assert.ok(JSON.parse(differs.out));
  const done = await run('apply', path, '--prune');
  assert.equal(done.code, 0, done.text);
  assert.match(done.text, told);
  assert.match(done.text, /model_group_alias\.uno: there is no model nobody, so this is left out/);
  const exported = await run('export');
  assert.match(exported.out, /fallbacks:\n +- +one:\n +- +two\n/);
  assert.ok(!/nobody|twoo/.test(exported.out));
  await serves('demo', 'one', 'two');
});

test('what another owner holds is refused by its name', { skip }, async () => {
  writeFileSync(path, file(entry('demo')));
  const refused = await run('apply', path);
  assert.equal(refused.code, 1, refused.text);
  assert.match(refused.text, /the alias "demo" belongs to the environment, so the file cannot declare it/);
});

const ours = `
models:
  one: {model: openai/one, address: "http://127.0.0.1:9/v1", key: sk-of-the-test, fallbacks: two, strategy: in-order}
  two:
    - {model: openai/two, address: "http://127.0.0.1:9/v1", key: sk-of-the-test}
    - ollama/two
  uno: {target: one, hidden: true}
credentials:
  spare-1: sk-of-the-test
  spare.1: sk-of-the-test-too
tool_servers:
  exa: https://mcp.exa.test/mcp?key=sk-of-the-test
  files: {command: npx, args: [-y, files], env: {FILES_TOKEN: sk-of-the-test}}
router: {timeout: 45}
`;

test('a file in our own form is brought in the same way, tool servers too; a second time there is nothing to do', {
  skip,
}, async () => {
  writeFileSync(path, ours);
  const done = await run('apply', path, '--prune');
  assert.equal(done.code, 0, done.text);
  assert.match(done.out, /^\+ alias uno\n(.*\n)*\+ tool server exa\n\+ tool server files\n\d+ changed/m);
  await serves('demo', 'one', 'two');
  assert.match((await run('apply', path)).out, /^0 changed, \d+ are as the file says$/m);
  assert.match((await run('diff', path)).out, /^the database is as the file says$/m);
  assert.ok(!done.text.includes('sk-of-the-test'));
  const known = { PLUMBLINE_MASTER_KEY: gateway.masterKey };
  const shown = await runIn(folder.path, known, 'config', '--url', gateway.baseUrl, '--json');
  assert.equal(shown.code, 0, shown.text);
  const { tool_servers: tools } = JSON.parse(shown.out) as { tool_servers: { name: string; owner: string }[] };
  assert.deepEqual(
    tools.map(({ name, owner }) => [name, owner]),
    [
      ['exa', 'file'],
      ['files', 'file'],
    ],
  );
  writeFileSync(path, ours.replace(/^ {2}files:.*\n/m, ''));
  assert.match((await run('diff', path)).out, /^- tool server files$/m);
  writeFileSync(path, ours.replace('strategy: in-order', 'stratgy: in-order'));
  const refused = await run('apply', path);
  assert.equal(refused.code, 1, refused.text);
  assert.match(refused.text, /models\.yaml:3:\d+ .*models\.one\.stratgy: unknown key stratgy; did you mean strategy\?/);
});

for (const form of ['litellm', 'plumbline']) {
  test(`what is exported (--form ${form}) and applied to an empty database exports as the same, without a secret in it`, {
    skip,
  }, async () => {
    writeFileSync(path, form === 'plumbline' ? ours : ours.replace(', strategy: in-order', ''));
    assert.equal((await run('apply', path, '--prune')).code, 0);
    const exported = await run('export', '--form', form, '--json');
    assert.equal(exported.code, 0, exported.text);
    const { yaml, unsaid, secrets } = JSON.parse(exported.out) as Record<string, string> & { secrets: string[] };
    assert.deepEqual(unsaid, []);
    assert.match(yaml ?? '', form === 'plumbline' ? /^plumbline: 1\nmodels:/ : /^model_list:/);
    assert.ok(!exported.text.includes('sk-of-the-test'));

    const copy = join(dirname(folder.path), `exported-${form}.yaml`);
    writeFileSync(copy, yaml ?? '');
    const value = (name: string): string =>
      name.endsWith('_URL') ? 'https://mcp.exa.test/mcp?key=x' : name.endsWith('_2') ? 'sk-2' : 'sk-of-the-test';
    assert.ok(secrets.includes('os.environ/SPARE_1_API_KEY') && secrets.includes('os.environ/SPARE_1_API_KEY_2'));
    const names = secrets.map((name) => name.replace('os.environ/', ''));
    const environment = Object.fromEntries(names.map((name) => [name, value(name)]));
    const salt = { PLUMBLINE_SALT_KEY: 'the-salt-key-of-another-database' };
    const other = join(dirname(folder.path), `other-${form}`);
    const applied = await runIn(other, { ...environment, ...salt }, 'apply', copy);
    assert.equal(applied.code, 0, applied.text);
    const again = await runIn(other, salt, 'export', '--form', form, '--json');
    // What was found in the environment here stands in no file, but is exported like all the rest.
    assert.equal((JSON.parse(again.out) as { yaml: string }).yaml, yaml);
    const twice = await runIn(other, { ...environment, ...salt }, 'apply', copy);
    assert.match(twice.out, /^0 changed, \d+ are as the file says$/m);
  });
}

test('a form that is none is refused with those that are', { skip }, async () => {
  const refused = await run('export', '--form', 'plumline');
  assert.equal(refused.code, 2, refused.text);
  assert.match(refused.text, /there is no form plumline.*did you mean plumbline\?/s);
});
