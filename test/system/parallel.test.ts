// max_parallel_requests of a deployment (contracts 8.7): beyond it requests wait; none fails for it, and none is forgotten.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, openHouse, piecesIn, question, type Scripted } from './house.ts';

const chat = '/v1/chat/completions';
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a deployment gets no more requests at once than it takes; the rest wait their turn', async () => {
  const pending: ((scripted: Scripted) => void)[] = [];
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { maxParallel: 2 } }],
    upstream: () => new Promise<Scripted>((resolve) => pending.push(resolve)),
  });
  const asking = Array.from({ length: 5 }, () => house.ask(chat, question));
  for (const expected of [2, 3, 4, 5, 5]) {
    await turn();
    assert.equal(house.received.length, expected);
    pending.shift()?.({ body: completion('well') });
  }
  assert.deepEqual(
    (await Promise.all(asking)).map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
});

test('workers share out the places of a deployment, all of them, and have one each where there are fewer', async () => {
  const placesOf = async (maxParallel: number, index: number) => {
    const house = openHouse({
      deployments: [{ alias: 'chat', parameters: { maxParallel } }],
      crew: { index, size: 3 },
      upstream: () => new Promise<Scripted>(() => undefined),
    });
    for (let time = 0; time < 10; time++) void house.ask(chat, question);
    await turn();
    return house.received.length;
  };
  assert.deepEqual(await Promise.all([1, 2, 3].map((index) => placesOf(8, index))), [3, 3, 2]);
  assert.deepEqual(await Promise.all([1, 2, 3].map((index) => placesOf(2, index))), [1, 1, 1]);
});

test('one with room is asked before one that is full', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'chat', parameters: { maxParallel: 1 } },
      { alias: 'chat', parameters: { maxParallel: 0 } },
    ],
    upstream: ({ origin }) =>
      origin.includes('upstream-1') ? new Promise<Scripted>(() => undefined) : { body: completion('second') },
  });
  void house.ask(chat, question);
  await turn();
  assert.match((await house.ask(chat, question)).text, /second/);
});

test('a stream keeps its place until its end, and a client that leaves while it waits takes none', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { maxParallel: 1 } }],
    upstream: ({ body }) => ({ body: body.stream === true ? chatEvents(['a']) : completion('well') }),
  });
  const reply = await house.open(chat, { ...question, stream: true });
  const gone = new AbortController();
  const left = house.ask(chat, question, { gone: gone.signal });
  const stays = house.ask(chat, question);
  await turn();
  assert.equal(house.received.length, 1);
  gone.abort();
  await left;
  assert.equal(house.rows[0]?.outcome, 'abandoned');
  await turn();
  assert.equal(house.received.filter(({ signal }) => !signal.aborted).length, 1);
  for await (const _ of piecesIn(reply.body));
  assert.equal((await stays).status, 200);
});

test('a request waits for room no longer than its call may take, and is then told why', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { maxParallel: 1 } }],
    upstream: () => new Promise<Scripted>(() => undefined),
    router: { retries: 0 },
  });
  void house.ask(chat, question);
  await turn();
  const waiting = house.ask(chat, { ...question, timeout: 2 });
  await turn();
  house.clock.pass(2_001);
  const reply = await waiting;
  assert.equal(reply.status, 408);
  assert.match(reply.text, /none of the 1 places of the deployment became free within 2 seconds/);
  assert.equal(house.received.length, 1);
});
