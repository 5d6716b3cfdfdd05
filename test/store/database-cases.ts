// What a Database promises, whichever it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { type Database, sqlStateOf } from '../../src/store/database.ts';
import { until } from './until.ts';

export function databaseCases(database: () => Database): void {
  test('values come back in our types', async () => {
    const [row] = await database().query(
      `select 9007199254740991::int8 as whole, 0.1::numeric as money, '2026-11-23 05:27:00.123+02'::timestamptz as time,
         '2026-11-23'::date as day, '{"a":[1,null]}'::jsonb as json, array['x','y']::text[] as list, null::int8 as nothing,
         true as yes, 1.5::real as share`,
    );
    assert.deepEqual(row, {
      whole: 9007199254740991,
      money: 0.1,
      time: Date.UTC(2026, 10, 23, 3, 27, 0, 123),
      day: '2026-11-23',
      json: { a: [1, null] },
      list: ['x', 'y'],
      nothing: null,
      yes: true,
      share: 1.5,
    });
  });

  test('a whole number beyond 2^53 fails instead of being rounded', async () => {
    await assert.rejects(database().query('select 9007199254740993::int8'), RangeError);
  });

  test('a named statement runs again with other values', async () => {
    const run = (value: number) =>
      database().query<{ twice: number }>('select $1::int * 2 as twice', [value], { name: 'twice' });
    assert.deepEqual([await run(2), await run(3)], [[{ twice: 4 }], [{ twice: 6 }]]);
  });

  test('a statement the database refuses keeps its SQLSTATE', async () => {
    await assert.rejects(database().query('select 1/0'), (thrown: unknown) => sqlStateOf(thrown) === '22012');
  });

  test('a transaction that throws leaves nothing behind', async () => {
    await database().query('create table if not exists public.pages (number int)');
    await database().query('delete from public.pages');
    const failing = database().transaction(async (queries) => {
      await queries.query('insert into public.pages values (1)');
      throw new Error('changed my mind');
    });
    await assert.rejects(failing, /changed my mind/);
    await database().transaction((queries) => queries.query('insert into public.pages values (2)'));
    assert.deepEqual(await database().query('select number from public.pages'), [{ number: 2 }]);
  });

  test('a transaction that swallowed an error fails instead of keeping nothing in silence', async () => {
    const swallowing = database().transaction(async (queries) => {
      await queries.query('select 1/0').catch(() => undefined);
    });
    await assert.rejects(swallowing);
  });

  test('a snapshot cannot write', async () => {
    const writing = database().transaction((queries) => queries.query('create table public.never (a int)'), {
      snapshot: true,
    });
    await assert.rejects(
      writing,
      (thrown: unknown) => sqlStateOf(thrown) === '25006' || thrown instanceof GatewayError,
    );
  });

  test('news of a channel arrive until listening stops', async () => {
    const heard: string[] = [];
    let begun = 0;
    const stop = database().listen('news', {
      onPayload: (payload) => heard.push(payload),
      onGap: () => {
        begun += 1;
      },
      onLost: (reason) => assert.fail(reason),
    });
    await until('listening', () => begun === 1);
    await database().query(`select pg_notify('news', 'first')`);
    await until('the news', () => heard.length === 1);
    await stop();
    await database().query(`select pg_notify('news', 'second')`);
    await database().query('select 1');
    assert.deepEqual(heard, ['first']);
  });
}
