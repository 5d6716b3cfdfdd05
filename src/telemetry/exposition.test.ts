import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from './exposition.ts';
import { labelText } from './family.ts';

test('quotes, backslashes and line ends in labels and help are escaped', () => {
  const samples = { [labelText({ a: 'x"y\\z\n', b: '' })]: 1 };
  assert.equal(
    exposition([{ name: 'n', help: 'one\\two\nthree', type: 'gauge', together: 'sum', samples }]),
    '# HELP n one\\\\two\\nthree\n# TYPE n gauge\nn{a="x\\"y\\\\z\\n",b=""} 1\n',
  );
});

test('a family without samples is left out', () => {
  assert.equal(exposition([{ name: 'n_total', help: 'N.', type: 'counter', samples: {} }]), '');
});

test('numbers that are none are written as Prometheus reads them', () => {
  const samples = { 'a="1"': Number.NaN, 'a="2"': Number.POSITIVE_INFINITY, 'a="3"': Number.NEGATIVE_INFINITY };
  const page = exposition([{ name: 'n', help: 'N.', type: 'gauge', together: 'sum', samples }]);
  assert.match(page, /\{a="1"\} NaN\nn\{a="2"\} \+Inf\nn\{a="3"\} -Inf\n/);
});
