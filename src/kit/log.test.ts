import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Log, type LogOptions, openLog } from './log.ts';
import { Secret } from './secret.ts';

/** Takes what to write; returns the text a log wrote of it. */
function written(format: LogOptions['format'], write: (log: Log) => void, more: Partial<LogOptions> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(folder, 'log');
  const log = openLog({ level: 'debug', format, descriptor: openSync(path, 'w'), journald: false, ...more });
  write(log);
  log.close();
  const text = readFileSync(path, 'utf8');
  rmSync(folder, { recursive: true });
  return text;
}

function circular(): Error {
  const error = new Error('outer');
  error.cause = new Error('inner', { cause: error });
  return error;
}

for (const format of ['json', 'text'] as const) {
  test(`a cause that leads back to its error is told once, in ${format}`, () => {
    const text = written(format, (log) => log.warn('odd', { error: circular() }));
    assert.match(text, /outer[\s\S]*inner/);
  });

  test(`what no JSON can hold still leaves a line, in ${format}`, () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    const text = written(format, (log) => {
      log.warn('number', { count: 12n });
      log.warn('object', { error: loop });
      log.warn('cause', { error: new Error('outer', { cause: loop }) });
    });
    for (const event of ['number', 'object', 'cause', 'outer']) assert.match(text, new RegExp(event));
  });

  test(`a secret does not print itself, in ${format}`, () => {
    const text = written(format, (log) => log.warn('key', { key: new Secret('canary'), list: [new Secret('canary')] }));
    assert.doesNotMatch(text, /canary/);
    assert.match(text, /\[secret\]/);
  });
}

test('journald is told the level of each line', () => {
  const write = (log: Log) => {
    log.debug('a');
    log.info('b');
    log.warn('c');
  };
  const marks = written('json', write, { journald: true }).match(/^<\d>/gm);
  assert.deepEqual(marks, ['<7>', '<6>', '<4>']);
});

test('levels below the one asked for are left out', () => {
  const write = (log: Log) => {
    log.info('quiet');
    log.warn('loud');
  };
  const text = written('json', write, { level: 'warn' });
  assert.match(text, /loud/);
  assert.doesNotMatch(text, /quiet/);
});

test("processes that share a pipe do not tear each other's lines, however slowly it is read", {
  timeout: 60_000,
}, async () => {
  const lines = 3_000;
  const text = `
    import { openLog } from '${new URL('log.ts', import.meta.url).href}';
    const log = openLog({ level: 'info', format: 'json', descriptor: 1, journald: false, isShared: true });
    let left = ${lines};
    const some = () => {
      for (let count = 0; count < 500 && left > 0; count++, left--) log.info('request', { pad: 'x'.repeat(400) });
      left > 0 ? setTimeout(some, 5) : log.close();
    };
    some();`;
  const both = spawn('sh', [
    '-c',
    '"$0" --input-type=module -e "$1" & "$0" --input-type=module -e "$1" & wait',
    process.execPath,
    text,
  ]);
  let read = '';
  for await (const piece of both.stdout) {
    read += piece;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (both.exitCode === null) await once(both, 'exit');
  const told = read.trimEnd().split('\n');
  assert.equal(told.length, 2 * lines);
  for (const line of told) assert.equal(JSON.parse(line).pad.length, 400);
});
