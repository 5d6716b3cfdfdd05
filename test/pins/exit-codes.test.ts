import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../src/cli/command.ts';

test('commands end with 0 well, 1 found wrong, 2 used wrong, 3 broke', () => {
  assert.deepEqual(exitCodes, { well: 0, found: 1, usage: 2, broke: 3 });
});
