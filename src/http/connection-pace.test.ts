// Clients that ask faster than they read or are answered, read slowly, or asked whether to send a body and were not told to: what
// each may cost, and what each must still get.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { Outbox } from '../kit/outbox.ts';
import { Connection, type Exchange, type Host } from './connection.ts';

const kilobyte = 1024;
const answers: Record<string, Buffer> = {
  '/small': Buffer.alloc(4 * kilobyte, 'x'),
  '/large': Buffer.alloc(32 * kilobyte * kilobyte, 'x'),
};
const connections: Connection[] = [];
const taken: string[] = [];
let mostAhead = 0;
let read = 0;
/** A request whose answer takes its time. */
let pending: Exchange | null = null;

const host: Host = {
  limits: { headBytes: 16_384, headMs: 1_000, requestMs: 1_000, keepAliveMs: 1_000, stalledMs: 60_000 },
  outbox: new Outbox(),
  isClosing: false,
  take: (exchange: Exchange) => {
    const { target, fields } = exchange.head;
    taken.push(target);
    read += Number(fields['x-length'] ?? 0);
    mostAhead = Math.max(mostAhead, (connections.at(-1)?.socket.bytesRead ?? 0) - read);
    const body = answers[target];
    if (target === '/sink') {
      exchange.receive(
        5_000_000,
        (sent) => exchange.response.whole({ status: 200, headers: {} }, String(sent.length)),
        assert.fail,
      );
    } else if (target === '/slow') {
      pending = exchange;
      exchange.receive(0, () => undefined, assert.fail);
    } else if (body === undefined) {
      exchange.discard();
      exchange.response.whole({ status: 404, headers: {} }, 'none');
    } else exchange.receive(0, () => exchange.response.whole({ status: 200, headers: {} }, body), assert.fail);
  },
  refusal: () => 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n',
  broken: (error) => assert.fail(String(error)),
  closed: () => undefined,
};

const server = createServer((socket) => connections.push(new Connection(socket, host)));
before(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
after(() => {
  server.close();
  for (const { socket } of connections) socket.destroy();
});

/** Connects; returns both ends. The client's reads nothing yet. */
async function open(): Promise<{ client: Socket; connection: Connection }> {
  taken.length = 0;
  mostAhead = 0;
  read = 0;
  const arrived = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.pause();
  await Promise.all([arrived, once(client, 'connect')]);
  const connection = connections.at(-1);
  assert.ok(connection !== undefined);
  return { client, connection };
}

/** Resolves when the condition holds; the tries are bounded by the test's own time limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Reads until the other end closes; returns how many bytes there were, and the last of them as text. */
async function rest(client: Socket): Promise<{ bytes: number; tail: string }> {
  let bytes = 0;
  let tail = '';
  for await (const piece of client as AsyncIterable<Buffer>) {
    bytes += piece.length;
    tail = (tail + piece.toString('latin1')).slice(-kilobyte);
  }
  return { bytes, tail };
}

const limit = { timeout: 30_000 };

test(
  'a client that asks and asks and reads nothing is not read from either, and gets every answer once it reads',
  limit,
  async () => {
    const { client, connection } = await open();
    const pad = 'y'.repeat(200);
    const line = (close: string): string =>
      `GET /small HTTP/1.1\r\nHost: x\r\nX-Length: 999\r\nX-Pad: ${pad}\r\n${close}\r\n`;
    const one = line('').replace('999', String(line('').length));
    const requests = 6_000;
    client.write(one.repeat(requests - 1) + line('Connection: close\r\n'));
    await until(() => connection.socket.isPaused() && connection.socket.writableLength > 0);
    assert.ok(taken.length < requests, 'not all can have been answered');
    const { bytes } = await rest(client);
    assert.equal(taken.length, requests);
    assert.ok(bytes > requests * 4 * kilobyte);
    assert.ok(mostAhead <= 256 * kilobyte, `${mostAhead} bytes of requests waited for their turn`);
  },
);

/** One request that is not answered yet, and behind it more than may wait for its turn. */
async function openAhead(): Promise<{ client: Socket; connection: Connection; exchange: Exchange }> {
  const { client, connection } = await open();
  const ahead = `GET /small HTTP/1.1\r\nHost: x\r\nX-Pad: ${'y'.repeat(kilobyte)}\r\n\r\n`.repeat(kilobyte);
  client.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${ahead}`);
  await until(() => connection.socket.isPaused());
  assert.ok(pending !== null);
  return { client, connection, exchange: pending };
}

test('that a client goes is heard, however much it sent ahead', limit, async () => {
  const { client, connection, exchange } = await openAhead();
  let isGone = false;
  exchange.onGone = () => (isGone = true);
  client.end();
  connection.sweep(performance.now());
  await until(() => isGone);
  assert.deepEqual(taken, ['/slow']);
});

for (const [what, hasBegun] of [
  ['that has not begun', false],
  ['under way', true],
] as const) {
  test(
    `what was sent ahead of an answer ${what} is read over when it is too much, and the connection ends`,
    limit,
    async () => {
      const { client, connection, exchange } = await openAhead();
      if (hasBegun) exchange.response.begin({ status: 200, headers: {} });
      connection.sweep(performance.now());
      await until(() => connection.socket.bytesRead > kilobyte * kilobyte);
      if (hasBegun) {
        exchange.response.write('answered');
        exchange.response.end();
      } else exchange.response.whole({ status: 200, headers: {} }, 'answered');
      const { tail } = await rest(client);
      assert.match(tail, hasBegun ? /answered\r\n0\r\n\r\n$/ : /\r\nconnection: close\r\n.*\r\n\r\nanswered$/s);
      assert.deepEqual(taken, ['/slow']);
    },
  );
}

for (const close of ['', 'Connection: close\r\n']) {
  const what = close === '' ? 'an answer' : 'the last answer';
  test(`${what} is not cut off however slowly it is read: neither for idleness nor by a stop`, limit, async () => {
    const { client, connection } = await open();
    client.write(`GET /large HTTP/1.1\r\nHost: x\r\n${close}\r\n`);
    await until(() => connection.socket.writableLength > 0 && taken.length === 1);
    connection.sweep(performance.now() + 1_000_000);
    assert.equal(connection.isIdle, false);
    assert.equal(connection.socket.destroyed, false);
    if (close === '') client.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const { bytes, tail } = await rest(client);
    assert.ok(bytes > 32 * kilobyte * kilobyte);
    assert.match(tail, close === '' ? /\r\n\r\nnone$/ : /x{99}$/);
  });
}

test('a client that asked whether to send its body and was refused is not read from any more', limit, async () => {
  const { client } = await open();
  client.write('POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\nExpect: 100-continue\r\n\r\n');
  const [answer] = await once(client.resume(), 'data');
  assert.match(String(answer), /^HTTP\/1\.1 404 .*\r\nconnection: close\r\n/s);
  client.write('GET /small HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(client, 'close');
  assert.deepEqual(taken, ['/nowhere']);
});

test('a body in chunks of one byte takes no more memory than bytes do', limit, async () => {
  const { client } = await open();
  const bytes = 2_000_000;
  client.write('POST /sink HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n');
  const before = process.memoryUsage().rss;
  for (let sent = 0; sent < bytes; sent += 10_000)
    if (!client.write('1\r\nx\r\n'.repeat(10_000))) await once(client, 'drain');
  client.write('0\r\n\r\n');
  const { tail } = await rest(client);
  assert.match(tail, new RegExp(`\r\n\r\n${bytes}$`));
  // A Buffer of its own for each byte took 280 MB.
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 100_000_000, `${grown} bytes for ${bytes}`);
});
