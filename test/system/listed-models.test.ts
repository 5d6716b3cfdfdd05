// What a key is shown is what it may call, whatever is configured: names, names that stand for others, hidden ones, wildcards, and
// deployments that cannot be built.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashKey } from '../../src/core/key-hash.ts';
import type { VirtualKey } from '../../src/core/records.ts';
import { newKey } from '../store/rows.ts';
import { completion, type House, openHouse, question } from './house.ts';

const secret = 'sk-of-a-virtual-key';
const keyFor = (models: readonly string[]): VirtualKey => ({
  ...newKey('k', { hash: hashKey(secret), models }),
  id: 'k1',
  createdAt: 0,
});

const plain = ['a', 'b', 'a/x', 'a/y', 'b/x', 'ab'];
const patterns = ['*', 'a/*', 'b*', 'a*x'];
/** Every name that is tried: those that may be configured, and some that only wildcards cover. */
const universe = [...plain, 'a/z', 'bz', 'zz', 'a/zx'];

const configured = fc.record({
  own: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...plain, ...patterns),
      deployments: fc.array(fc.constantFrom('good', 'broken'), { maxLength: 2 }),
      hidden: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  ),
  standIns: fc.array(fc.record({ name: fc.constantFrom(...plain), target: fc.nat(), hidden: fc.boolean() }), {
    maxLength: 3,
  }),
  key: fc.array(fc.constantFrom(...universe, ...patterns, 'a/z*', 'all-proxy-models'), { maxLength: 3 }),
});

interface Row {
  readonly name: string;
  readonly target: string | null;
  readonly hidden: boolean;
}

function houseOf({ own, standIns, key }: typeof configured extends fc.Arbitrary<infer Given> ? Given : never): {
  readonly house: House;
  readonly rows: readonly Row[];
} {
  const rows: Row[] = own.map(({ name, hidden }) => ({ name, target: null, hidden }));
  for (const { name, target, hidden } of standIns) {
    const meant = rows[target % Math.max(1, rows.length)];
    const isFree = !rows.some((row) => row.name === name);
    if (meant !== undefined && isFree) rows.push({ name, target: meant.name, hidden });
  }
  const deployments = own.flatMap(({ name, deployments: built }) =>
    built.map((state) => ({
      alias: name,
      model: name.includes('*') ? '*' : 'm',
      credential: state === 'good' ? null : 'missing',
    })),
  );
  const upstream = () => ({ body: completion('yes') });
  return { house: openHouse({ aliases: rows, deployments, keys: [keyFor(key)], upstream }), rows };
}

async function listed(house: House, query = ''): Promise<readonly string[]> {
  const told = await house.ask('/v1/models', undefined, { key: secret, query });
  return (told.json as { data: { id: string }[] }).data.map(({ id }) => id);
}

async function isCallable(house: House, model: string): Promise<boolean> {
  const { status } = await house.ask('/v1/chat/completions', { ...question, model }, { key: secret });
  return status === 200;
}

const covers = (pattern: string, name: string): boolean => {
  const [head = '', tail] = pattern.split('*');
  if (tail === undefined) return pattern === name;
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
};

test('/v1/models shows a key the names that it can call: those configured, and those its own list names', async () => {
  const property = fc.asyncProperty(configured, async (given) => {
    const { house, rows } = houseOf(given);
    const isHidden = (name: string): boolean => rows.some((row) => row.hidden && covers(row.name, name));
    const shown = await listed(house);
    assert.equal(new Set(shown).size, shown.length, 'no name twice');
    for (const name of universe) {
      const row = rows.find((one) => one.name === name);
      const isNamed = row !== undefined || given.key.includes(name);
      if (row === undefined && isHidden(name)) continue;
      const expected = isNamed && row?.hidden !== true && (await isCallable(house, name));
      assert.equal(shown.includes(name), expected, `${name} of ${shown}`);
    }
    assert.ok(
      shown.every((name) => universe.includes(name)),
      `${shown}`,
    );
  });
  await fc.assert(property, { numRuns: 300 });
});

test('with wildcards asked for, what is shown covers all that can be called, and nothing else', async () => {
  const property = fc.asyncProperty(configured, async (given) => {
    const { house, rows } = houseOf(given);
    const shown = await listed(house, 'return_wildcard_routes=true');
    for (const name of universe) {
      if (rows.some((row) => row.hidden && covers(row.name, name))) continue;
      // A narrower wildcard that nothing serves is a hole in a wider one, and no list of wildcards can say so.
      if (given.own.some((alias) => !alias.deployments.includes('good') && covers(alias.name, name))) continue;
      const isShown = shown.some((pattern) => covers(pattern, name));
      // A name of its own that cannot be called hides nothing of the wildcard around it.
      const isOwn = rows.some((row) => row.name === name);
      if (!isOwn) assert.equal(isShown, await isCallable(house, name), `${name} of ${shown}`);
      else assert.ok(isShown || !(await isCallable(house, name)), `${name} of ${shown}`);
    }
  });
  await fc.assert(property, { numRuns: 300 });
});

test('a name that stands for a wildcard calls nobody: no provider has a model named *', async () => {
  const { house } = houseOf({
    own: [{ name: 'a/*', deployments: ['good'], hidden: false }],
    standIns: [{ name: 'b', target: 0, hidden: false }],
    key: [],
  });
  assert.deepEqual(await listed(house), []);
  assert.equal(await isCallable(house, 'b'), false);
  assert.equal(await isCallable(house, 'a/b'), true);
  assert.deepEqual(
    house.received.map(({ body }) => body['model']),
    ['b'],
  );
});

test('a name that stands for one that stands for another leads to the end', async () => {
  const { house } = houseOf({
    own: [{ name: 'a', deployments: ['good'], hidden: false }],
    standIns: [
      { name: 'b', target: 0, hidden: false },
      { name: 'ab', target: 1, hidden: false },
    ],
    key: ['ab'],
  });
  assert.deepEqual(await listed(house), ['ab']);
  assert.equal(await isCallable(house, 'ab'), true);
});

test('a single model is shown when it can be called', async () => {
  const property = fc.asyncProperty(configured, async (given) => {
    const { house } = houseOf(given);
    for (const name of universe) {
      const { status } = await house.ask(`/v1/models/${encodeURIComponent(name)}`, undefined, { key: secret });
      assert.equal(status === 200, await isCallable(house, name), name);
    }
  });
  await fc.assert(property, { numRuns: 100 });
});
