// The launcher in front of another Node, with a little program in the gateway's place.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Running, scratch, start } from './running.ts';

const { folder, remove } = scratch();
const otherNode = join(folder, 'other-node');
const launcher = join(folder, 'bin', 'plumbline.js');

/**
 * Says who it is and what it was given; with `stay` it waits for a signal, says so, and ends with 7; with `crew` it has a worker
 * that waits to be told with what to end.
 */
const program = `
import cluster from 'node:cluster';
if (process.argv[2] === 'crew' && cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', () => setTimeout(() => worker.send(6), 200));
  worker.on('exit', (code) => { process.exitCode = code; });
} else if (process.argv[2] === 'crew') {
  cluster.worker.on('message', (code) => process.exit(code));
  cluster.worker.send('hello');
} else if (process.argv[2] === 'stay') {
  const timer = setInterval(() => {}, 1000);
  process.on('SIGTERM', () => {
    process.stdout.write('asked to stop\\n');
    clearInterval(timer);
    process.exitCode = 7;
  });
} else process.exitCode = Number(process.argv[2]);
process.stdout.write('program ' + process.pid + ' ' + process.argv.slice(2).join(' ') + '\\n');
`;

cpSync(fileURLToPath(new URL('../../bin', import.meta.url)), join(folder, 'bin'), { recursive: true });
symlinkSync(process.execPath, otherNode);
// This Node is new enough, so the choice is made for the launcher: it must follow another process.
writeFileSync(join(folder, 'bin', 'pinned-node.js'), `export const chooseNode = () => ${JSON.stringify(otherNode)};\n`);
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
mkdirSync(join(folder, 'dist'));
writeFileSync(join(folder, 'dist', 'plumbline.js'), program);
after(remove);

const launch = (...args: string[]): Running => start(process.execPath, [launcher, ...args], {});

test('arguments go in and the exit code comes out', async () => {
  const { code, output } = await launch('5', '--flag').ended;
  assert.equal(code, 5);
  assert.match(output, /^program \d+ 5 --flag\n$/);
});

test('SIGTERM reaches the program, which ends in its own way', async () => {
  const running = launch('stay');
  await running.finds(/stay/);
  running.kill('SIGTERM');
  const { code, output } = await running.ended;
  assert.equal(code, 7);
  assert.match(output, /asked to stop\n$/);
});

test('when the program is killed the launcher dies the same death', async () => {
  const running = launch('stay');
  const pid = Number(await running.finds(/^program (\d+) stay/));
  process.kill(pid, 'SIGKILL');
  const { signal } = await running.ended;
  assert.equal(signal, 'SIGKILL');
});

test('when the launcher is killed the program stops as if it had been asked to', async () => {
  const running = launch('stay');
  await running.finds(/stay/);
  running.kill('SIGKILL');
  const { output } = await running.ended; // standard output closes when the program has gone too
  assert.match(output, /asked to stop\n$/);
});

test('a worker that the program starts waits for what it is told', async () => {
  const { code, output } = await launch('crew').ended;
  assert.equal(code, 6, output);
});

test('without a build it says what to do', async () => {
  rmSync(join(folder, 'dist'), { recursive: true });
  const { code, errors } = await launch().ended;
  assert.equal(code, 126);
  assert.equal(errors, 'plumbline: error: dist/plumbline.js is missing; build it first: npm run build\n');
});
