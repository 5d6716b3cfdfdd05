// The database holds fallbacks: what is stored as one can be called, whoever writes and whoever takes away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AliasRecord, Declaration, DeploymentRecord } from '../../src/core/records.ts';
import { silentLog } from '../../src/kit/log.ts';
import { addAlias, deleteAlias, isCovered } from '../../src/store/api-aliases.ts';
import { settleRows } from '../../src/store/api-row.ts';
import { setRouterSettings } from '../../src/store/api-settings.ts';
import { beginLive } from '../../src/store/begin-live.ts';
import { constraintOf, type Database, type Queries } from '../../src/store/database.ts';
import { tables } from '../../src/store/index.ts';
import { compareSchema, migrateTables } from '../../src/store/migrate.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { lostFallbacks, readAliases } from '../../src/store/tables/aliases.ts';
import { emptySchema, freshSchema } from './fresh-schema.ts';
import { sealer } from './rows.ts';

type Lists = Partial<AliasRecord>;

/** Takes an owner and what each of its aliases falls back on; returns a declaration of them, with a deployment each. */
export function leaning(owner: Declaration['owner'], rows: Readonly<Record<string, Lists>>): Declaration {
  const none = { fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [], retryPolicy: {} };
  const alias = ([name, lists]: [string, Lists]): AliasRecord => {
    return { name, owner, target: null, hidden: false, strategy: null, ...none, ...lists };
  };
  const deployment = (name: string): DeploymentRecord => {
    const called = { provider: 'openai', model: 'm', baseUrl: null, credential: null };
    return { id: `${owner}/${name}`, alias: name, owner, position: 0, ...called, parameters: {}, info: {} };
  };
  const aliases = Object.entries(rows).map(alias);
  const own = aliases.filter(({ target }) => target === null).map(({ name }) => name);
  return { owner, aliases, deployments: own.map(deployment), credentials: [], router: {}, toolServers: [] };
}

const refused = (thrown: unknown): boolean => constraintOf(thrown) === 'fallbacks_lead';
const on = (...fallbacks: string[]): Lists => ({ fallbacks });

