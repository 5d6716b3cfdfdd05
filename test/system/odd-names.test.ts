// Names that no header, prototype or pattern should stumble over: what clients and operators write is data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openServer } from '../../src/http/server.ts';
import { chatEvents, completion, type HouseOptions, masterKey, openHouse, question } from './house.ts';

const chat = '/v1/chat/completions';

/** Takes a house and a body; returns the answer as a real client gets it. */
async function overSocket(options: HouseOptions, path: string, body: object): Promise<Response & { read: string }> {
  const house = openHouse(options);
  const server = await openServer(
    { host: '127.0.0.1', port: 0, bodyLimit: 1_000_000, keepAliveMs: 1_000, pingMs: 15_000 },
    house.site.routes,
    house.site.edge,
  );
  try {
    const headers = { authorization: `Bearer ${masterKey}` };
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return Object.assign(answer, { read: await answer.text() });
  } finally {
    await server.drain(0);
  }
}

test('a model name that no header can hold is answered, streaming or not', async () => {
  for (const model of ['модель', 'team/a\nb', 'team/日本 語', 'team/\ud800']) {
    for (const stream of [false, true]) {
      const answer = await overSocket(
        {
          deployments: [{ alias: 'модель' }, { alias: 'team/*', model: '*' }],
          upstream: () => ({ body: stream ? chatEvents(['well']) : completion('well') }),
        },
        chat,
        { ...question, model, stream },
      );
      assert.equal(answer.status, 200, model);
      assert.match(answer.read, /well/);
      assert.match(answer.headers.get('x-litellm-model-group') ?? '', /^[\x20-\x7e]+$/);
    }
  }
});

test('names of what was left out fit into a header, however odd and many they are', async () => {
  const content = Array.from({ length: 2_000 }, (_, n) => ({ type: `ding_日本_${n}` }));
  const answer = await overSocket(
    { deployments: [{ alias: 'chat' }], upstream: () => ({ body: completion('well') }) },
    '/v1/messages',
    { model: 'chat', max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, ...content] }] },
  );
  assert.equal(answer.status, 200, answer.read);
  const left = answer.headers.get('x-plumbline-dropped-parameters') ?? '';
  assert.match(left, /^messages\[0\]\.content\[1\]/);
  assert.match(left, /and \d+ more$/);
  assert.ok(left.length < 2_000, `${left.length} characters`);
});

test('a base address is shown without its credentials and its query', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', baseUrl: 'http://someone:canary-word@upstream-1.test/v1/?token=canary-word' }],
    upstream: () => ({ body: completion('well') }),
  });
  const reply = await house.ask(chat, question);
  assert.equal(reply.headers['x-litellm-model-api-base'], 'http://upstream-1.test/v1');
  const health = await house.ask('/health');
  assert.doesNotMatch(JSON.stringify(reply) + health.text, /canary-word/);
});

test('a canned answer may say any word, those of prototypes too', async () => {
  for (const word of ['constructor', '__proto__', 'toString']) {
    const house = openHouse({ deployments: [{ alias: 'chat' }] });
    const reply = await house.ask(chat, { ...question, mock_response: word });
    assert.equal(reply.status, 200);
    assert.match(reply.text, new RegExp(`"content":"${word}"`));
  }
});

test('what a wildcard matched goes upstream as it stands, signs of replacement patterns too', async () => {
  const house = openHouse({
    deployments: [{ alias: 'team/*', model: 'vendor-*' }],
    upstream: () => ({ body: completion('well') }),
  });
  await house.ask(chat, { ...question, model: "team/$&$'" });
  assert.equal(house.received[0]?.body.model, "vendor-$&$'");
});

test('junk names leave nothing big behind: the row and the log line hold their beginning', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }] });
  await house.ask(chat, {
    ...question,
    model: 'x'.repeat(500_000),
    user: 'y'.repeat(500_000),
    tags: ['z'.repeat(500_000)],
    litellm_session_id: 's'.repeat(500_000),
  });
  assert.equal(house.rows.length, 1);
  assert.ok(JSON.stringify(house.rows[0]).length < 5_000);
});
