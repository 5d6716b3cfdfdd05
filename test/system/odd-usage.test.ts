// Counts of tokens that cannot be: a provider's slip must cost no row (the database takes none below zero or without end), and
// what else it reported still counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, openHouse, question } from './house.ts';

const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.01 };
const odd = [
  { prompt_tokens: -1, completion_tokens: 2 },
  { prompt_tokens: 3, completion_tokens: 1e300 },
  { prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: -7 } },
];

for (const usage of odd) {
  for (const stream of [false, true]) {
    const how = stream ? 'a stream' : 'an answer';
    test(`${how} with ${JSON.stringify(usage)} leaves a row that can be written and says that not all is known`, async () => {
      const last = `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [], usage })}\n\n`;
      const events = chatEvents(['well']).filter((event) => !event.includes('"usage":{'));
      const house = openHouse({
        deployments: [{ alias: 'chat', parameters: { prices } }],
        upstream: () => ({
          body: stream ? [...events.slice(0, -1), last, ...events.slice(-1)] : { ...completion('well'), usage },
        }),
      });
      const told = await house.ask('/v1/chat/completions', { ...question, stream });
      assert.equal(told.status, 200);
      const [row] = house.rows;
      assert.equal(row?.outcome, 'success');
      assert.equal(row.usagePartial, true);
      for (const count of Object.values(row.usage ?? { none: -1 })) assert.ok(count >= 0 && count <= 1e12, `${count}`);
      assert.ok(row.cost !== null && row.cost > 0 && row.cost < 1, `${row.cost}`);
      if (!stream) assert.equal(told.headers['x-plumbline-cost'], String(row.cost));
    });
  }
}
