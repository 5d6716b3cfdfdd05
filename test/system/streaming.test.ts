import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, openHouse, piecesIn, question, type Scripted } from './house.ts';

const chat = '/v1/chat/completions';
const asked = { ...question, stream: true };
const stream = (body: Scripted['body']): Scripted => ({ headers: { 'content-type': 'text/event-stream' }, body });

test('usage is asked of the upstream, recorded, and hidden from a client that did not ask', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => stream(chatEvents(['a', 'b'])) });
  const reply = await house.ask(chat, asked);
  assert.deepEqual(house.received[0]?.body.stream_options, { include_usage: true });
  assert.equal(reply.text.includes('"usage":{'), false);
  assert.ok(reply.text.endsWith('data: [DONE]\n\n'));
  assert.equal(house.rows[0]?.usage?.output, 2);
  assert.equal(house.rows[0]?.outcome, 'success');
});

test('usage inside a chunk that has words is hidden likewise, and the words are not', async () => {
  const last = {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { role: 'assistant', content: 'word' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  };
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => stream([`data: ${JSON.stringify(last)}\n\n`, 'data: [DONE]\n\n']),
  });
  const reply = await house.ask(chat, asked);
  assert.match(reply.text, /"content":"word"/);
  assert.doesNotMatch(reply.text, /"usage"/);
  assert.equal(house.rows[0]?.usage?.output, 1);
  assert.match((await house.ask(chat, { ...asked, stream_options: { include_usage: true } })).text, /"total_tokens":4/);
});

test('a client that asks for usage gets it, once', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => stream(chatEvents(['a'])) });
  const reply = await house.ask(chat, { ...asked, stream_options: { include_usage: true } });
  assert.equal(reply.text.split('"usage":{').length, 2);
});

test('events pass byte for byte, however the upstream cut them', async () => {
  const events = chatEvents(['né', '🎉', 'x']);
  const whole = Buffer.from(events.join(''));
  const expected = events.filter((event) => !event.includes('"usage":{')).join('');
  for (const size of [1, 2, 3, 7, 1000]) {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
      whole.subarray(n * size, (n + 1) * size),
    );
    const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => stream(pieces) });
    assert.equal((await house.ask(chat, asked)).text, expected);
  }
});

test('an error before the first words goes to the next deployment', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: ({ origin }) =>
      origin.includes('upstream-1')
        ? stream(['data: {"error":{"message":"overloaded","code":503}}\n\n'])
        : stream(chatEvents(['fine'])),
  });
  const reply = await house.ask(chat, asked);
  assert.equal(reply.status, 200);
  assert.match(reply.text, /fine/);
  assert.doesNotMatch(reply.text, /overloaded/);
});

test('an answer that has begun is never retried: the stream ends with an error event and without [DONE]', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: () => stream(chatEvents(['a', 'b', 'c']).slice(0, 3)),
  });
  const reply = await house.ask(chat, asked);
  assert.equal(house.received.length, 1);
  assert.match(reply.text, /"error":\{/);
  assert.match(reply.text, /upstream_cut/);
  assert.equal(reply.text.includes('[DONE]'), false);
  const [row] = house.rows;
  assert.equal(row?.outcome, 'failure');
  assert.equal(row?.usagePartial, true);
  assert.ok((row?.usage?.output ?? 0) > 0);
});

test('a client that goes away lets the upstream go, and the row says so', async () => {
  const gone = new AbortController();
  async function* endless(): AsyncGenerator<string> {
    yield* chatEvents(['a']).slice(0, 2);
    await new Promise(() => undefined);
  }
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => stream(endless()) });
  const reply = await house.open(chat, asked, { gone: gone.signal });
  const reading = (async () => {
    for await (const _ of piecesIn(reply.body)) gone.abort();
  })();
  await reading;
  assert.equal(house.received[0]?.signal.aborted, true);
  assert.equal(house.rows.length, 1);
  assert.equal(house.rows[0]?.outcome, 'abandoned');
  assert.equal(house.rows[0]?.status, 499);
});

test('a client that goes away before the first words lets the upstream go, streaming or not', async () => {
  for (const body of [asked, question]) {
    const gone = new AbortController();
    const house = openHouse({
      deployments: [{ alias: 'chat' }],
      upstream: () => new Promise<Scripted>(() => undefined),
    });
    const asking = house.ask(chat, body, { gone: gone.signal });
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    await asking;
    assert.equal(house.received[0]?.signal.aborted, true);
    assert.equal(house.rows[0]?.outcome, 'abandoned');
  }
});

test('a stream that is silent gets its head in time, and the answer when it comes', async () => {
  let release: (scripted: Scripted) => void = () => undefined;
  const waiting = new Promise<Scripted>((resolve) => (release = resolve));
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => waiting, pingMs: 15_000 });
  const opening = house.open(chat, asked);
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(15_000);
  const reply = await opening;
  assert.equal(reply.status, 200);
  assert.equal(reply.ping, ': ping\n\n');
  release(stream(chatEvents(['late'])));
  let text = '';
  for await (const piece of piecesIn(reply.body)) text += piece.toString();
  assert.match(text, /late/);
});

test('a failure after the head was sent is an event of the dialect', async () => {
  let release: (scripted: Scripted) => void = () => undefined;
  const waiting = new Promise<Scripted>((resolve) => (release = resolve));
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => waiting, router: { retries: 0 } });
  const opening = house.open('/v1/messages', { ...asked, max_tokens: 5 });
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(15_000);
  const reply = await opening;
  release({ status: 503, body: { error: { message: 'gone fishing' } } });
  let text = '';
  for await (const piece of piecesIn(reply.body)) text += piece.toString();
  assert.match(text, /^event: error\ndata: \{"type":"error"/);
  assert.equal(house.rows[0]?.errorCode, 'upstream_unavailable');
});

test('a translated stream leaves what its provider reported in the row, in either dialect', async () => {
  const line = (said: object) => `${JSON.stringify({ model: 'm', created_at: '2026-01-01T00:00:00Z', ...said })}\n`;
  const house = openHouse({
    deployments: [{ alias: 'chat', provider: 'ollama', baseUrl: 'http://ollama.test' }],
    upstream: () => ({
      headers: { 'content-type': 'application/x-ndjson' },
      body: [
        line({ message: { role: 'assistant', content: 'hi' }, done: false }),
        line({
          message: { role: 'assistant', content: '' },
          done: true,
          done_reason: 'stop',
          prompt_eval_count: 5,
          eval_count: 2,
        }),
      ],
    }),
  });
  await house.ask(chat, asked);
  await house.ask('/v1/messages', { ...asked, max_tokens: 9 });
  assert.deepEqual(
    house.rows.map(({ usage }) => [usage?.input, usage?.output]),
    [
      [5, 2],
      [5, 2],
    ],
  );
});
