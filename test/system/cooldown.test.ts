// Who may put a deployment to rest, and whom that rest may keep out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, openHouse, question, type Received, type Scripted, type TestClock } from './house.ts';

const chat = '/v1/chat/completions';
const failing: Scripted = { status: 500, body: { error: { message: 'broken' } } };
const unknown: Scripted = { status: 404, body: { error: { message: 'no such model' } } };
const busy: Scripted = { status: 429, body: { error: { message: 'slow down' } } };
const forever = new Promise<Scripted>(() => undefined);

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function hurry<T>(clock: TestClock, asking: Promise<T>): Promise<T> {
  let settled = false;
  const watched = asking.finally(() => (settled = true));
  while (!settled) {
    await turn();
    if (!settled && clock.waiting > 0) clock.pass(1_000);
  }
  return watched;
}

const toFirst = ({ origin }: Received): boolean => origin.includes('upstream-1');

test('a deadline a client chose for itself says nothing of the deployment', async () => {
  let answers: Scripted | Promise<Scripted> = forever;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare' }],
    aliases: [{ name: 'chat', fallbacks: ['spare'] }],
    upstream: (received) => (toFirst(received) ? answers : { body: completion('spare') }),
    router: { retries: 0 },
  });
  const impatient = house.ask(chat, { ...question, timeout: 0.001 });
  await turn();
  house.clock.pass(2);
  assert.match((await impatient).text, /spare/);
  answers = { body: completion('first') };
  assert.match((await house.ask(chat, question)).text, /first/);
});

test('a model nobody has, asked for through a wildcard, does not put the wildcard to rest', async () => {
  for (const refusal of [unknown, busy]) {
    const house = openHouse({
      deployments: [{ alias: 'team/*', model: '*' }, { alias: 'spare' }],
      aliases: [{ name: 'team/*', fallbacks: ['spare'] }],
      upstream: ({ body }) => (body.model === 'junk' ? refusal : { body: completion(`from ${body.model}`) }),
      router: { retries: 0 },
    });
    await house.ask(chat, { ...question, model: 'team/junk' });
    assert.match((await house.ask(chat, { ...question, model: 'team/good' })).text, /from good/);
  }
});

test('a wildcard whose provider is down rests like any other', async () => {
  const house = openHouse({
    deployments: [{ alias: 'team/*', model: '*' }, { alias: 'spare' }],
    aliases: [{ name: 'team/*', fallbacks: ['spare'] }],
    upstream: (received) => (toFirst(received) ? failing : { body: completion('spare') }),
    router: { retries: 0 },
  });
  for (let n = 0; n < 5; n++) assert.match((await house.ask(chat, { ...question, model: 'team/x' })).text, /spare/);
  assert.equal(house.received.filter(toFirst).length, 1);
});

test('a request that has nowhere else to go is not kept out by a rest that others caused', async () => {
  let answers: Scripted = failing;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare' }],
    upstream: (received) => (toFirst(received) ? answers : { body: completion('spare') }),
    router: { retries: 0 },
  });
  assert.match((await house.ask(chat, { ...question, fallbacks: ['spare'] })).text, /spare/);
  answers = { body: completion('first') };
  assert.match((await house.ask(chat, question)).text, /first/);
});

test('a deployment asked for by its id is asked, resting or not', async () => {
  let answers: Scripted = failing;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: (received) => (toFirst(received) ? answers : { body: completion('second') }),
    router: { retries: 1 },
  });
  await house.ask(chat, question);
  answers = { body: completion('first') };
  assert.match((await house.ask(chat, { ...question, model: 'd1' })).text, /first/);
});

test('a fallback that does not exist is nowhere to go, so the only deployment does not rest', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream: () => failing, router: { retries: 0 } });
  for (let n = 0; n < 2; n++) {
    assert.equal((await house.ask(chat, { ...question, fallbacks: ['nobody', 'chat'] })).status, 500);
  }
});

test('only the probe ends the probing: an old request that ends meanwhile lets nobody else through', async () => {
  const pending: ((scripted: Scripted) => void)[] = [];
  let holds = true;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: (received) => {
      if (!toFirst(received)) return { body: completion('second') };
      return holds ? new Promise<Scripted>((resolve) => pending.push(resolve)) : failing;
    },
    router: { retries: 1 },
  });
  const old = house.ask(chat, question);
  await turn();
  holds = false;
  await house.ask(chat, question);
  house.clock.pass(5_001);
  holds = true;
  const probe = house.ask(chat, question);
  await turn();
  pending[0]?.({ status: 400, body: { error: { message: 'odd' } } });
  await old;
  const before = house.received.filter(toFirst).length;
  assert.match((await house.ask(chat, question)).text, /second/);
  assert.equal(house.received.filter(toFirst).length, before);
  pending[1]?.(failing);
  assert.equal((await hurry(house.clock, probe)).status, 200);
});

test('a provider that asks to be left alone for days is probed within the hour', async () => {
  let answers: Scripted = { ...busy, headers: { 'retry-after': '999999999' } };
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: (received) => (toFirst(received) ? answers : { body: completion('second') }),
  });
  await house.ask(chat, question);
  answers = { body: completion('first') };
  house.clock.pass(3_600_001);
  assert.match((await house.ask(chat, question)).text, /first/);
});

test('a fault of our own in one request does not put the deployment to rest', async () => {
  let odd = true;
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare' }],
    aliases: [{ name: 'chat', fallbacks: ['spare'] }],
    upstream: (received) => {
      if (toFirst(received) && odd) throw new TypeError('a bug');
      return { body: completion(toFirst(received) ? 'first' : 'spare') };
    },
    router: { retries: 0 },
  });
  await house.ask(chat, question);
  odd = false;
  assert.match((await house.ask(chat, question)).text, /first/);
});

test('a deployment whose streams keep breaking off is put to rest, as one that fails at once is', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'spare' }],
    aliases: [{ name: 'chat', fallbacks: ['spare'] }],
    upstream: (received) => ({ body: toFirst(received) ? chatEvents(['half']).slice(0, 2) : chatEvents(['spare']) }),
    router: { retries: 0, allowedFails: 1 },
  });
  const ask = async () => (await house.ask(chat, { ...question, stream: true })).text;
  assert.match(await ask(), /half[\s\S]*upstream_cut/);
  assert.match(await ask(), /half[\s\S]*upstream_cut/);
  assert.match(await ask(), /spare[\s\S]*\[DONE\]/);
});
