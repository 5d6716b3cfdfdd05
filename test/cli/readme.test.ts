// What the README lets a newcomer paste.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { machinePath, scratch, start } from './running.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'there is no curl here';
const { folder: home, remove } = scratch();
after(remove);

/** Runs a line as a shell would, with the given home; returns what it prints. */
async function paste(line: string): Promise<string> {
  const shell = spawn('sh', ['-c', line], {
    env: { PATH: machinePath(), HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: Buffer[] = [];
  shell.stdout.on('data', (bytes: Buffer) => printed.push(bytes));
  await new Promise((resolve, reject) => shell.on('close', resolve).on('error', reject));
  return Buffer.concat(printed).toString('utf8');
}

test("the README's curl line, pasted beside a fresh gateway, is answered", { skip: noCurl }, async () => {
  const line = /^curl .*$/m.exec(readme)?.[0] ?? '';
  assert.match(line, /127\.0\.0\.1:4000/);
  const built = spawnSync(process.execPath, ['scripts/build.ts', '--if-changed'], { cwd: root, encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  mkdirSync(join(home, '.local', 'share'), { recursive: true });
  const launcher = join(root, 'bin', 'plumbline.js');
  const environment = { PATH: machinePath(), HOME: home };
  const running = start(process.execPath, [launcher, 'serve', '--port', '0', '--demo', 'on'], environment);
  try {
    const { host } = new URL(await running.url);
    const answer = JSON.parse(await paste(line.replace('127.0.0.1:4000', host)));
    assert.equal(answer.object, 'chat.completion', JSON.stringify(answer));
    const banner = await running.finds(/^ *(curl .*)$/m);
    assert.equal(JSON.parse(await paste(banner)).object, 'chat.completion');
  } finally {
    running.kill('SIGTERM');
  }
  assert.equal((await running.ended).code, 0);
});

test('the line of the banner reads the master key from the file that was given for it', { skip: noCurl }, async () => {
  const file = join(home, 'key of mine');
  writeFileSync(file, 'sk-a-key-that-stands-in-a-file\n');
  const launcher = join(root, 'bin', 'plumbline.js');
  const given = ['--master-key-file', file, '--data-dir', join(home, 'other')];
  const environment = { PATH: machinePath(), HOME: home };
  const running = start(process.execPath, [launcher, 'serve', '--port', '0', '--demo', 'on', ...given], environment);
  try {
    const banner = await running.finds(/^ *(curl .*)$/m);
    assert.equal(JSON.parse(await paste(banner)).object, 'chat.completion');
  } finally {
    running.kill('SIGTERM');
  }
  assert.equal((await running.ended).code, 0);
});

test('every file that the README and its pages link to exists', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/litellm-differences.md'];
  const missing = pages.flatMap((page) => {
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)];
    const folder = join(root, page, '..');
    return links.filter(([, link = '']) => !existsSync(join(folder, link))).map(([, link]) => `${page}: ${link}`);
  });
  assert.deepEqual(missing, []);
});
