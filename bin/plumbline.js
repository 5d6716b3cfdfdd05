#!/usr/bin/env node
// The launcher of the `plumbline` command: runs dist/plumbline.js in this process when this Node is the tested one, else in the
// pinned one. Plain JavaScript: it must load on Node 20. Invariant: signals go in and exit codes come out as if it were not there.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chooseNode } from './pinned-node.js';

const program = new URL('../dist/plumbline.js', import.meta.url);
/**
 * Less memory for the same speed (bench/README.md): a young generation of 8 MB, which is also collected in shorter pauses; nothing
 * made in the old one because what was made in that place before has lived long, as with many slow streams; two arenas of malloc instead of eight a core, and large buffers given back to the system when they are freed (mallopt(3)).
 */
const settings = JSON.parse(readFileSync(new URL('./node-settings.json', import.meta.url), 'utf8'));
/** What shells answer for a command that is there but cannot be run. */
const cannotRun = 126;

/** A terminal sends Ctrl-C to both processes; passed on, it would arrive twice and mean "hurry". */
const passedOn = process.stdin.isTTY ? ['SIGTERM'] : ['SIGTERM', 'SIGINT', 'SIGHUP'];

function fail(message) {
  process.stderr.write(`plumbline: error: ${message}\n`);
  process.exit(cannotRun);
}

function choose() {
  try {
    return chooseNode();
  } catch (error) {
    return fail(error.message);
  }
}

/** Runs the program in another Node and follows it to its end: the same signals, the same exit code, the same death. */
function follow(node) {
  const endWithUs = new URL('./end-with-launcher.js', import.meta.url).href;
  const words = [...settings.flags, '--import', endWithUs, fileURLToPath(program), ...process.argv.slice(2)];
  const child = spawn(node, words, {
    env: { ...settings.environment, ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => passedOn.includes(signal) && child.kill(signal));
  }
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => (signal === null ? process.exit(code ?? cannotRun) : dieOf(signal)));
}

function dieOf(signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Reached only by a signal that does not end this process by itself.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
}

if (!existsSync(program)) fail('dist/plumbline.js is missing; build it first: npm run build');
const node = choose();
if (node === process.execPath) await import(program.href);
else follow(node);
