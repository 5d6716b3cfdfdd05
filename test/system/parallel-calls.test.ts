// Calls side by side at every vendor, by clients of both dialects, whole and streamed: two of one tool, answered in the reverse
// order, one of them by a failure and the other, where the dialect can, by a picture; then one more, then words. The vendor must
// find each result at its call, the pictures, and its marks as it gave them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/core/json.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { type House, openHouse } from './house.ts';
import { anthropicLoop, type Manner, openAiLoop, type ToolLoop } from './tool-loop.ts';
import { type Spoken, type Vendor, vendors } from './vendors.ts';

const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';

const said: readonly Spoken[] = [
  { places: ['Oslo', 'Rome'], mark: 'bWFyayBvbmU=' },
  { places: ['Lima'], mark: 'bWFyayB0d28=' },
  { text: 'Take a coat.', mark: 'bWFyayB0aHJlZQ==' },
];

const manner: Manner = {
  picture,
  isBackwards: true,
  answer({ input }) {
    if (input.location === 'Rome') return { text: 'no such city', failed: true };
    return { text: `snow in ${String(input.location)}`, ...(input.location === 'Oslo' ? { picture } : {}) };
  },
};

const loops: Readonly<Record<string, ToolLoop>> = { OpenAI: openAiLoop, Anthropic: anthropicLoop };

for (const [name, vendor] of Object.entries(vendors)) {
  for (const [dialect, loop] of Object.entries(loops)) {
    for (const stream of [false, true]) {
      const way = stream ? 'streamed' : 'whole';
      test(`${name}: calls side by side of an ${dialect} client, ${way}, have each its own result`, async () => {
        const house = houseAt(vendor, stream);
        const turns = await loop(house, stream, manner);
        assert.deepEqual(
          turns.map(({ calls }) => calls.map(({ input }) => input.location)),
          [['Oslo', 'Rome'], ['Lima'], []],
        );
        assert.equal(turns[2]?.text, 'Take a coat.');
        checkLast(vendor, dialect, house.received[2]?.body as JsonObject);
        for (const { outcome } of house.rows) assert.equal(outcome, 'success');
      });
    }
  }
}

function checkLast(vendor: Vendor, dialect: string, body: JsonObject): void {
  const told = vendor.told(body);
  assert.deepEqual(
    told.map(([place]) => place),
    ['Oslo', 'Rome', 'Lima'],
  );
  for (const [at, says] of [/snow in Oslo/, /Error: no such city/, /snow in Lima/].entries()) {
    assert.match(told[at]?.[1] ?? '', says);
  }
  assert.equal(JSON.stringify(body).split(picture).length - 1, dialect === 'Anthropic' ? 2 : 1, 'the pictures');
  if (!vendor.marked.includes(dialect)) return;
  const marks = vendor.marks(body);
  const [first, second] = said.map(({ mark }) => mark);
  assert.deepEqual(
    marks.filter((mark) => mark !== null),
    [first, second],
  );
}

function houseAt(vendor: Vendor, stream: boolean): House {
  const sealer = openSealer(new Secret('salt-of-the-test-house'));
  const sealed = Object.entries(vendor.secrets).map(([field, text]) => [
    field,
    sealer.seal(new Secret(text), `credentials/ours/${field}`),
  ]);
  const house: House = openHouse({
    deployments: [{ ...vendor.deployment, alias: 'chat', credential: 'ours' }],
    credentials: [{ name: 'ours', owner: 'file', sealed: Object.fromEntries(sealed) }],
    router: { retries: 0 },
    upstream: () => {
      const spoken = said[house.received.length - 1];
      assert.ok(spoken, 'no more than three turns');
      return vendor.say(spoken, stream);
    },
  });
  return house;
}
