// The live view on a real database: it follows every change, whoever makes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { type LivePart, openLive } from '../../src/store/live.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { deleteKeys, insertKey, updateKey } from '../../src/store/tables/keys.ts';
import { freshSchema } from './fresh-schema.ts';
import { declared, newKey, sealer } from './rows.ts';
import { until } from './until.ts';

export function liveCases(database: () => Database): void {
  test('the live view has what is stored from the beginning', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const key = await insertKey(database(), newKey('a'));
    const live = await openLive(database(), silentLog);
    assert.deepEqual(live.keyByHash(key.hash), key);
    assert.equal(live.keyByHash('b'.repeat(64)), undefined);
    assert.deepEqual(live.deploymentsOf('fast'), declared().deployments);
    assert.deepEqual(live.aliases(), [live.alias('fast')]);
    assert.deepEqual(Object.keys(live.credential('groq')?.sealed ?? {}), ['api_key']);
    assert.deepEqual(live.router(), declared().router);
    assert.equal(live.state().fresh, true);
    await live.close();
  });

  test('a key made, changed or deleted by anybody is followed', async () => {
    await freshSchema(database());
    const live = await openLive(database(), silentLog);
    const { hash } = await insertKey(database(), newKey('a'));
    await until('the new key', () => live.keyByHash(hash) !== undefined);
    await updateKey(database(), hash, { blocked: true });
    await until('the change', () => live.keyByHash(hash)?.blocked === true);
    await updateKey(database(), hash, { hash: 'b'.repeat(64) });
    await until('the other hash', () => live.keyByHash('b'.repeat(64)) !== undefined);
    assert.equal(live.keyByHash(hash), undefined);
    await deleteKeys(database(), { hashes: ['b'.repeat(64)] });
    await until('the end of the key', () => live.keyByHash('b'.repeat(64)) === undefined);
    await live.close();
  });

  test('a bulk of keys is followed as well as one', async () => {
    await freshSchema(database());
    const live = await openLive(database(), silentLog);
    await database().query(
      `insert into plumbline.keys (hash, preview) select lpad(to_hex(n), 64, '0'), 'sk-...' from generate_series(1, 1000) n`,
    );
    await until('the last of them', () => live.keyByHash((1000).toString(16).padStart(64, '0')) !== undefined);
    assert.notEqual(live.keyByHash((1).toString(16).padStart(64, '0')), undefined);
    await live.close();
  });

  test('a declaration that changes is followed as one, and one that does not is not heard of', async () => {
    await freshSchema(database());
    const live = await openLive(database(), silentLog);
    const heard: LivePart[] = [];
    live.onChange((part) => {
      heard.push(part);
      assert.equal(live.deploymentsOf('fast').length, live.credentials().length, 'half a declaration');
    });
    await replaceOwned(database(), declared(), sealer);
    await until('the declaration', () => live.deploymentsOf('fast').length === 1);
    await live.refresh('nothing of ours');
    heard.length = 0;
    await replaceOwned(database(), declared(), sealer);
    await insertKey(database(), newKey('c'));
    await until('the key after it', () => live.keyByHash('c'.repeat(64)) !== undefined);
    assert.deepEqual(heard, ['keys']);
    await live.close();
  });

  test('what a writer refreshes is in memory when that is done', async () => {
    await freshSchema(database());
    const live = await openLive(database(), silentLog);
    const { hash } = await insertKey(database(), newKey('d'));
    await live.refresh(`keys:${hash}`);
    assert.notEqual(live.keyByHash(hash), undefined);
    await live.close();
  });
}
