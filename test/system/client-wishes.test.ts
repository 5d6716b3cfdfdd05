// What a client tells the gateway itself: honoured within bounds, or refused by name; never ignored.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion, openHouse, question } from './house.ts';

const chat = '/v1/chat/completions';
const well = () => ({ body: completion('well') });

test('retries are bounded in the header as in the body', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: well });
  const headers = { 'x-litellm-num-retries': '999' };
  const told = await house.ask(chat, question, { headers });
  assert.equal(told.status, 400);
  assert.match(told.text, /x-litellm-num-retries/);
  assert.equal((await house.ask(chat, { ...question, num_retries: 999 })).status, 400);
});

test('a fallback that brings its own parameters is refused by name, one that only names a model is not', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: well });
  const told = await house.ask(chat, { ...question, fallbacks: [{ model: 'chat', messages: [] }] });
  assert.equal(told.status, 400);
  assert.match(told.text, /fallbacks/);
  assert.equal((await house.ask(chat, { ...question, fallbacks: [{ model: 'chat' }] })).status, 200);
});

test('a canned answer may be asked for in either dialect', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: well });
  const told = await house.ask('/v1/messages', { ...question, max_tokens: 9, mock_response: 'canned' });
  assert.match(told.text, /canned/);
  assert.equal(house.received.length, 0);
});

test('a parameter that one deployment does not know takes the request to one that does', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'chat', provider: 'ollama', baseUrl: 'http://ollama.test' },
      { alias: 'chat', baseUrl: 'http://openai.test/v1' },
    ],
    upstream: well,
  });
  const told = await house.ask(chat, { ...question, logit_bias: { '50256': -100 } });
  assert.equal(told.status, 200, told.text);
  assert.deepEqual(
    house.received.map(({ origin }) => origin),
    ['http://openai.test'],
  );
});

test('a parameter that no deployment knows is refused by its name', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', provider: 'ollama', baseUrl: 'http://ollama.test' }],
    upstream: well,
  });
  const told = await house.ask(chat, { ...question, logit_bias: { '50256': -100 } });
  assert.equal(told.status, 400);
  assert.match(told.text, /logit_bias/);
  assert.equal(house.rows[0]?.outcome, 'refused');
});
