// Streams that go wrong: what was there before is not lost, what is left is not read, and the error is the dialect's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, openHouse, piecesIn, question, type Scripted } from './house.ts';

const chat = '/v1/chat/completions';
const messages = '/v1/messages';
const asked = { ...question, stream: true, max_tokens: 9 };
const stream = (...body: string[]): Scripted => ({ headers: { 'content-type': 'text/event-stream' }, body });
const failure = 'data: {"error":{"message":"overloaded","code":503}}\n\n';
const alone = { router: { retries: 0 } };

/** Says these pieces and then nothing, for ever. */
async function* andSilence(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces;
  await new Promise(() => undefined);
}

test('a stream that begins with an error is let go, however long it would have gone on', async () => {
  for (const path of [chat, messages]) {
    const house = openHouse({
      deployments: [{ alias: 'chat' }],
      upstream: () => ({ body: andSilence(failure) }),
      ...alone,
    });
    assert.equal((await house.ask(path, asked)).status, 503);
    assert.equal(house.received[0]?.signal.aborted, true);
  }
});

test('words that came in one piece with an error reach the client before it', async () => {
  const [first = '', second = ''] = chatEvents(['early']);
  for (const path of [chat, messages]) {
    const house = openHouse({
      deployments: [{ alias: 'chat' }],
      upstream: () => stream(first, second.repeat(2) + failure),
      ...alone,
    });
    const { text } = await house.ask(path, asked);
    assert.equal(text.split('early').length, 3, text);
    assert.match(text, /overloaded/);
    assert.equal(house.rows[0]?.outcome, 'failure');
    assert.equal(house.rows[0]?.errorCode, 'upstream_unavailable');
  }
});

test('a first piece that holds an error is no beginning: the next deployment is asked', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: ({ origin }) =>
      origin.includes('upstream-1')
        ? stream(chatEvents(['early']).slice(0, 2).join('') + failure)
        : stream(...chatEvents(['fine'])),
  });
  const { text } = await house.ask(chat, asked);
  assert.match(text, /fine/);
  assert.doesNotMatch(text, /early|overloaded/);
});

test('comments of a provider are no beginning either', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'chat' }],
    upstream: ({ origin }) =>
      origin.includes('upstream-1')
        ? stream(': PROCESSING\n\n', ': PROCESSING\n\n', failure)
        : stream(': PROCESSING\n\n', ...chatEvents(['fine'])),
  });
  const { text } = await house.ask(chat, asked);
  assert.match(text, /^: PROCESSING\n\ndata: [\s\S]*fine/);
});

test('a provider that comments on and on before its first word fills no memory', async () => {
  const comment = `: ${'x'.repeat(1022)}\n\n`;
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => stream(...Array(1_000).fill(comment), ...chatEvents(['fine'])),
  });
  const { text } = await house.ask(chat, asked);
  assert.match(text, /fine[\s\S]*\[DONE\]\n\n$/);
  assert.ok(text.startsWith(comment));
  assert.ok(text.length < 70_000, `${text.length} bytes were kept`);
});

test('a stream cut anywhere ends with upstream_cut, in the middle of the usage too', async () => {
  const whole = chatEvents(['a']).slice(0, -1).join('').trimEnd();
  const begin = whole.indexOf('\n\n') + 2;
  for (const path of [chat, messages]) {
    for (let end = begin; end < whole.length; end++) {
      const house = openHouse({
        deployments: [{ alias: 'chat' }],
        upstream: () => stream(whole.slice(0, begin), whole.slice(begin, end)),
      });
      const { text } = await house.ask(path, asked);
      for (const line of text.split('\n').filter((one) => one.startsWith('data: {'))) JSON.parse(line.slice(6));
      const [row] = house.rows;
      assert.equal(house.rows.length, 1);
      if (row?.outcome !== 'success') {
        assert.match(row?.errorCode ?? '', /^upstream_(cut|garbled)$/, whole.slice(begin, end));
      }
    }
  }
});

