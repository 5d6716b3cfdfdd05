// What every step keeps to, whatever it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tables } from '../../src/store/index.ts';
import type { Step } from '../../src/store/table.ts';

const growing = ['usage', 'usage_daily', 'usage_daily_tags', 'usage_contents'];
/** Of the first release, when the tables were empty. */
const first = '2026-11-24';

/** Takes a step; returns its statements that hold up the writers of a growing table while an index is built. */
function holdingUp({ id, sql }: Step): readonly string[] {
  const builds = new RegExp(
    `create (unique )?index (?!concurrently).* on (only )?plumbline\\.(${growing.join('|')})\\b`,
    'i',
  );
  return id < first ? [] : sql.filter((statement) => builds.test(statement.replace(/\s+/g, ' ')));
}

test('no step builds an index on a table that grows while it holds its writers up', () => {
  for (const step of tables.flatMap(({ steps }) => steps)) assert.deepEqual(holdingUp(step), [], step.id);
  const planted = 'create index usage_model\n on plumbline.usage (model)';
  assert.deepEqual(holdingUp({ id: '2026-12-01-01-usage', sql: [planted] }), [planted]);
});
