// Migrations on a real database: empty, up to date, older, newer, tampered with, failing, at once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { compare, migrate, tables } from '../../src/store/index.ts';
import { compareSchema, migrateTables } from '../../src/store/migrate.ts';
import { renderSchema } from '../../src/store/schema.ts';
import { StartRefused } from '../../src/store/start-refused.ts';
import type { Table } from '../../src/store/table.ts';
import { emptySchema, freshSchema } from './fresh-schema.ts';

const boxes: Table = {
  name: 'boxes',
  steps: [{ id: '2026-01-01-01-boxes', sql: ['create table plumbline.boxes (a int)'] }],
};
const lids: Table = {
  name: 'lids',
  steps: [
    { id: '2026-01-01-02-lids', sql: ['create table plumbline.lids (a int)'] },
    { id: '2026-01-03-01-lids', sql: ['alter table plumbline.lids add b int'] },
  ],
};

export function migrateCases(database: () => Database): void {
  test('an empty database gets every step once, in the order of the dates', async () => {
    await emptySchema(database());
    const first = await migrateTables(database(), [lids, boxes]);
    assert.deepEqual(
      first.map((step) => [step.id, step.outcome]),
      [
        ['2026-01-01-01-boxes', 'taken'],
        ['2026-01-01-02-lids', 'taken'],
        ['2026-01-03-01-lids', 'taken'],
      ],
    );
    const again = await migrateTables(database(), [lids, boxes]);
    assert.deepEqual([...new Set(again.map((step) => step.outcome))], ['already']);
  });

  test('looking at a database changes nothing and names what is missing', async () => {
    await emptySchema(database());
    const state = await compareSchema(database(), [boxes]);
    assert.deepEqual(state, { missing: ['2026-01-01-01-boxes'], unknown: [], beside: [], changed: [] });
    const [schema] = await database().query(`select to_regnamespace('plumbline') as there`);
    assert.deepEqual(schema, { there: null });
  });

  test('an older schema takes only the steps it lacks', async () => {
    await emptySchema(database());
    await migrateTables(database(), [boxes]);
    const results = await migrateTables(database(), [boxes, lids]);
    assert.deepEqual(
      results.map((step) => step.outcome),
      ['already', 'taken', 'taken'],
    );
  });

  test('a schema newer than the code is refused with the unknown step by name', async () => {
    await emptySchema(database());
    await migrateTables(database(), [boxes, lids]);
    await assert.rejects(migrateTables(database(), [boxes]), (thrown: unknown) => {
      assert.ok(thrown instanceof StartRefused);
      assert.match(thrown.message, /does not know: 2026-01-01-02-lids, 2026-01-03-01-lids/);
      return true;
    });
  });

  test('a schema to which a newer gateway only added is run beside, and older steps are still taken', async () => {
    await emptySchema(database());
    const added: Table = {
      name: 'boxes',
      steps: [
        ...boxes.steps,
        { id: '2027-01-01-01-boxes', sql: ['alter table plumbline.boxes add b int default 1'], additive: true },
      ],
    };
    await migrateTables(database(), [added]);
    const results = await migrateTables(database(), [boxes, lids]);
    assert.deepEqual(
      results.map((step) => step.outcome),
      ['already', 'taken', 'taken'],
    );
    const state = await compareSchema(database(), [boxes, lids]);
    assert.deepEqual(state, { missing: [], unknown: [], beside: ['2027-01-01-01-boxes'], changed: [] });
  });

  test('a ledger of before steps could be additive is brought up to date', async () => {
    await emptySchema(database());
    await migrateTables(database(), [boxes]);
    await database().query('alter table plumbline.steps drop column additive');
    assert.deepEqual((await compareSchema(database(), [])).unknown, ['2026-01-01-01-boxes']);
    await migrateTables(database(), [boxes, lids]);
    const rows = await database().query('select additive from plumbline.steps');
    assert.deepEqual(rows, [{ additive: false }, { additive: false }, { additive: false }]);
  });

  test('a step whose text changed after it was taken is refused; its layout may change', async () => {
    await emptySchema(database());
    await migrateTables(database(), [boxes]);
    const id = '2026-01-01-01-boxes';
    const laidOut: Table = { name: 'boxes', steps: [{ id, sql: ['create table\n  plumbline.boxes (a int)'] }] };
    await migrateTables(database(), [laidOut]);
    const edited: Table = { name: 'boxes', steps: [{ id, sql: ['create table plumbline.boxes (a text)'] }] };
    await assert.rejects(migrateTables(database(), [edited]), /another text .*2026-01-01-01-boxes/);
  });

  test('a step that fails names its statement, leaves nothing of itself and keeps those before', async () => {
    await emptySchema(database());
    const broken: Table = {
      name: 'broken',
      steps: [{ id: '2026-01-02-01-broken', sql: ['create table plumbline.half (a int)', 'create table nonsense'] }],
    };
    await assert.rejects(
      migrateTables(database(), [boxes, broken, lids]),
      /2026-01-02-01-broken failed: .*: create table nonsense/,
    );
    const there = await database().query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'plumbline'::regnamespace and relkind = 'r' order by 1`,
    );
    assert.deepEqual(
      there.map((row) => row.name),
      ['boxes', 'lids', 'steps'],
    );
    const fixed: Table = { name: 'broken', steps: [{ id: '2026-01-02-01-broken', sql: ['select 1'] }] };
    const results = await migrateTables(database(), [boxes, fixed, lids]);
    assert.deepEqual(
      results.map((step) => step.outcome),
      ['already', 'already', 'taken', 'taken'],
    );
  });

  test('two gateways that migrate at once take each step once', async () => {
    await emptySchema(database());
    const both = await Promise.all([migrate(database()), migrate(database())]);
    const taken = both.flat().filter((step) => step.outcome === 'taken');
    assert.equal(taken.length, tables.flatMap((table) => table.steps).length);
    assert.deepEqual(await compare(database()), { missing: [], unknown: [], beside: [], changed: [] });
  });

  test('the page schema.sql is the schema after the last step', async () => {
    await freshSchema(database());
    const page = readFileSync(new URL('../../src/store/schema.sql', import.meta.url), 'utf8');
    const drawn = await renderSchema(database());
    assert.equal(drawn, page, 'node test/store/write-schema.ts writes it anew');
  });
}
