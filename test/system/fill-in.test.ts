import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, openHouse } from './house.ts';

const deployments = [
  {
    alias: 'fill',
    provider: 'text-completion-codestral',
    model: 'codestral-latest',
    baseUrl: 'https://codestral.test/v1',
  },
];
const asked = { model: 'fill', prompt: 'def f(', suffix: 'return a' };

test('a text completion with a suffix is filled in at Mistral’s own route, and answered as a text completion', async () => {
  const house = openHouse({ deployments, upstream: () => ({ body: completion('a):\n  ') }) });
  const reply = await house.ask('/v1/completions', asked);
  assert.equal(house.received[0]?.path, '/v1/fim/completions');
  assert.deepEqual(house.received[0]?.body, { ...asked, model: 'codestral-latest', stream: false });
  const { object, choices } = reply.json as { object: string; choices: unknown };
  assert.equal(object, 'text_completion');
  assert.deepEqual(choices, [{ index: 0, text: 'a):\n  ', logprobs: null, finish_reason: 'stop' }]);
  assert.equal(house.rows[0]?.usage?.output, 2);
});

test('the same streamed: chat’s pieces become a text completion’s, and usage is known', async () => {
  const headers = { 'content-type': 'text/event-stream' };
  const house = openHouse({ deployments, upstream: () => ({ headers, body: chatEvents(['a', '):']) }) });
  const reply = await house.ask('/v1/completions', { ...asked, stream: true });
  const events = reply.text.split('\n\n').filter((event) => event.startsWith('data: {'));
  const texts = events.map((event) => JSON.parse(event.slice(6)).choices[0]?.text as string);
  assert.equal(texts.join(''), 'a):');
  assert.ok(reply.text.endsWith('data: [DONE]\n\n'));
  assert.equal(house.rows[0]?.usage?.output, 2);
});

test('a chat is not filled in: the deployment says so', async () => {
  const house = openHouse({ deployments, upstream: () => ({ body: completion('a') }) });
  const reply = await house.ask('/v1/chat/completions', { model: 'fill', messages: [{ role: 'user', content: 'hi' }] });
  assert.equal(reply.status, 400);
  assert.equal(reply.headers['x-plumbline-error'], 'operation_unsupported');
  assert.equal(house.received.length, 0);
});
