import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTraceParent, traceParent } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

test('a traceparent is read', () => {
  assert.deepEqual(readTraceParent(`00-${traceId}-${parentId}-01`), { traceId, parentId, sampled: true });
  assert.deepEqual(readTraceParent(`00-${traceId}-${parentId}-00`), { traceId, parentId, sampled: false });
  assert.deepEqual(readTraceParent(`00-${traceId}-${parentId}-03`), { traceId, parentId, sampled: true });
});

test('a version to come is read as far as it is known', () => {
  assert.deepEqual(readTraceParent(`cc-${traceId}-${parentId}-01-what-comes`), { traceId, parentId, sampled: true });
});

for (const bad of [
  undefined,
  '',
  'nonsense',
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-01-more`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId}-${parentId}`,
  `00-${traceId}-${parentId}-1`,
  ` 00-${traceId}-${parentId}-01`,
])
  test(`${JSON.stringify(bad)} is no traceparent`, () => assert.equal(readTraceParent(bad), null));

test('what is written is read again', () => {
  const context = { traceId, spanId: 'a'.repeat(16), parentId: null, state: null };
  for (const sampled of [true, false]) {
    const written = traceParent({ ...context, sampled }, parentId);
    assert.deepEqual(readTraceParent(written), { traceId, parentId, sampled });
  }
});