export function fallbackCases(database: () => Database): void {
  const declare = (
    owner: Declaration['owner'],
    rows: Readonly<Record<string, Lists>>,
    over: Partial<Declaration> = {},
  ) => replaceOwned(database(), { ...leaning(owner, rows), ...over }, sealer);
  const change = <T>(work: (queries: Queries) => Promise<T>): Promise<T> =>
    database().transaction(async (queries) => {
      const done = await work(queries);
      await settleRows(queries);
      return done;
    });
  const owners = async (): Promise<unknown> =>
    (await readAliases(database())).map(({ name, owner }) => `${name} ${owner}`);

  for (const kind of ['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'] as const)
    test(`a name that leads nowhere is not stored among ${kind}, whoever writes it`, async () => {
      await freshSchema(database());
      await assert.rejects(
        declare('file', { a: { [kind]: ['b', 'gone'] }, b: {} }),
        /nothing. the alias a falls back on gone, and there is no such model$/,
      );
      await declare('file', { a: { [kind]: ['b', 'w/x', 'file/b'] }, b: {}, 'w/*': {} });
      for (const name of ['gone', 'w/*', 'file/gone']) {
        const raw = `update plumbline.aliases set settings = jsonb_build_object('${kind}', array[$1]) where name = 'b'`;
        await assert.rejects(database().query(raw, [name]), refused, name);
      }
      await assert.rejects(database().query(`delete from plumbline.deployments where id = 'file/b'`), refused);
      const over = `update plumbline.deployments set decommissioned_at = now() where id = 'file/b'`;
      await assert.rejects(database().query(over), refused);
    });

  test('a default fallback that leads nowhere is not stored, nor left behind', async () => {
    await freshSchema(database());
    const router = { defaultFallbacks: ['b', 'gone'] };
    await assert.rejects(declare('file', { b: {} }, { router }), /the default fallbacks name gone/);
    await declare('file', { a: {}, 'b*': {} }, { router: { defaultFallbacks: ['bb'] } });
    const raw = `update plumbline.settings set value = '["gone"]' where name = 'router.defaultFallbacks'`;
    await assert.rejects(database().query(raw), refused);
    await database().query(`delete from plumbline.deployments where alias = 'b*'`);
    await assert.rejects(database().query(`delete from plumbline.aliases where name = 'b*'`), refused);
    await assert.rejects(database().query(`update plumbline.aliases set name = 'c*' where name = 'b*'`), refused);
    await database().query(`update plumbline.aliases set name = '*' where name = 'b*'`);
  });

  test('what falls back on a name is named when the API would take that away', async () => {
    await freshSchema(database());
    const bare = { deployments: [] };
    await declare('api', { 'w/*': {}, b: {} }, bare);
    await declare('file', { a: on('b'), c: on('w/x') });
    await change((queries) => setRouterSettings(queries, { defaultFallbacks: ['b'] }));
    await assert.rejects(
      change((queries) => deleteAlias(queries, 'b')),
      /b would lead nowhere, and the alias a, the default fallbacks would point at it; change that first/,
    );
    await assert.rejects(
      change((queries) => deleteAlias(queries, 'w/*')),
      /w\/\* would lead nowhere, and the alias c would point at it/,
    );
    await assert.rejects(declare('api', {}, bare), /the alias c falls back on w\/x, and there is no such model/);
    await change((queries) =>
      addAlias(queries, { ...leaning('api', { '*': {} }).aliases[0], target: 'c' } as AliasRecord),
    );
    await change((queries) => deleteAlias(queries, 'b'));
    assert.deepEqual(await lostFallbacks(database()), []);
  });

  test('what a file no longer declares stays where others fall back on it, and all that leads on from there', async () => {
    await freshSchema(database());
    await declare('file', { b: on('c'), c: {}, d: {}, 'w/*': {}, 'w/x*': {}, t: { target: 'd' } });
    await declare('api', { a: on('b', 'w/y', 't'), e: on('w/xz') });
    const left = await declare('file', { 'w/*': {} });
    assert.deepEqual(left.aliases.passedOn?.toSorted(), ['b', 'c', 'd', 't']);
    assert.deepEqual(left.aliases.removed, ['w/x*']);
    assert.deepEqual((await declare('file', {})).aliases.passedOn, ['w/*']);
    assert.deepEqual(await owners(), ['a api', 'b api', 'c api', 'd api', 'e api', 't api', 'w/* api']);
  });

  test("a name that stays as the API's falls back on no deployment that its file lets go", async () => {
    await freshSchema(database());
    await declare('file', { b: { ...on('file/c', 'd'), contextWindowFallbacks: ['file/c'] }, c: {}, d: {} });
    await declare('api', { a: on('b') });
    assert.deepEqual((await declare('file', {})).aliases.passedOn, ['b', 'd']);
    const [, b] = await readAliases(database());
    assert.deepEqual([b?.name, b?.fallbacks, b?.contextWindowFallbacks, b?.retryPolicy], ['b', ['d'], [], {}]);
  });

  test('what everybody falls back on by the API stays when a file lets it go', async () => {
    await freshSchema(database());
    await declare('file', { a: {}, b: {} });
    await change((queries) => setRouterSettings(queries, { defaultFallbacks: ['b'] }));
    const { aliases } = await declare('file', {});
    assert.deepEqual([aliases.passedOn, aliases.removed], [['b'], ['a']]);
  });

  test('which names an alias answers to is the same to the database as to the code', async () => {
    await freshSchema(database());
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '/', '_', '%', 'é', '\u{1f600}'), maxLength: 5 });
    const pairs = fc.sample(fc.tuple(text, text), { numRuns: 3000, seed: 4 });
    const rows = await database().query<{ alias: string; called: string; answers: boolean }>(
      `select alias, called, plumbline.answers_to(alias, called) as answers
       from jsonb_to_recordset($1::jsonb) as pair(alias text, called text)`,
      [JSON.stringify(pairs.map(([alias, called]) => ({ alias, called })))],
    );
    for (const { alias, called, answers } of rows)
      assert.equal(answers, isCovered(called, [alias]), `${alias} answers to ${called}`);
    assert.ok(rows.some(({ alias, called, answers }) => answers && alias !== called && alias.length > 2));
  });

  test('what led nowhere before the database looked is told at the start, and hinders nothing else', async () => {
    await emptySchema(database());
    const before = tables.map((table) => {
      return { ...table, steps: table.steps.filter(({ id }) => id !== '2026-11-23-51-fallbacks-lead') };
    });
    await migrateTables(database(), before);
    const raw = `insert into plumbline.aliases (name, owner, settings) values ($1, 'api', $2::jsonb)`;
    await database().query(raw, ['a', '{"fallbacks": ["gone"]}']);
    await database().query(raw, ['b', '{}']);
    await database().query(
      `insert into plumbline.settings (name, owner, value) values ('router.defaultFallbacks', 'api', '["lost"]')`,
    );
    assert.deepEqual((await compareSchema(database(), tables)).missing, ['2026-11-23-51-fallbacks-lead']);
    const told: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void told.push(event) };
    const store = { database: database() } as Parameters<typeof beginLive>[0];
    const live = await beginLive(store, leaning('file', { c: on('b') }), sealer, null, log);
    await live.close();
    assert.deepEqual(told, [
      'the alias a falls back on gone, and there is no such model; nothing falls back there',
      'the default fallbacks name lost, and there is no such model; nothing falls back there',
    ]);
    await change((queries) => addAlias(queries, leaning('api', { d: on('b') }).aliases[0] as AliasRecord));
    await database().query(`update plumbline.aliases set hidden = true where name = 'a'`);
    await declare('file', {});
    await database().query(`delete from plumbline.aliases where name in ('a', 'd')`);
    assert.deepEqual(await lostFallbacks(database()), [{ source: null, name: 'lost' }]);
  });

  test('a table that is gone costs no other: what leads where is not looked at then', async () => {
    for (const gone of ['settings', 'deployments']) {
      await freshSchema(database());
      await declare('file', { a: {}, b: {} });
      await database().query(`drop table plumbline.${gone}`);
      await database().query(`update plumbline.aliases set settings = '{"fallbacks": ["b"]}' where name = 'a'`);
    }
  });
}

