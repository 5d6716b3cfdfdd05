import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';

const environment = { HOME: '/home/somebody', PLUMBLINE_SALT_KEY: 'one-salt-key' };

test('a salt key that is to replace itself is a mistake; another one is not', () => {
  const same = loadConfig({ environment: { ...environment, PLUMBLINE_SALT_KEY_PREVIOUS: 'one-salt-key' } });
  assert.ok('complaints' in same);
  assert.deepEqual(
    same.complaints.map(({ option, source }) => [option, source]),
    [['saltKeyPrevious', 'PLUMBLINE_SALT_KEY_PREVIOUS']],
  );
  assert.ok(!JSON.stringify(same.complaints).includes('one-salt-key'));
  const other = loadConfig({ environment: { ...environment, PLUMBLINE_SALT_KEY_PREVIOUS: 'another' } });
  assert.ok('config' in other);
});
