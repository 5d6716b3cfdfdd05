import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageTable } from './usage-table.ts';

const span = { since: '2026-11-01T00:00:00.000Z', until: '2026-12-01T00:00:00.000Z' };
const sums = {
  requests: 1,
  failures: 0,
  input_tokens: 1_234_567,
  output_tokens: 2,
  cost: 1234.5,
  unpriced_requests: 0,
};
const table = (group: object, total: object = sums) =>
  usageTable({ ...span, total: { ...sums, ...total } }, ['tag'], [{ ...sums, ...group }]);

test('figures are grouped and aligned at the right, and costs at their point', () => {
  const text = table({ tag: 'nightly', cost: 0.5 });
  assert.match(text, /^nightly +1 +0 +1,234,567 +2 +\$0\.50$/m);
  assert.match(text, /^total +1 +0 +1,234,567 +2 +\$1,234\.50$/m);
});

test('what a client wrote cannot command the terminal', () => {
  const text = table({ tag: 'a\u001b[2Jb\u202ec\n' });
  assert.match(text, /^a\ufffd\[2Jb\ufffdc\ufffd /m);
});

test('a very long name is cut and a missing one is a dash', () => {
  assert.match(table({ tag: 'x'.repeat(100) }), /^x{47}… /m);
  assert.match(table({ tag: null }), /^- /m);
});

test('cached tokens have a column when there are some', () => {
  assert.match(table({ cache_read_tokens: 5 }, { cache_read_tokens: 5 }), /output +cached +cost/);
  assert.doesNotMatch(table({}), /cached/);
});

test('without requests it says so', () => {
  assert.match(table({}, { requests: 0 }), /2026-11-01 to 2026-11-30 \(UTC\), by tag\n\nno requests$/);
});
