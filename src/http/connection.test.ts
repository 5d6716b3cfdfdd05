// What our door reads, Node's own reader (llhttp) must read in the same way: a message that two readers understand differently
// is how requests are smuggled. Ours may refuse more, never less.
import assert from 'node:assert/strict';
import { createServer as createHttpServer, METHODS } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { Outbox } from '../kit/outbox.ts';
import { Connection, type Exchange, type Host } from './connection.ts';

interface Read {
  readonly method: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let ours: Read[] = [];
let nodes: Read[] = [];

const host: Host = {
  limits: { headBytes: 16_384, headMs: 1_000, requestMs: 1_000, keepAliveMs: 1_000, stalledMs: 60_000 },
  outbox: new Outbox(),
  isClosing: false,
  take: (exchange: Exchange) => {
    const { method, target, fields } = exchange.head;
    const answer = (body: Buffer): void => {
      ours.push({ method, target, fields, body: body.toString('latin1') });
      exchange.response.whole({ status: 200, headers: {} }, 'x', method === 'HEAD');
    };
    exchange.receive(1_000_000, answer, () => assert.fail('too large'));
  },
  refusal: () => 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n',
  broken: (error) => assert.fail(String(error)),
  closed: () => undefined,
};

const connections: Connection[] = [];
const ourServer = createServer((socket) => connections.push(new Connection(socket, host)));
const nodeServer = createHttpServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    nodes.push({ method, target: url, fields: headers, body: Buffer.concat(chunks).toString('latin1') });
    response.end('x');
  });
});
nodeServer.on('clientError', (_error, socket) => socket.destroy());

before(async () => {
  for (const server of [ourServer, nodeServer]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
after(() => {
  ourServer.close();
  nodeServer.close();
});

const silenceMs = 250;

/** Sends bytes; resolves when the server has let go. */
function send(server: Server | ReturnType<typeof createHttpServer>, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(text, 'latin1');
    // Only a request that waits for more than there is comes to this.
    socket.setTimeout(silenceMs, () => socket.destroy());
  });
}

const bodies: readonly string[] = [
  'POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
  'POST /v1/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n',
  'GET /v1/models?a=b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST / HTTP/1.0\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi',
];
/** Whoever reads it hangs up after its answer, so nobody has to wait for the end. */
const canary = 'GET /canary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const odd = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '5',
  'a',
  '\x0b',
  '\x7f',
  '\xa0',
  'chunked',
  '+',
  '-',
  '0x',
];

/** A request with a few bytes put in, taken out or changed, and another one behind it. */
const spoilt = fc
  .tuple(
    fc.constantFrom(...bodies),
    fc.array(fc.tuple(fc.nat(160), fc.nat(2), fc.constantFrom(...odd)), { minLength: 0, maxLength: 3 }),
  )
  .map(([text, edits]) =>
    edits.reduce(
      (now, [at, taken, put]) => now.slice(0, at % now.length) + put + now.slice((at % now.length) + taken),
      text,
    ),
  );

function readAlike(mine: readonly Read[], theirs: readonly Read[]): void {
  for (const [index, read] of mine.entries()) {
    if (!METHODS.includes(read.method) || read.method === 'CONNECT') return;
    const other = theirs[index];
    assert.ok(other !== undefined, `we read what Node refuses: ${JSON.stringify(read)}`);
    const target = other.target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
    assert.deepEqual(read, { ...other, target, fields: { ...other.fields } });
  }
}

test('what we read of a spoilt request, Node reads alike; what we refuse, we refuse whole', async () => {
  await fc.assert(
    fc.asyncProperty(spoilt, async (text) => {
      ours = [];
      nodes = [];
      await Promise.all([send(ourServer, text + canary), send(nodeServer, text + canary)]);
      readAlike(ours, nodes);
    }),
    { numRuns: 500 },
  );
});

test('sound requests are read, one after the other, whatever their framing', async () => {
  ours = [];
  await send(ourServer, `${bodies[0]}${bodies[1]}\r\n${bodies[2]}${canary}`);
  assert.deepEqual(
    ours.map(({ target, body }) => [target, body]),
    [
      ['/v1/chat', 'hello'],
      ['/v1/chat', 'hello'],
      ['/v1/models?a=b', ''],
      ['/canary', ''],
    ],
  );
});

/** Sends text and lets so much time pass; resolves with what came back when the connection is closed. */
async function afterWaiting(text: string, ms: number): Promise<string> {
  connections.length = 0;
  const socket = connect((ourServer.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  let heard = '';
  socket.on('data', (more) => {
    heard += more;
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  if (text !== '') socket.write(text, 'latin1');
  while (connections.length === 0 || connections[0]?.isIdle !== (text === ''))
    await new Promise((resolve) => setTimeout(resolve, 2));
  connections[0]?.sweep(performance.now() + ms);
  await closed;
  return heard;
}

test('a connection that says nothing, a head that trickles and a body that trickles are given up in time', async () => {
  assert.match(await afterWaiting('', 1_100), /^HTTP\/1\.1 400/);
  assert.match(await afterWaiting('GET / HTTP/1.1\r\nhost: x\r\nx-a', 1_100), /^HTTP\/1\.1 400/);
  assert.match(
    await afterWaiting('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhel', 1_100),
    /^HTTP\/1\.1 400/,
  );
  assert.match(
    await afterWaiting('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel', 1_100),
    /^HTTP\/1\.1 400/,
  );
});

test('floods of headers end at the bound, whether their end ever comes or not', async () => {
  const flood = `GET / HTTP/1.1\r\nhost: x\r\n${'x-a: b\r\n'.repeat(3_000)}`;
  for (const text of [flood, `${flood}\r\n`, `GET /${'a'.repeat(20_000)}`]) {
    ours = [];
    await send(ourServer, text);
    assert.deepEqual(ours, []);
  }
});

for (const [what, text] of [
  ['in bare LF', 'GET / HTTP/1.1\nhost: x\n\n'],
  ['with a bare LF in its midst', 'GET / HTTP/1.1\r\nhost: x\nx-a: b'],
  ['with a bare CR in its midst', 'GET / HTTP/1.1\r\nhost: x\rx-a: b'],
  ['with a NUL in its midst', 'GET / HTTP/1.1\r\nhost: x\0'],
  ['that is the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
] as const) {
  test(`a head ${what} is refused although its end has not come`, { timeout: 5_000 }, async () => {
    assert.match(await answerTo([text]), /^HTTP\/1\.1 400/);
  });
}

test('a head that comes byte by byte is read all the same', async () => {
  assert.match(
    await answerTo([...'\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx:\t\xe9\r\n\r\n']),
    /^HTTP\/1\.1 200/,
  );
});

/** Sends pieces one after the other; resolves with what came back when the connection is closed. */
async function answerTo(pieces: readonly string[]): Promise<string> {
  const socket = connect((ourServer.address() as AddressInfo).port, '127.0.0.1')
    .setEncoding('latin1')
    .setNoDelay();
  let heard = '';
  socket.on('data', (more) => {
    heard += more;
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await closed;
  return heard;
}
