// Which salt key a database is sealed under: noticed at the start, changed row by row, never mixed up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsSealed, isSealed, keyIdOf, openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { readCanary, sealerFor } from '../../src/store/canary.ts';
import type { Database } from '../../src/store/database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { rehearseRotation, rotateSecrets, surveySecrets } from '../../src/store/rotate-secrets.ts';
import { sealedColumns } from '../../src/store/sealed-columns.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { StartRefused } from '../../src/store/start-refused.ts';
import { patchCredential, readCredentials } from '../../src/store/tables/credentials.ts';
import { freshSchema } from './fresh-schema.ts';
import { declared, sealer } from './rows.ts';
import { until } from './until.ts';

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

  test('a hundred patches of one field leave one layer, the same plaintexts and the other ciphertexts as they were', async () => {
    await freshSchema(database());
    const values = { api_key: new Secret('one'), token: new Secret('two'), 'header:x-auth': new Secret('three') };
    await replaceOwned(database(), declared({ credentials: [{ name: 'groq', values }] }), sealer);
    const stored = async () => (await readCredentials(database()))[0]?.sealed ?? {};
    const before = await stored();
    for (let count = 0; count < 100; count++) {
      const token = count % 3 === 0 ? 'two' : `two-${count}`;
      const posted = { api_key: '[secret]', token, 'header:x-auth': 'sk-1****cdef' };
      const fields = await database().transaction((queries) => patchCredential(queries, 'groq', posted, sealer));
      assert.deepEqual(fields?.toSorted(), Object.keys(values).toSorted());
      const { token: patched = '', ...others } = await stored();
      assert.deepEqual(others, { api_key: before['api_key'], 'header:x-auth': before['header:x-auth'] });
      const opened = sealer.unseal(patched, credentialPlace('groq', 'token'));
      assert.ok(opened.equals(new Secret(token)) && !holdsSealed(opened));
    }
    const survey = await surveySecrets(database(), sealer);
    assert.deepEqual(survey, { canary: sealer.keyId, values: { [sealer.keyId]: 3 }, findings: [] });
  });

  test('a patch of what is stored writes nothing, of one field posted as null removes it, of nobody is nothing', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const whole = () => database().query('select to_jsonb(c)::text as row from plumbline.credentials c');
    const before = await whole();
    const patch = (name: string, posted: Record<string, string | null>) =>
      database().transaction((queries) => patchCredential(queries, name, posted, sealer));
    await patch('groq', { api_key: 'gsk-plain' });
    await patch('groq', { api_key: '****' });
    assert.deepEqual(await whole(), before);
    await assert.rejects(patch('groq', { other: '****' }), { code: 'field_invalid', field: 'other' });
    assert.deepEqual(await patch('groq', { api_key: null, token: 'x' }), ['token']);
    assert.equal(await patch('nobody', { token: 'x' }), undefined);
  });

  test('a writer in the middle of a rotation is waited for, so that nothing is left under the old key', async () => {
    await freshSchema(database());
    const both = openSealer(new Secret('another salt key'), [new Secret('a salt key of the tests')]);
    const count = 120;
    const many = Array.from({ length: count }, (_, at) => ({ name: `c${at}`, values: { k: new Secret(`v${at}`) } }));
    await replaceOwned(database(), declared({ ...nothing, credentials: many }), sealer);
    let pages = 0;
    let written: Promise<unknown> | undefined;
    const isMet = async () =>
      pages > 1 || (await database().query('select 1 from pg_locks where not granted')).length > 0;
    const writer = (begun: () => void) =>
      database().transaction(async (queries) => {
        await sealerFor(queries, both);
        const read = await readCredentials(queries);
        begun();
        if (database().kind === 'postgres') await until('the rotation to go on, or to wait', isMet);
        for (const { name, sealed } of read)
          await queries.query('update plumbline.credentials set sealed = $2 where name = $1', [
            name,
            JSON.stringify(sealed),
          ]);
      });
    await rotateSecrets(database(), both, async () => {
      pages++;
      if (pages === 1) await new Promise<void>((begun) => (written = writer(begun)));
    });
    await written;
    const { values, findings } = await surveySecrets(database(), both);
    // Three of the credentials, and one of the tool servers, of which there are none.
    assert.deepEqual([values, findings, pages], [{ [stranger.keyId]: count }, [], 4]);
  });

  test('beside a newer gateway, which may have secrets of its own, nothing is sealed anew', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const before = await readCredentials(database());
    await database().query(
      `insert into plumbline.steps (id, table_name, checksum, additive) values ('2099-01-01-01-vault', 'vault', 'x', true)`,
    );
    const next = openSealer(new Secret('a new salt key'), [new Secret('a salt key of the tests')]);
    for (const rotate of [
      () => rotateSecrets(database(), next, () => undefined),
      () => rehearseRotation(database(), next),
    ]) {
      await assert.rejects(rotate, (thrown: unknown) => {
        assert.ok(thrown instanceof StartRefused);
        assert.match(thrown.message, /a newer gateway.*2099-01-01-01-vault/);
        return true;
      });
    }
    assert.deepEqual(await readCredentials(database()), before);
    await database().query(`delete from plumbline.steps where table_name = 'vault'`);
  });

  test('every column whose check asks for the mark of sealed texts is known to whoever turns to all of them', async () => {
    await freshSchema(database());
    const found = await database().query<{ table: string }>(
      `select connamespace::regnamespace::text || '.' || (select relname from pg_class c where c.oid = conrelid) as table
       from pg_constraint
       where contype = 'c' and pg_get_constraintdef(oid) like '%pl1:%'`,
    );
    const known = ['plumbline.canary', ...sealedColumns.map(({ table }) => table)];
    assert.deepEqual(found.map(({ table }) => table).toSorted(), known.toSorted());
  });
}