/** For databases that take two transactions at once. */
export function fallbackRaces(database: () => Database): void {
  test('of two transactions, one that takes a name away and one that leans on it, one fails', async () => {
    const races = {
      'a fallback': [
        `delete from plumbline.aliases where name = 'b'`,
        `update plumbline.aliases set settings = '{"fallbacks": ["b"]}' where name = 'a'`,
      ],
      'a default fallback': [
        `delete from plumbline.aliases where name = 'b'`,
        `insert into plumbline.settings (name, owner, value) values ('router.defaultFallbacks', 'api', '["b"]')`,
      ],
      'the id of a deployment': [
        `delete from plumbline.deployments where id = 'file/c'`,
        `update plumbline.aliases set settings = '{"fallbacks": ["file/c"]}' where name = 'a'`,
      ],
      'a name and the wildcard that covers it': [
        `delete from plumbline.aliases where name = 'l'`,
        `delete from plumbline.aliases where name = 'l*'`,
      ],
    };
    for (const [subject, pair] of Object.entries(races))
      for (const statements of [pair, pair.toReversed()]) {
        await freshSchema(database());
        const rows = leaning('file', { a: {}, b: {}, c: {}, l: {}, 'l*': {}, user: on('l') });
        await replaceOwned(database(), rows, sealer);
        await database().query(`delete from plumbline.deployments where alias in ('b', 'l', 'l*')`);
        const written = Promise.withResolvers<void>();
        let count = 0;
        const ended = statements.map((statement) =>
          database().transaction(async (queries) => {
            await queries.query(statement);
            if (++count === statements.length) written.resolve();
            await written.promise;
          }),
        );
        const outcomes = await Promise.allSettled(ended);
        const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
        assert.deepEqual([failed.length, refused(failed[0])], [1, true], `${subject}: ${failed[0]}`);
        assert.deepEqual(await lostFallbacks(database()), []);
      }
  });
}
