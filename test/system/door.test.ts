// What only a real socket shows: pings in silence, a client's going, back-pressure, and a stop that drains.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { openServer, type Server } from '../../src/http/server.ts';
import { chatEvents, completion, type House, masterKey, openHouse, question, type Upstream } from './house.ts';

const chat = '/v1/chat/completions';
const asked = { ...question, stream: true };

async function open(upstream: Upstream, pingMs = 15_000): Promise<{ house: House; server: Server }> {
  const house = openHouse({ deployments: [{ alias: 'chat' }], upstream, pingMs });
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 1_000_000, keepAliveMs: 1_000, pingMs };
  return { house, server: await openServer(options, house.site.routes, house.site.edge) };
}

function post(server: Server, path: string, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' };
    const request = httpRequest(server.url + path, { method: 'POST', headers }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of answer) text += piece;
  return text;
}

/** Resolves when the condition holds; the tries are bounded by the test's own time limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a silent stream is kept alive by pings between its events, in each dialect', async () => {
  let release: () => void = () => undefined;
  const { server } = await open(() => {
    const silence = new Promise<void>((resolve) => (release = resolve));
    const events = chatEvents(['slow']);
    return {
      body: (async function* () {
        yield events[0] ?? '';
        await silence;
        yield* events.slice(1);
      })(),
    };
  }, 40);
  for (const [path, ping] of [
    [chat, ': ping\n\n'],
    ['/v1/messages', 'event: ping\n'],
  ] as const) {
    const answer = await post(server, path, { ...asked, max_tokens: 9 });
    let text = '';
    answer.on('data', (piece) => (text += piece));
    await until(() => text.split(ping).length > 3);
    release();
    await once(answer, 'end');
    assert.match(text, /slow/);
  }
  await server.drain(0);
});

test('an answer that is late begins with its head and a ping at once, not a whole silence later', async () => {
  const { house, server } = await open(() => new Promise(() => undefined));
  for (const [path, ping] of [
    [chat, ': ping'],
    ['/v1/messages', 'event: ping'],
  ] as const) {
    const before = house.received.length;
    const posting = post(server, path, { ...asked, max_tokens: 9 });
    await until(() => house.received.length > before);
    house.clock.pass(15_000);
    const answer = await posting;
    assert.match(String((await once(answer, 'data'))[0]), new RegExp(`^${ping}`));
    answer.destroy();
  }
  await server.drain(0);
});

test('a client that closes its socket aborts the upstream, in mid-stream and before the first byte', async () => {
  const events = chatEvents(['a']);
  const { house, server } = await open(({ body }) =>
    body.stream === true
      ? {
          body: (async function* () {
            yield events[0] ?? '';
            await new Promise(() => undefined);
          })(),
        }
      : new Promise(() => undefined),
  );
  const answer = await post(server, chat, asked);
  await once(answer, 'data');
  answer.destroy();
  const whole = httpRequest(server.url + chat, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}` },
  });
  whole.on('error', () => undefined);
  whole.end(JSON.stringify(question));
  await until(() => house.received.length === 2);
  whole.destroy();
  await until(() => house.received.every(({ signal }) => signal.aborted));
  await until(() => house.rows.length === 2);
  assert.deepEqual(
    house.rows.map(({ outcome, status }) => [outcome, status]),
    [
      ['abandoned', 499],
      ['abandoned', 499],
    ],
  );
  assert.deepEqual(house.warnings, []);
  await server.drain(0);
});

test('a slow reader holds back the upstream instead of filling memory', async () => {
  let given = 0;
  const word = 'x'.repeat(16_384);
  const [event = ''] = chatEvents([word]).slice(1);
  const { server } = await open(() => ({
    body: (async function* () {
      for (; given < 10_000; given++) yield event;
      yield* chatEvents([]).slice(1);
    })(),
  }));
  const answer = await post(server, chat, asked);
  answer.pause();
  let before = -1;
  while (before !== given) {
    before = given;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(given < 2_000, `${given} events of 16 KB were taken while nobody read`);
  answer.destroy();
  await server.drain(0);
});

test('a stop takes no new requests and lets a running stream finish', async () => {
  let release: () => void = () => undefined;
  const silence = new Promise<void>((resolve) => (release = resolve));
  const events = chatEvents(['drained']);
  const { house, server } = await open(() => ({
    body: (async function* () {
      yield events[0] ?? '';
      await silence;
      yield* events.slice(1);
    })(),
  }));
  const answer = await post(server, chat, asked);
  const reading = textOf(answer);
  const drained = server.drain(10_000);
  await assert.rejects(post(server, chat, question));
  release();
  await drained;
  assert.match(await reading, /drained[\s\S]*\[DONE\]/);
  assert.equal(house.rows[0]?.outcome, 'success');
});

test("a stream that outlives the grace of a stop gets its dialect's error, and its row says that it was us", async () => {
  const events = chatEvents(['begun']);
  const { house, server } = await open(() => ({
    body: (async function* () {
      yield events[0] ?? '';
      await new Promise(() => undefined);
    })(),
  }));
  const answers = [await post(server, chat, asked), await post(server, '/v1/messages', { ...asked, max_tokens: 9 })];
  const texts = answers.map(textOf);
  await server.drain(20);
  assert.match((await texts[0]) ?? '', /"draining"/);
  assert.match((await texts[1]) ?? '', /event: error\ndata: .*shutting down/);
  assert.deepEqual(
    house.rows.map(({ outcome, status, errorCode }) => [outcome, status, errorCode]),
    Array(2).fill(['failure', 503, 'draining']),
  );
});

test('during a stop, a request on an open connection is refused in its dialect, with a row, and may come again', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { house, server } = await open(async () => {
    await held;
    return { body: completion('x') };
  });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  let heard = '';
  socket.on('data', (text) => (heard += text));
  const body = JSON.stringify({ ...question, max_tokens: 9 });
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${masterKey}\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body + head + body);
  await until(() => house.received.length === 1);
  const drained = server.drain(5_000);
  release();
  await drained;
  await until(() => socket.destroyed);
  const [, refusal = ''] = heard.split('HTTP/1.1 503');
  assert.match(refusal, /retry-after: 1\r\n/i);
  assert.match(refusal, /"type":"error"/);
  assert.deepEqual(house.rows.map(({ outcome, errorCode }) => [outcome, errorCode]).sort(), [
    ['refused', 'draining'],
    ['success', null],
  ]);
});

test('a known path with another method is refused with the methods it takes', async () => {
  const { server } = await open(() => ({ body: completion('x') }));
  for (const [method, path, allowed] of [
    ['GET', chat, 'POST'],
    ['DELETE', '/v1/models', 'GET, HEAD'],
    ['POST', '/v1/models/some/name', 'GET, HEAD'],
  ] as const) {
    const answer = await fetch(server.url + path, { method });
    assert.equal(answer.status, 405, path);
    assert.equal(answer.headers.get('allow'), allowed);
    assert.match(await answer.text(), /method_not_allowed/);
  }
  await server.drain(0);
});

test('a body beyond the limit leaves a usage row, declared or not, and its connection stays sound', async () => {
  const { house, server } = await open(() => ({ body: completion('x') }));
  const tooLong = JSON.stringify({ ...question, filler: 'x'.repeat(1_000_001) });
  const headers = { authorization: `Bearer ${masterKey}` };
  const declared = await fetch(server.url + chat, { method: 'POST', headers, body: tooLong });
  const chunked = await fetch(server.url + chat, {
    method: 'POST',
    headers,
    body: new Blob([tooLong]).stream(),
    duplex: 'half',
  });
  for (const answer of [declared, chunked]) {
    assert.equal(answer.status, 413);
    assert.match(await answer.text(), /body_too_large/);
  }
  assert.equal(
    (await fetch(server.url + chat, { method: 'POST', headers, body: JSON.stringify(question) })).status,
    200,
  );
  assert.deepEqual(
    house.rows.map(({ outcome, status }) => [outcome, status]),
    [
      ['refused', 413],
      ['refused', 413],
      ['success', 200],
    ],
  );
  await server.drain(0);
});

test('what is not HTTP is refused in words and the socket closed', async () => {
  const { server } = await open(() => ({ body: completion('x') }));
  const { hostname, port } = new URL(server.url);
  for (const [sent, status, code] of [
    ['GARBAGE\r\n\r\n', 400, 'request_malformed'],
    [`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400, 'request_malformed'],
  ] as const) {
    const socket = connect(Number(port), hostname);
    socket.write(sent);
    const heard = await textOf(socket as unknown as IncomingMessage);
    assert.match(heard, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(heard, new RegExp(code));
  }
  await server.drain(0);
});

test('a stop does not wait longer than its grace', async () => {
  const { house, server } = await open(() => new Promise(() => undefined));
  const answering = post(server, chat, question).catch(() => undefined);
  await until(() => house.received.length === 1);
  await server.drain(20);
  await answering;
  assert.equal(house.received[0]?.signal.aborted, true);
});

test('whoever still waits for an answer when the grace is over is told of the stop, not that they had gone', async () => {
  const { house, server } = await open(() => new Promise(() => undefined));
  const claude = { ...question, max_tokens: 9 };
  const answering = [
    post(server, chat, question),
    post(server, chat, asked),
    post(server, '/v1/messages', claude),
    post(server, '/v1/embeddings', { model: 'chat', input: 'words' }),
  ];
  await until(() => house.received.length === answering.length);
  await server.drain(20);
  for (const answer of await Promise.all(answering)) {
    assert.equal(answer.statusCode, 503);
    assert.match(await textOf(answer), /shutting down/);
  }
  assert.deepEqual(
    house.rows.map(({ outcome, status, errorCode }) => [outcome, status, errorCode]),
    Array(answering.length).fill(['failure', 503, 'draining']),
  );
});

test('HEAD / answers, and a body is not sent with it', async () => {
  const { server } = await open(() => ({ body: completion('x') }));
  const response = await fetch(`${server.url}/`, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
  await server.drain(0);
});

test('liveness and readiness answer without a key, under every name', async () => {
  const { server } = await open(() => ({ body: completion('x') }));
  for (const path of ['/healthz', '/readyz', '/health/liveliness', '/health/liveness', '/health/readiness']) {
    assert.equal((await fetch(server.url + path)).status, 200, path);
  }
  const readiness = (await (await fetch(`${server.url}/health/readiness`)).json()) as Record<string, unknown>;
  assert.equal(readiness.status, 'connected');
  assert.equal(typeof readiness.litellm_version, 'string');
  await server.drain(0);
});

test('streams that outlive the grace are let go, and their rows are there when the stop is done', async () => {
  const events = chatEvents(['a']);
  const { house, server } = await open(() => ({
    body: (async function* () {
      yield events[0] ?? '';
      await new Promise(() => undefined);
    })(),
  }));
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(server, chat, asked)));
  for (const answer of answers) answer.on('error', () => undefined).resume();
  await server.drain(20);
  assert.equal(house.rows.length, 20);
  assert.ok(house.received.every(({ signal }) => signal.aborted));
});

test('a path that cannot be read is refused in words, not by a bare line', async () => {
  const { server } = await open(() => ({ body: completion('x') }));
  for (const path of ['/v1/models/%zz', `/v1/models/${'x'.repeat(600)}`]) {
    const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${masterKey}` } });
    assert.ok(answer.status === 400 || answer.status === 404, String(answer.status));
    const { error } = (await answer.json()) as { error: { message: string; reason: string } };
    assert.equal(typeof error.reason, 'string');
  }
  await server.drain(0);
});
