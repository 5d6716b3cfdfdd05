// Which salt key a database is sealed under: noticed at the start, changed row by row, never mixed up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSealed, keyIdOf, openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { readCanary, sealerFor } from '../../src/store/canary.ts';
import type { Database } from '../../src/store/database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { StartRefused } from '../../src/store/start-refused.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { freshSchema } from './fresh-schema.ts';
import { declared, sealer } from './rows.ts';

const stranger = openSealer(new Secret('another salt key'));
const nothing = { aliases: [], deployments: [], credentials: [], router: {} };

export function sealingCases(database: () => Database): void {
  test('a wrong salt key is refused by name, also while no secret is stored, and nothing is written', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(nothing), sealer);
    const before = await readCanary(database());
    assert.ok(before !== null && isSealed(before) && keyIdOf(before) === sealer.keyId);
    await assert.rejects(replaceOwned(database(), declared(), stranger), (thrown: unknown) => {
      assert.ok(thrown instanceof StartRefused);
      assert.match(thrown.message, new RegExp(`sealed under the salt key ${sealer.keyId}.*${stranger.keyId}.*nothing`));
      assert.match(thrown.hint, /PLUMBLINE_SALT_KEY_PREVIOUS.*plumbline secrets rotate/);
      return true;
    });
    assert.deepEqual([await readCanary(database()), await readCredentials(database())], [before, []]);
  });

  test('secrets of before the canary refuse a wrong key too, and let the right one make it', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    await database().query('delete from plumbline.canary');
    await assert.rejects(replaceOwned(database(), declared(), stranger), StartRefused);
    assert.equal(await readCanary(database()), null);
    await replaceOwned(database(), declared(), sealer);
    assert.notEqual(await readCanary(database()), null);
  });

  test('of two first starts with different salt keys at once, one is refused', async () => {
    await freshSchema(database());
    const starts = [sealer, stranger].map((one) => replaceOwned(database(), declared(nothing), one));
    const ends = await Promise.allSettled(starts);
    assert.deepEqual(ends.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test('with two keys the one the database is sealed under seals, whichever is named first', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(nothing), sealer);
    const both = openSealer(new Secret('another salt key'), [new Secret('a salt key of the tests')]);
    await replaceOwned(database(), declared(), both);
    const [credential] = await readCredentials(database());
    const text = credential?.sealed['api_key'] ?? '';
    assert.equal(keyIdOf(text), sealer.keyId);
    assert.ok(sealer.unseal(text, credentialPlace('groq', 'api_key')).equals(new Secret('gsk-plain')));
    const chosen = await database().transaction((queries) => sealerFor(queries, both));
    assert.deepEqual([chosen.keyId, chosen.keyIds.toSorted()], [sealer.keyId, both.keyIds.toSorted()]);
  });
}
