import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completion, openHouse, question, type Received, type Scripted, type TestClock } from './house.ts';

const busy: Scripted = { status: 429, body: { error: { message: 'slow down' } } };
const failing: Scripted = { status: 500, body: { error: { message: 'broken' } } };
const chat = '/v1/chat/completions';

/** Lets timers fire as long as anything waits for time, so that backoff passes without sleeping. */
async function hurry<T>(clock: TestClock, asking: Promise<T>): Promise<T> {
  let settled = false;
  const watched = asking.finally(() => {
    settled = true;
  });
  while (!settled) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!settled && clock.waiting > 0) clock.pass(1_000);
  }
  return watched;
}

const byHost =
  (answers: Record<string, Scripted>) =>
  ({ origin }: Received): Scripted =>
    answers[new URL(origin).hostname] ?? { body: completion(`from ${new URL(origin).hostname}`) };

test('a busy deployment is passed over for the next, at once', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: byHost({ 'upstream-1.test': busy }),
  });
  const reply = await house.ask(chat, question);
  assert.equal(reply.status, 200);
  assert.match(reply.text, /from upstream-2\.test/);
  assert.equal(reply.headers['x-plumbline-attempts'], '2');
  assert.equal(house.clock.waiting, 0);
});

test('a conversation reaches the second deployment as whole as the first, though another dialect is spoken there', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare', provider: 'anthropic' }],
    aliases: [{ name: 'chat', fallbacks: ['spare'] }],
    upstream: ({ path }) =>
      path.endsWith('/messages')
        ? { body: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'well' }], usage: {} } }
        : failing,
  });
  const messages = ['a', 'b', 'c'].map((mark, at) => ({
    role: at === 1 ? 'assistant' : 'user',
    content: mark.repeat(20_000),
  }));
  const reply = await house.ask(chat, { ...question, messages, max_tokens: 5 });
  assert.equal(reply.status, 200, reply.text);
  const [first, second] = house.received.map(({ body }) => body);
  assert.deepEqual(first?.messages, messages);
  assert.deepEqual(second?.messages, messages);
});

test('long texts reach a provider whole where something beside them must change', async () => {
  const text = 'a "word",\n'.repeat(100);
  const house = openHouse({
    deployments: [{ alias: 'chat', provider: 'groq', parameters: { dropNamed: ['seed'] } }],
    upstream: () => ({ body: completion('fine') }),
  });
  const messages = [
    { role: 'system', content: text },
    { role: 'user', content: [{ type: 'text', text, cache_control: { type: 'ephemeral' } }] },
  ];
  const reply = await house.ask(chat, { ...question, messages, seed: 1 });
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.headers['x-plumbline-dropped-parameters'], 'seed');
  assert.deepEqual(house.received[0]?.body.messages, [
    { role: 'system', content: text },
    { role: 'user', content: [{ type: 'text', text }] },
  ]);
});

test('an outage of a primary costs one failed try a cooldown window, and one probe after it', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare' }],
    aliases: [{ name: 'chat', fallbacks: ['spare'] }],
    upstream: byHost({ 'upstream-1.test': failing }),
    router: { cooldownMs: 5_000 },
  });
  const failed = () => house.received.filter(({ origin }) => origin.includes('upstream-1')).length;
  for (let n = 0; n < 20; n++) assert.equal((await house.ask(chat, question)).status, 200);
  assert.equal(failed(), 1);
  house.clock.pass(5_001);
  for (let n = 0; n < 20; n++) assert.equal((await house.ask(chat, question)).status, 200);
  assert.equal(failed(), 2);
});

test('while a deployment is probed after its rest, others do not wait for it', async () => {
  let release: (answer: Scripted) => void = () => undefined;
  let broken = true;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: ({ origin }) => {
      if (!origin.includes('upstream-1')) return { body: completion('second') };
      return broken ? failing : new Promise<Scripted>((resolve) => (release = resolve));
    },
  });
  await house.ask(chat, question);
  house.clock.pass(5_001);
  broken = false;
  const probe = house.ask(chat, question);
  assert.match((await house.ask(chat, question)).text, /second/);
  release({ body: completion('first is back') });
  assert.match((await probe).text, /first is back/);
  release = () => undefined;
});

test('a single deployment without anywhere else to go is retried with backoff, and never rests', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => failing, router: { retries: 2 } });
  for (let n = 0; n < 3; n++) {
    const reply = await hurry(house.clock, house.ask(chat, question));
    assert.equal(reply.status, 500);
  }
  assert.equal(house.received.length, 9);
});

test('a Retry-After of the provider is honoured before the next try', async () => {
  let tries = 0;
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => (tries++ === 0 ? { ...busy, headers: { 'retry-after': '7' } } : { body: completion('well') }),
  });
  const asking = house.ask(chat, question);
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(6_900);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(tries, 1);
  assert.equal((await hurry(house.clock, asking)).status, 200);
});

test('a bad request is not retried on the same deployment', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => ({ status: 400, body: { error: { message: 'temperature must be below 2' } } }),
  });
  const reply = await house.ask(chat, question);
  assert.equal(reply.status, 400);
  assert.equal(house.received.length, 1);
  assert.match(reply.text, /temperature must be below 2/);
});