test("an event without its closing blank line keeps its name when it is the stream's last", async () => {
  const events = [
    ['message_start', { message: { id: 'msg_1', role: 'assistant', content: [], usage: { input_tokens: 1 } } }],
    ['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }],
    ['message_stop', {}],
  ] as const;
  const said = events.map(([type, rest]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
  const house = openHouse({
    deployments: [{ alias: 'chat', provider: 'anthropic', baseUrl: 'http://anthropic.test' }],
    upstream: () => stream(said.join('').trimEnd()),
  });
  const { text } = await house.ask(messages, asked);
  assert.equal(text.trimEnd(), said.join('').trimEnd());
  assert.ok(text.endsWith('\n\n'));
});

test('what a stream takes after its first words is not our overhead', async () => {
  let go: () => void = () => undefined;
  const pause = new Promise<void>((resolve) => (go = resolve));
  const events = chatEvents(['slow']);
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => ({
      body: (async function* () {
        yield events[0] ?? '';
        await pause;
        yield* events.slice(1);
      })(),
    }),
  });
  const reply = await house.open(chat, asked);
  house.clock.pass(30_000);
  go();
  for await (const _ of piecesIn(reply.body));
  assert.equal(house.rows[0]?.totalMs, 30_000);
  assert.equal(house.rows[0]?.overheadMs, 0);
});

test('a stream that falls silent is given up after ten minutes, however long its deployment may take', async () => {
  const [first = '', second = ''] = chatEvents(['early', 'later']);
  let goOn: () => void = () => undefined;
  const pause = new Promise<void>((resolve) => (goOn = resolve));
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { timeoutMs: 6_000_000 } }],
    upstream: () => ({
      body: (async function* () {
        yield first;
        await pause;
        yield* andSilence(second);
      })(),
    }),
  });
  const reply = await house.open(chat, asked);
  const pieces = piecesIn(reply.body);
  await pieces.next();
  const later = pieces.next();
  house.clock.pass(300_000);
  goOn();
  await later;
  const last = pieces.next();
  house.clock.pass(599_000);
  assert.equal(house.received[0]?.signal.aborted, false);
  house.clock.pass(1_000);
  assert.match(String((await last).value), /no more of one, within 600 seconds/);
  assert.equal(house.received[0]?.signal.aborted, true);
  assert.equal(house.rows[0]?.errorCode, 'upstream_timeout');
});

test('a stream that begins late may be silent for no longer', async () => {
  let begin: () => void = () => undefined;
  const pause = new Promise<void>((resolve) => (begin = resolve));
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { timeoutMs: 6_000_000 } }],
    upstream: () => ({
      body: (async function* () {
        await pause;
        yield* andSilence(chatEvents(['late'])[0] ?? '');
      })(),
    }),
    pingMs: 15_000,
  });
  const opening = house.open(chat, asked);
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(601_000);
  const pieces = piecesIn((await opening).body);
  const first = pieces.next();
  begin();
  await first;
  const last = pieces.next();
  await new Promise((resolve) => setImmediate(resolve));
  house.clock.pass(599_000);
  assert.equal(house.received[0]?.signal.aborted, false);
  house.clock.pass(1_000);
  assert.equal(house.received[0]?.signal.aborted, true);
  assert.match(String((await last).value), /within 600 seconds/);
});

test('an answer may take as long as its deployment may, and no longer', async () => {
  let answer: (scripted: Scripted) => void = () => undefined;
  const house = openHouse({
    deployments: [{ alias: 'chat', parameters: { timeoutMs: 6_000_000 } }],
    upstream: () => new Promise<Scripted>((resolve) => (answer = resolve)),
    ...alone,
  });
  const first = house.ask(chat, question);
  house.clock.pass(5_999_000);
  answer({ body: completion('late') });
  assert.equal((await first).status, 200);
  const second = house.ask(chat, question);
  house.clock.pass(6_000_000);
  assert.equal(house.received[1]?.signal.aborted, true);
  answer({ body: completion('late') });
  assert.equal((await second).status, 408);
});

test('a redirect is not an answer', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }],
    upstream: () => ({ status: 301, headers: { location: 'http://elsewhere.test' }, body: '<html>moved</html>' }),
  });
  const reply = await house.ask(chat, question);
  assert.equal(reply.status, 404);
  assert.match(reply.text, /moved/);
});
