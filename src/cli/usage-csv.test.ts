import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageCsv } from './usage-csv.ts';

const lines = (tag: string | null, cost: number | null) => usageCsv(['tag'], [{ tag, cost }]).split('\r\n');

test('text that a spreadsheet would take for a formula stays text', () => {
  for (const tag of ['=1+1', '+1', '-1', '@x', '\t=1']) assert.match(lines(tag, 0)[1] ?? '', /^'[=+\-@\t]/, tag);
  assert.match(lines('plain', 0)[1] ?? '', /^plain,/);
});

test('commas, quotes and line ends are quoted', () => {
  assert.match(usageCsv(['tag'], [{ tag: 'a,"b"\nc' }]), /^tag,.*\r\n"a,""b""\nc",/);
});

test('costs have no exponent, and an unknown one is an empty cell', () => {
  const costOf = (cost: number | null) => lines('x', cost)[1]?.split(',').at(-2);
  assert.deepEqual(
    [costOf(0.0000001), costOf(1.5e-9), costOf(12.5), costOf(0), costOf(null)],
    ['0.0000001', '0.0000000015', '12.5', '0', ''],
  );
});