test('a prompt too long goes to the context window fallbacks, another failure to the plain ones', async () => {
  const tooLong: Scripted = {
    status: 400,
    body: { error: { code: 'context_length_exceeded', message: "This model's maximum context length is 512 tokens" } },
  };
  const house = (first: Scripted) =>
    openHouse({
      deployments: [{ alias: 'chat' }, { alias: 'plain' }, { alias: 'long' }],
      aliases: [{ name: 'chat', fallbacks: ['plain'], contextWindowFallbacks: ['long'] }],
      upstream: byHost({ 'upstream-1.test': first }),
      router: { retries: 0 },
    });
  assert.match((await house(tooLong).ask(chat, question)).text, /upstream-3/);
  assert.match((await house(failing).ask(chat, question)).text, /upstream-2/);
});

test('fallbacks named by the request win, and disable_fallbacks turns them off', async () => {
  const options = {
    deployments: [{ alias: 'chat' }, { alias: 'plain' }, { alias: 'mine' }],
    aliases: [{ name: 'chat', fallbacks: ['plain'] }],
    upstream: byHost({ 'upstream-1.test': failing }),
    router: { retries: 0 },
  };
  const named = await openHouse(options).ask(chat, { ...question, fallbacks: ['mine'] });
  assert.match(named.text, /upstream-3/);
  assert.equal(named.headers['x-litellm-attempted-fallbacks'], '1');
  assert.equal(named.headers['x-litellm-model-group'], 'mine');
  assert.equal((await openHouse(options).ask(chat, { ...question, disable_fallbacks: true })).status, 500);
});

test('retries follow the policy by kind of error', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => busy,
    router: { retries: 2, retryPolicy: { RateLimitErrorRetries: 0 } },
  });
  assert.equal((await house.ask(chat, question)).status, 429);
  assert.equal(house.received.length, 1);
});

test('the lowest order is asked first, the next when it fails', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'chat', parameters: { order: 2 } },
      { alias: 'chat', parameters: { order: 1 } },
    ],
    upstream: byHost({ 'upstream-2.test': failing }),
  });
  assert.match((await house.ask(chat, question)).text, /upstream-1/);
  assert.deepEqual(
    house.received.map(({ origin }) => new URL(origin).hostname),
    ['upstream-2.test', 'upstream-1.test'],
  );
});

test('tags choose deployments, and a tag nobody has is refused', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'chat', parameters: { tags: ['free'] } },
      { alias: 'chat', parameters: { tags: ['paid'] } },
    ],
    upstream: byHost({}),
    router: { tagFiltering: true },
  });
  assert.match((await house.ask(chat, { ...question, tags: ['paid'] })).text, /upstream-2/);
  const headers = { 'x-litellm-tags': 'paid' };
  assert.match((await house.ask(chat, question, { headers })).text, /upstream-2/);
  assert.equal((await house.ask(chat, { ...question, tags: ['gold'] })).status, 401);
});

test('a deployment that takes too long is given up for the next', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { timeoutMs: 2_000 } }, { alias: 'chat' }],
    upstream: ({ origin }) =>
      origin.includes('upstream-1') ? new Promise<Scripted>(() => undefined) : { body: completion('second') },
  });
  const asking = house.ask(chat, question);
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(2_001);
  assert.match((await asking).text, /second/);
  assert.equal(house.received[0]?.signal.aborted, true);
});

test('when every deployment rests the refusal says until when', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: () => failing,
    router: { retries: 1 },
  });
  assert.equal((await house.ask(chat, question)).status, 500);
  const reply = await house.ask(chat, question);
  assert.equal(reply.status, 429);
  assert.equal(reply.headers['retry-after'], '5');
  assert.match(reply.text, /No deployments available for selected model/);
  assert.equal(house.received.length, 2);
});

test('simple-shuffle shares by weight', async () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const house = openHouse({
    deployments: [
      { alias: 'chat', parameters: { weight: 9 } },
      { alias: 'chat', parameters: { weight: 1 } },
    ],
    aliases: [{ name: 'chat', strategy: 'simple-shuffle' }],
    upstream: byHost({}),
    random,
  });
  for (let n = 0; n < 1_000; n++) await house.ask(chat, question);
  const first = house.received.filter(({ origin }) => origin.includes('upstream-1')).length;
  assert.ok(first > 860 && first < 940, `${first} of 1000 went to the one with nine tenths of the weight`);
});

test('a wildcard carries the rest of the name upstream, the longest pattern first', async () => {
  const house = openHouse({
    deployments: [
      { alias: '*', model: '*' },
      { alias: 'team/*', model: 'company-*' },
    ],
    upstream: byHost({}),
  });
  await house.ask(chat, { ...question, model: 'team/large' });
  await house.ask(chat, { ...question, model: 'anything' });
  assert.deepEqual(
    house.received.map(({ body }) => body.model),
    ['company-large', 'anything'],
  );
});

test('an alias may stand for another, and hidden ones are not listed', async () => {
  const house = openHouse({
    deployments: [{ alias: 'real' }],
    aliases: [
      { name: 'short', target: 'real' },
      { name: 'secret', target: 'real', hidden: true },
    ],
    upstream: byHost({}),
  });
  assert.equal((await house.ask(chat, { ...question, model: 'secret' })).status, 200);
  const listed = (await house.ask('/v1/models')).json as { data: { id: string }[] };
  assert.deepEqual(
    listed.data.map(({ id }) => id),
    ['real', 'short'],
  );
});
