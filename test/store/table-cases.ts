// The tables' queries and their refusals on a real database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { type AliasRecord, shares } from '../../src/core/records.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { constraintOf, type Database, type Queries } from '../../src/store/database.ts';
import { decommissionModel, recommissionModel } from '../../src/store/decommission.ts';
import type { Replaced } from '../../src/store/owned-rows.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { readAliases } from '../../src/store/tables/aliases.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { readDecommissioned, readDeployments } from '../../src/store/tables/deployments.ts';
import { deleteKeys, insertKey, keysByHash, listKeys, readKeys, updateKey } from '../../src/store/tables/keys.ts';
import { readRouterSettings } from '../../src/store/tables/settings.ts';
import { recentUsage } from '../../src/store/tables/usage.ts';
import { insertUsage } from '../../src/store/write-usage.ts';
import { freshSchema } from './fresh-schema.ts';
import { declared, newKey, sealer, usageRow } from './rows.ts';

const untouched: Replaced = { added: [], changed: [], removed: [], unchanged: 1 };

export function tableCases(database: () => Database): void {
  test('a key is stored, found by its hash, changed and deleted', async () => {
    await freshSchema(database());
    const expiresAt = Date.UTC(2027, 0, 1);
    const made = await insertKey(
      database(),
      newKey('a', { alias: 'ci', models: ['gpt-*'], expiresAt, metadata: { a: [1] } }),
    );
    assert.deepEqual(await keysByHash(database(), [made.hash]), [made]);
    assert.deepEqual(
      [made.models, made.expiresAt, made.metadata, typeof made.createdAt],
      [['gpt-*'], expiresAt, { a: [1] }, 'number'],
    );
    const changed = await updateKey(database(), made.hash, { blocked: true, expiresAt: null, models: [], alias: null });
    assert.deepEqual(changed, { ...made, blocked: true, expiresAt: null, models: [], alias: null });
    assert.equal(await updateKey(database(), 'f'.repeat(64), { blocked: true }), undefined);
    assert.deepEqual(await deleteKeys(database(), { hashes: [made.hash] }), [changed]);
    assert.deepEqual(await readKeys(database()), []);
  });

  test('a key with a hash or an alias that is taken is refused with the field', async () => {
    await freshSchema(database());
    await insertKey(database(), newKey('a', { alias: 'ci' }));
    const refusal = (field: string) => (thrown: unknown) =>
      thrown instanceof GatewayError && thrown.code === 'key_exists' && thrown.field === field;
    await assert.rejects(insertKey(database(), newKey('a')), refusal('key'));
    await assert.rejects(insertKey(database(), newKey('b', { alias: 'ci' })), refusal('key_alias'));
    await insertKey(database(), newKey('b'));
    await assert.rejects(updateKey(database(), 'b'.repeat(64), { alias: 'ci' }), refusal('key_alias'));
  });

  test('a whole key does not fit where its preview goes', async () => {
    await freshSchema(database());
    const whole = newKey('a', { preview: 'sk-0123456789abcdef' });
    await assert.rejects(
      insertKey(database(), whole),
      (thrown: unknown) => constraintOf(thrown) === 'keys_preview_check',
    );
  });

  test('keys are listed page by page, newest first, with their number', async () => {
    await freshSchema(database());
    for (const digit of ['a', 'b', 'c']) await insertKey(database(), newKey(digit, { userId: 'ann' }));
    await database().query(`update plumbline.keys set created_at = now() + ascii(hash) * interval '1 second'`);
    await insertKey(database(), newKey('d', { userId: 'bob' }));
    const pages = await Promise.all([1, 2].map((page) => listKeys(database(), { userId: 'ann' }, { page, size: 2 })));
    assert.deepEqual(
      pages.map(({ keys, total }) => [keys.map((key) => key.hash[0]), total]),
      [
        [['c', 'b'], 3],
        [['a'], 3],
      ],
    );
  });

  test('keys are deleted by alias too, and only those', async () => {
    await freshSchema(database());
    for (const digit of ['a', 'b']) await insertKey(database(), newKey(digit, { alias: `key-${digit}` }));
    const gone = await deleteKeys(database(), { aliases: ['key-a', 'no-such-key'] });
    assert.deepEqual(
      gone.map((key) => key.alias),
      ['key-a'],
    );
    assert.equal((await readKeys(database())).length, 1);
  });

  test('a declaration brought in twice changes nothing the second time', async () => {
    await freshSchema(database());
    const first = await replaceOwned(database(), declared(), sealer);
    assert.deepEqual(
      [first.credentials.added, first.aliases.added, first.deployments.added, first.settings.added.toSorted()],
      [['groq'], ['fast'], ['one'], ['router.defaultFallbacks', 'router.retries']],
    );
    const second = await replaceOwned(database(), declared(), sealer);
    const settings = { ...untouched, unchanged: 2 };
    const toolServers = { ...untouched, unchanged: 0 };
    assert.deepEqual(second, {
      credentials: untouched,
      aliases: untouched,
      deployments: untouched,
      settings,
      toolServers,
    });
  });

  test('what was declared is read back as it was', async () => {
    await freshSchema(database());
    const declaration = declared();
    await replaceOwned(database(), declaration, sealer);
    assert.deepEqual(await readDeployments(database()), declaration.deployments);
    assert.deepEqual(await readAliases(database()), declaration.aliases);
    assert.deepEqual(await readRouterSettings(database()), declaration.router);
    const [credential] = await readCredentials(database());
    const sealed = credential?.sealed['api_key'] ?? '';
    assert.match(sealed, /^pl1:/);
    assert.equal(sealed.includes('gsk-plain'), false);
    assert.ok(sealer.unseal(sealed, credentialPlace('groq', 'api_key')).equals(new Secret('gsk-plain')));
  });

  test('a declaration that changed replaces what is different and removes what is gone', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const [one] = declared().deployments;
    assert.ok(one);
    const next = declared({
      deployments: [{ ...one, model: 'llama-2' }],
      credentials: [{ name: 'groq', values: { api_key: new Secret('gsk-other') } }],
      router: { retries: 3 },
    });
    const result = await replaceOwned(database(), next, sealer);
    assert.deepEqual(result.deployments, { ...untouched, changed: ['one'], unchanged: 0 });
    assert.deepEqual(result.credentials, { ...untouched, changed: ['groq'], unchanged: 0 });
    assert.deepEqual(result.settings, { ...untouched, removed: ['router.defaultFallbacks'] });
    assert.equal((await readDeployments(database()))[0]?.model, 'llama-2');
  });

  test('the same deployment does not stand twice under one alias, whatever it gets to do and whoever writes', async () => {
    await freshSchema(database());
    const [one] = declared().deployments;
    assert.ok(one);
    const again = {
      ...one,
      id: 'two',
      position: 1,
      parameters: { ...one.parameters, weight: 9, prices: { input: 1 } },
    };
    const twice = declared({ deployments: [one, again as typeof one] });
    await assert.rejects(replaceOwned(database(), twice, sealer), /holds the same deployment twice under one alias/);
    assert.deepEqual(await readDeployments(database()), []);
    await replaceOwned(database(), declared(), sealer);
    const raw = database().query(
      `insert into plumbline.deployments (id, alias, owner, position, provider, model, credential, parameters)
       select 'raw', alias, 'api', 7, provider, model, credential, parameters from plumbline.deployments`,
    );
    await assert.rejects(raw, (thrown: unknown) => constraintOf(thrown) === 'deployments_once');
    const other = { ...one, id: 'two', position: 1, parameters: { ...one.parameters, tags: ['y'] } };
    const both = await replaceOwned(database(), declared({ deployments: [one, other] }), sealer);
    assert.deepEqual(both.deployments.added, ['two']);
    const swapped = [
      { ...one, parameters: other.parameters },
      { ...other, parameters: one.parameters },
    ];
    const result = await replaceOwned(database(), declared({ deployments: swapped }), sealer);
    assert.deepEqual(result.deployments.changed.toSorted(), ['one', 'two']);
  });

  test("what a file declares takes the place of the management API's same", async () => {
    await freshSchema(database());
    const nothing = { credentials: [], router: {} };
    const [one] = declared().deployments;
    assert.ok(one);
    const bare = { ...one, credential: null };
    await replaceOwned(database(), declared({ ...nothing, deployments: [] }), sealer);
    const mine = {
      ...nothing,
      owner: 'api',
      aliases: [],
      deployments: [{ ...bare, id: 'mine', owner: 'api' }],
    } as const;
    await replaceOwned(database(), declared(mine), sealer);
    const result = await replaceOwned(database(), declared({ ...nothing, deployments: [bare] }), sealer);
    assert.deepEqual([result.deployments.added, result.deployments.removed], [['one'], ['mine']]);
  });

  test('what decides how a deployment answers is the same to the database as to the code', async () => {
    await freshSchema(database());
    const all = Object.fromEntries(shares.map((name) => [name, 1]));
    const [row] = await database().query<{ isSame: boolean }>(
      `select plumbline.fingerprint('p', 'm', null, null, $1::jsonb) = plumbline.fingerprint('p', 'm', null, null, '{"tags":[]}') as "isSame"`,
      [JSON.stringify({ ...all, tags: [] })],
    );
    assert.equal(row?.isSame, true);
  });

  test('a decommissioned deployment stays and is not served; an alias is not left empty by it, nor by its way back doubled', async () => {
    await freshSchema(database());
    const [one] = declared().deployments;
    assert.ok(one);
    const mine = (over: object) => ({ ...one, owner: 'api', credential: null, ...over }) as const;
    const two = mine({ id: 'two', position: 1, model: 'llama-2' });
    const alias = { ...declared().aliases[0], owner: 'api' } as AliasRecord;
    const all = declared({
      owner: 'api',
      aliases: [alias],
      deployments: [mine({}), two] as never,
      credentials: [],
      router: {},
    });
    await replaceOwned(database(), all, sealer);
    const inTurn = <T>(work: (queries: Queries) => Promise<T>): Promise<T> => database().transaction(work);
    assert.equal(await inTurn((queries) => decommissionModel(queries, 'one')), true);
    assert.equal(await inTurn((queries) => decommissionModel(queries, 'one')), false);
    assert.deepEqual(
      (await readDeployments(database())).map(({ id }) => id),
      ['two'],
    );
    assert.deepEqual(
      (await readDecommissioned(database())).map(({ id, model }) => [id, model]),
      [['one', 'llama']],
    );
    await assert.rejects(
      inTurn((queries) => decommissionModel(queries, 'two')),
      /the alias fast would be left without a deployment/,
    );
    const again = declared({ ...all, deployments: [mine({ id: 'three', position: 2 })] as never });
    await replaceOwned(database(), again, sealer, { prunes: false });
    await assert.rejects(
      inTurn((queries) => recommissionModel(queries, 'one')),
      /the same deployment stands under fast meanwhile/,
    );
    await inTurn((queries) => decommissionModel(queries, 'three'));
    assert.equal(await inTurn((queries) => recommissionModel(queries, 'one')), true);
    assert.deepEqual(
      (await readDeployments(database())).map(({ id }) => id),
      ['one', 'two'],
    );
    await assert.rejects(
      inTurn((queries) => decommissionModel(queries, 'nobody')),
      /no deployment has the id nobody/,
    );
  });

  test("an owner's declaration leaves the rows of others alone, and may not take their names", async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const mine = declared({ owner: 'environment' });
    await assert.rejects(
      replaceOwned(database(), mine, sealer),
      /credential "groq" belongs to the file, so the environment cannot declare it/,
    );
    const nothing = { aliases: [], deployments: [], credentials: [], router: {}, toolServers: [] };
    const result = await replaceOwned(database(), { owner: 'environment', ...nothing }, sealer);
    assert.deepEqual(result.aliases, { ...untouched, unchanged: 0 });
    assert.equal((await readAliases(database())).length, 1);
  });

  test('a declaration that would leave something pointing at nothing changes nothing', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const broken = declared({ aliases: [] });
    await assert.rejects(replaceOwned(database(), broken, sealer), (thrown: unknown) => {
      assert.ok(thrown instanceof GatewayError && thrown.code === 'field_invalid');
      assert.match(thrown.message, /pointing at nothing/);
      return true;
    });
    assert.equal((await readAliases(database())).length, 1);
  });

  test('a name declared twice is refused by name', async () => {
    await freshSchema(database());
    const { aliases } = declared();
    const twice = declared({ aliases: [...aliases, ...aliases] });
    await assert.rejects(replaceOwned(database(), twice, sealer), /the alias "fast" is declared twice/);
  });

  test('a stored secret that another salt key sealed is refused and stays', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared(), sealer);
    const before = await readCredentials(database());
    const other = openSealer(new Secret('another salt key'));
    await assert.rejects(replaceOwned(database(), declared(), other), /does not open with this salt key/);
    assert.deepEqual(await readCredentials(database()), before);
  });

  test('the table refuses a credential that is not sealed, whoever writes it', async () => {
    await freshSchema(database());
    const good = sealer.seal(new Secret('x'), credentialPlace('x', 'good'));
    for (const value of ['plain', 'pl1:plain', `${good}\nplain`, `x${good}`, 5, null, { a: good }, [good]]) {
      const writing = database().query(
        `insert into plumbline.credentials (name, owner, sealed) values ('x', 'api', $1::jsonb)`,
        [JSON.stringify({ good, api_key: value })],
      );
      await assert.rejects(writing, (thrown: unknown) => constraintOf(thrown) === 'credentials_sealed', String(value));
    }
  });

  test('renaming an alias takes its deployments along', async () => {
    await freshSchema(database());
    await replaceOwned(database(), declared({ router: {} }), sealer);
    await database().query(`update plumbline.aliases set name = 'quick' where name = 'fast'`);
    assert.equal((await readDeployments(database()))[0]?.alias, 'quick');
  });

  test('usage is written once a request id and read back as it was', async () => {
    await freshSchema(database());
    const bare = usageRow('r2', {
      usage: null,
      cost: null,
      firstMs: null,
      tags: [],
      keyHash: null,
      startedAt: 1_700_000_000_000,
    });
    const rows = [usageRow('r1'), bare];
    assert.equal(await insertUsage(database(), rows), 2);
    assert.equal(await insertUsage(database(), [...rows, usageRow('r3'), usageRow('r3')]), 1);
    const read = await recentUsage(database(), { limit: 10 });
    assert.deepEqual(read, [usageRow('r1'), usageRow('r3'), bare]);
    const some = await recentUsage(database(), {
      limit: 10,
      keyHash: 'a'.repeat(64),
      before: usageRow('').startedAt + 1,
    });
    assert.deepEqual(
      some.map((row) => row.requestId),
      ['r1', 'r3'],
    );
  });

  test('text that no database holds is stored with a mark in its place', async () => {
    await freshSchema(database());
    const odd = usageRow('odd', { endUser: 'a\0b', tags: ['x\0y'], session: '\ud800' });
    await insertUsage(database(), [odd]);
    const [read] = await recentUsage(database(), { limit: 1 });
    assert.deepEqual([read?.endUser, read?.tags, read?.session], ['a\uFFFDb', ['x\uFFFDy'], '\uFFFD']);
  });
}
