// A configuration file that changes under a running gateway: what it says is served within two seconds, what is wrong with it
// changes nothing, and streams that run go on.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { ask, chat, startUpstream, type Upstream } from './stand.ts';

const folder = temporaryFolder();
const path = join(dirname(folder.path), 'models.yaml');
let upstream: Upstream;
let gateway: RunningGateway;

before(async () => {
  upstream = await startUpstream();
  writeFileSync(path, upstream.config);
  gateway = await startGateway({
    config: `include: ["${path}"]\n`,
    dataDirectory: folder.path,
    env: { PLUMBLINE_WORKERS: '2' },
  });
});

after(async () => {
  await gateway?.stop('SIGKILL');
  upstream.stop();
  folder.remove();
});

/** The names that each worker serves; a connection of its own asks for each, so that they come in turn. */
async function served(): Promise<string[][]> {
  const answers = await Promise.all(Array.from({ length: 4 }, () => ask(gateway, '/v1/models')));
  return answers.map(({ body }) => (JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id).sort());
}

async function within(ms: number, isTrue: () => Promise<boolean>): Promise<void> {
  for (const until = performance.now() + ms; !(await isTrue()); ) {
    assert.ok(performance.now() < until, `not within ${ms} ms: ${JSON.stringify(await served())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const serves = (name: string) => async () => (await served()).every((names) => names.includes(name));

test('a changed file is in force on every worker, also when it is replaced as a whole or only included', async () => {
  assert.ok(!(await served()).flat().includes('renamed'));
  writeFileSync(`${path}.new`, upstream.config.replaceAll('scripted', 'renamed'));
  renameSync(`${path}.new`, path);
  await within(4_000, serves('renamed'));
  assert.ok(!(await served()).flat().includes('scripted'));
});

test('a file with errors changes nothing, and one that is mended does', async () => {
  writeFileSync(path, 'model_list: [');
  process.kill(gateway.child.pid ?? 0, 'SIGHUP');
  await within(4_000, async () => /the configuration file has errors/.test(gateway.output()));
  assert.ok(await serves('renamed')());
  writeFileSync(path, upstream.config);
  await within(4_000, serves('scripted'));
  assert.equal(gateway.child.exitCode, null);
});

test('a file that falls back on what is not there is in force without it, and the log says so', async () => {
  const main = gateway.child.spawnargs[gateway.child.spawnargs.indexOf('--config') + 1] ?? '';
  writeFileSync(main, `include: ["${path}"]\nrouter_settings: {fallbacks: [{warned: [nobody]}]}\n`);
  writeFileSync(path, upstream.config.replaceAll('scripted', 'warned'));
  await within(4_000, serves('warned'));
  const told =
    /the configuration file has warnings.*fallbacks\[0\]\.warned\[0\]: there is no model nobody, so this is left out/;
  await within(4_000, async () => told.test(gateway.output()));
  writeFileSync(path, upstream.config);
  await within(4_000, serves('scripted'));
});

test('a file in our own form takes the place of a config.yaml, and an error in it changes nothing', async () => {
  const main = gateway.child.spawnargs[gateway.child.spawnargs.indexOf('--config') + 1] ?? '';
  const address = /api_base: (\S+)/.exec(upstream.config)?.[1];
  const model = `{model: openai/scripted, address: "${address}", key: sk-none}`;
  writeFileSync(main, `models:\n  scripted: ${model}\n  ours: {target: scripted}\n`);
  await within(4_000, serves('ours'));
  assert.equal((await chat(gateway)).status, 200);
  writeFileSync(main, `models:\n  scripted: ${model}\n  other: {taget: scripted}\n`);
  process.kill(gateway.child.pid ?? 0, 'SIGHUP');
  await within(4_000, async () =>
    /models\.other\.taget: unknown key taget; did you mean target\?/.test(gateway.output()),
  );
  assert.ok(await serves('ours')());
});
