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

test('workers that need more connections than were allowed are refused; a default allows what they need', () => {
  const database = { ...environment, DATABASE_URL: 'postgresql://somebody@localhost/db', PLUMBLINE_WORKERS: '8' };
  const refused = loadConfig({ environment: { ...database, PLUMBLINE_DATABASE_POOL: '15' } });
  assert.ok('complaints' in refused);
  assert.deepEqual(
    refused.complaints.map(({ option, says }) => [option, says]),
    [['databasePool', '8 workers hold 16 connections at least']],
  );
  for (const allowed of [{ PLUMBLINE_DATABASE_POOL: '16' }, {}]) {
    assert.ok('config' in loadConfig({ environment: { ...database, ...allowed } }));
  }
});
