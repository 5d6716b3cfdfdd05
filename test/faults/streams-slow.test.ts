// Clients that take their time over sending or reading, and clients that come in crowds: each is bounded, in time and in number,
// and nobody else is kept waiting. The bounds are handed in small.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { openServer, type Server, type ServerOptions } from '../../src/http/server.ts';
import { chatEvents, completion, type House, masterKey, openHouse, question, type Upstream } from '../system/house.ts';

const limit = { timeout: 30_000 };
const options = { host: '127.0.0.1', port: 0, bodyLimit: 1_000_000, keepAliveMs: 60_000, pingMs: 15_000 };
const closing: Server[] = [];
after(async () => {
  for (const server of closing) await server.drain(0);
});

async function open(upstream: Upstream, own: Partial<ServerOptions>): Promise<{ house: House; server: Server }> {
  const house = openHouse({ deployments: [{ alias: 'chat', parameters: { maxParallel: 1 } }], upstream });
  const server = await openServer({ ...options, ...own }, house.site.routes, house.site.edge);
  closing.push(server);
  return { house, server };
}

function dial(server: Server): Socket {
  const { hostname, port } = new URL(server.url);
  return connect(Number(port), hostname).on('error', () => undefined);
}

const written = (body: object, length = 0): string => {
  const text = JSON.stringify(body);
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${masterKey}\r\ncontent-length: ${length || text.length}\r\n\r\n${text}`;
};

/** Resolves with all that was said when the other end closes. */
async function heardFrom(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (bytes) => (heard += bytes));
  await once(socket, 'close');
  return heard;
}

async function isServed(server: Server): Promise<void> {
  const headers = { authorization: `Bearer ${masterKey}`, connection: 'close' };
  const body = JSON.stringify(question);
  const answer = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

for (const [what, pingMs] of [
  ['', 15_000],
  [', pings or not', 20],
] as const) {
  test(`a client that stops reading a stream for good is given up, and its place is free${what}`, limit, async () => {
    const [event = ''] = chatEvents(['x'.repeat(16_384)]).slice(1);
    const { house, server } = await open(
      ({ body }) =>
        body.stream === true
          ? {
              body: (async function* () {
                for (;;) yield event;
              })(),
            }
          : { body: completion('fine') },
      { pingMs, limits: { stalledMs: 200 } },
    );
    const client = dial(server);
    client.write(written({ ...question, stream: true }));
    await once(client, 'data');
    client.pause();
    while (house.rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const { outcome, errorCode } = house.rows[0] ?? {};
    assert.deepEqual({ outcome, errorCode }, { outcome: 'abandoned', errorCode: 'client_gone' });
    assert.equal(house.received[0]?.signal.aborted, true);
    await isServed(server);
    client.destroy();
  });
}

const fine: Upstream = () => ({ body: completion('fine') });

/** Sends a byte now and then until it is told to stop. */
function trickle(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text.charAt(at++ % text.length)), 10);
  socket.on('close', () => clearInterval(timer));
}

for (const [what, first, more] of [
  ['says nothing', '', ''],
  ['sends a head byte by byte', 'GET / HTTP/1.1\r\nhost: x\r\n', 'x-a: b\r\n'],
  ['sends a body byte by byte', written({}, 100_000), 'x'],
  [
    'sends a chunked body byte by byte',
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${masterKey}\r\ntransfer-encoding: chunked\r\n\r\n`,
    '1\r\nx\r\n',
  ],
] as const) {
  test(`a client that ${what} is told off in time, a hundred of them as well as one`, limit, async () => {
    const { server } = await open(fine, { limits: { headMs: 150, requestMs: 150 } });
    const clients = Array.from({ length: 100 }, () => dial(server));
    for (const client of clients) {
      if (first !== '') client.write(first);
      if (more !== '') trickle(client, more);
    }
    await isServed(server);
    for (const heard of await Promise.all(clients.map(heardFrom)))
      assert.match(heard, /^HTTP\/1\.1 408 .*\r\nconnection: close\r\n.*request_too_slow/s);
    await isServed(server);
  });
}

test('of a body that nobody we know sends, no more is awaited than its head', limit, async () => {
  const { house, server } = await open(fine, {});
  for (const [head, status, code] of [
    ['POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n', 401, 'key_missing'],
    ['POST /key/generate HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n', 401, 'key_missing'],
    ['GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n', 413, 'body_too_large'],
  ] as const) {
    const client = dial(server);
    client.write(head);
    const [heard] = await once(client, 'data');
    assert.match(String(heard), new RegExp(`^HTTP/1.1 ${status} .*${code}`, 's'));
    client.destroy();
  }
  assert.equal(house.received.length, 0);
});

test('connections beyond the bound are closed at once; one that ends makes room', limit, async () => {
  const { server } = await open(fine, { clientConnections: 3 });
  const asked = written(question);
  const guests = [dial(server), dial(server), dial(server)];
  for (const guest of guests) {
    guest.write(asked);
    assert.match(String(await once(guest, 'data')), /HTTP\/1\.1 200/);
  }
  const crowd = Array.from({ length: 50 }, () => dial(server));
  for (const heard of await Promise.all(crowd.map(heardFrom))) assert.equal(heard, '');
  guests[0]?.write(asked);
  assert.match(String(await once(guests[0] ?? dial(server), 'data')), /HTTP\/1\.1 200/);
  guests[1]?.destroy();
  for (let isIn = false; !isIn; ) {
    const next = dial(server);
    next.write(asked);
    isIn = await Promise.race([once(next, 'data').then(() => true), once(next, 'close').then(() => false)]);
  }
  for (const guest of guests) guest.destroy();
});

test('floods of headers are refused at the bound, and nobody else waits', limit, async () => {
  const { house, server } = await open(fine, {});
  for (const [flood, status] of [
    [`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(1_000_000)}`, 431],
    [`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(300)}\r\n`, 400],
    [`GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(10_000_000)}`, 431],
    [`GET /${'a'.repeat(10_000_000)}`, 431],
    ['\r\n'.repeat(1_000_000), 400],
  ] as const) {
    const client = dial(server);
    client.write(flood);
    assert.match(await heardFrom(client), new RegExp(`^HTTP/1.1 ${status} `));
  }
  await isServed(server);
  assert.equal(house.received.length, 1);
});
