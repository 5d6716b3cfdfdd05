import assert from 'node:assert/strict';
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
