import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Abort } from './signal.ts';

test('an abort tells each listener once, in the order they came, and those that left not at all', () => {
  const abort = new Abort();
  const told: string[] = [];
  const leaves = () => told.push('left');
  abort.addEventListener('abort', () => told.push('first'));
  abort.addEventListener('abort', leaves);
  abort.addEventListener('abort', () => told.push('second'));
  abort.removeEventListener('abort', leaves);
  abort.abort();
  abort.abort();
  assert.deepEqual(told, ['first', 'second']);
  assert.equal(abort.aborted, true);
});

test('a listener may take another away while it is told; what was to be told is told', () => {
  const abort = new Abort();
  const told: string[] = [];
  const second = () => told.push('second');
  abort.addEventListener('abort', () => abort.removeEventListener('abort', second));
  abort.addEventListener('abort', second);
  abort.abort();
  assert.deepEqual(told, ['second']);
});
