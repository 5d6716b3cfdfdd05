// Every way in which a stream goes wrong, on every way an answer takes through the house, over real sockets on both sides:
// the upstream is let go, the place is free again, the row says what happened, and the client gets a valid end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { openServer, type Server } from '../../src/http/server.ts';
import { Upstreams } from '../../src/kit/upstream.ts';
import { chatEvents, type House, masterKey, openHouse, question } from './house.ts';

const timeoutMs = 60_000;
const anthropicEvents = (words: readonly string[]): string[] => {
  const event = (data: { readonly type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null };
  const usage = { input_tokens: 3, output_tokens: 1 };
  return [
    event({ type: 'message_start', message: { ...message, usage } } as never),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never),
    ...words.map((text) =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as never),
    ),
    event({ type: 'content_block_stop', index: 0 } as never),
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } } as never),
    event({ type: 'message_stop' }),
  ];
};

/** A way through the house: the client's dialect, and the upstream's. */
interface Path {
  readonly name: string;
  readonly path: string;
  readonly provider: 'openai' | 'anthropic';
  readonly events: (words: readonly string[]) => string[];
  readonly streamError: string;
  /** What the client's dialect says at the end of a stream that went well. */
  readonly end: RegExp;
  readonly failure: RegExp;
}

const openai = { path: '/v1/chat/completions', end: /data: \[DONE\]\n\n$/, failure: /data: \{"error":\{[^\n]*\n\n$/ };
const anthropic = {
  path: '/v1/messages',
  end: /event: message_stop\n[^\n]*\n\n$/,
  failure: /event: error\ndata: [^\n]*\n\n$/,
};
const openaiUpstream = {
  provider: 'openai',
  events: chatEvents,
  streamError: 'data: {"error":{"message":"overloaded","code":503}}\n\n',
} as const;
const anthropicUpstream = {
  provider: 'anthropic',
  events: anthropicEvents,
  streamError: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}\n\n',
} as const;
const paths: readonly Path[] = [
  { name: 'chat, passed on', ...openai, ...openaiUpstream },
  { name: 'chat, translated', ...openai, ...anthropicUpstream },
  { name: 'messages, passed on', ...anthropic, ...anthropicUpstream },
  { name: 'messages, translated', ...anthropic, ...openaiUpstream },
];

type Script = (socket: Socket, body: string) => void;

interface Stand {
  readonly house: House;
  readonly server: Server;
  /** What the upstream does with the next calls. */
  play(script: Script): void;
  /** Connections to the upstream that are open. */
  readonly upstreamSockets: Set<Socket>;
}

const closing: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const close of closing) await close();
});

/** One deployment with one place, so that a place that is not given back shows at once. */
async function openStand(provider: Path['provider']): Promise<Stand> {
  let script: Script = () => undefined;
  const upstreamSockets = new Set<Socket>();
  const upstream = createServer((socket) => {
    upstreamSockets.add(socket);
    socket.on('close', () => upstreamSockets.delete(socket));
    socket.on('error', () => undefined);
    let asked = '';
    socket.on('data', (bytes) => {
      asked += bytes.toString('latin1');
      const end = asked.indexOf('\r\n\r\n') + 4;
      const length = Number(/content-length: (\d+)/.exec(asked)?.[1] ?? 0);
      if (end < 4 || asked.length < end + length) return;
      const body = asked.slice(end, end + length);
      asked = asked.slice(end + length);
      script(socket, body);
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const upstreams = new Upstreams({ connections: 4, keepAliveMs: 5_000 });
  const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  const parameters = { maxParallel: 1, timeoutMs };
  const house = openHouse({
    deployments: [{ alias: 'chat', provider, baseUrl, parameters }],
    router: { retries: 0, disableCooldowns: true },
    send: upstreams.send,
  });
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 1_000_000, keepAliveMs: 60_000, pingMs: 15_000 };
  const server = await openServer(options, house.site.routes, house.site.edge);
  closing.push(async () => {
    await server.drain(0);
    await upstreams.close();
    upstream.close();
  });
  return { house, server, upstreamSockets, play: (next) => (script = next) };
}

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const last = '0\r\n\r\n';
const json = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

/** A client on a socket of its own, so that it can go, stop reading, and see how the answer ends. */
class Client {
  readonly socket: Socket;
  heard = '';
  bytes = 0;
  isClosed = false;

  constructor(server: Server, path: string, body: object) {
    const { hostname, port } = new URL(server.url);
    const text = JSON.stringify(body);
    this.socket = connect(Number(port), hostname);
    this.socket.on('data', (bytes: Buffer) => {
      this.bytes += bytes.length;
      this.heard += bytes.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${masterKey}\r\ncontent-length: ${text.length}\r\n\r\n`;
    this.socket.write(head + text);
  }

  /** True when the answer is complete as HTTP says, whatever it says. */
  get isComplete(): boolean {
    const length = /content-length: (\d+)/i.exec(this.heard)?.[1];
    if (length === undefined) return this.heard.endsWith('\r\n0\r\n\r\n');
    return this.heard.length - this.heard.indexOf('\r\n\r\n') - 4 === Number(length);
  }

  get status(): number {
    return Number(this.heard.slice(9, 12));
  }

  /** The body without its framing. */
  get text(): string {
    const body = this.heard.slice(this.heard.indexOf('\r\n\r\n') + 4);
    if (/content-length:/i.test(this.heard)) return body;
    let text = '';
    for (let at = 0; at < body.length; ) {
      const end = body.indexOf('\r\n', at);
      const size = Number.parseInt(body.slice(at, end), 16);
      text += body.slice(end + 2, end + 2 + size);
      at = end + 4 + size;
    }
    return text;
  }
}

/** Resolves when the condition holds; fails after a second, which is what an upstream is let go within, unless given longer. */
async function soon(what: string, condition: () => boolean, ms = 1_000): Promise<void> {
  for (const until = performance.now() + ms; !condition(); ) {
    assert.ok(performance.now() < until, `within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const asked = { ...question, stream: true, max_tokens: 9 };

interface Expected {
  readonly outcome: string;
  readonly errorCode: string | null;
}

/** After whatever happened: one row that says it, and the one place of the deployment is free for the next. */
async function assertOver(
  stand: Stand,
  { path, events, end }: Path,
  expected: Expected,
  isLetGo: boolean,
): Promise<void> {
  await soon('the row is written', () => stand.house.rows.length === 1);
  const row = stand.house.rows.pop();
  assert.deepEqual({ outcome: row?.outcome, errorCode: row?.errorCode }, expected);
  if (isLetGo) await soon('the upstream is let go', () => stand.upstreamSockets.size === 0);
  stand.play((socket) => socket.write(head + events(['fine']).map(chunk).join('') + last));
  const next = new Client(stand.server, path, asked);
  await soon('the next one is served', () => next.isComplete);
  assert.match(next.text, end);
  next.socket.destroy();
  stand.house.rows.length = 0;
}

for (const way of paths) {
  const { name, path, events, streamError, end, failure } = way;
  const [first = '', second = '', ...rest] = events(['one', 'two']);

  test(`${name}: the client goes before the first byte`, async () => {
    const stand = await openStand(way.provider);
    let isAsked = false;
    stand.play(() => (isAsked = true));
    const client = new Client(stand.server, path, asked);
    await soon('the upstream is asked', () => isAsked);
    client.socket.destroy();
    await assertOver(stand, way, { outcome: 'abandoned', errorCode: 'client_gone' }, true);
  });

  test(`${name}: the client goes in mid-stream`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => socket.write(head + chunk(first + second) + chunk(rest[0] ?? '')));
    const client = new Client(stand.server, path, asked);
    await soon('words arrive', () => client.heard.includes('one'));
    client.socket.destroy();
    await assertOver(stand, way, { outcome: 'abandoned', errorCode: 'client_gone' }, true);
  });

  if (name.endsWith('passed on')) {
    test(`${name}: the client goes with all it was told, before the upstream has ended its body`, async () => {
      const stand = await openStand(way.provider);
      stand.play((socket) => socket.write(head + events(['one']).map(chunk).join('')));
      const client = new Client(stand.server, path, asked);
      await soon('all of it arrives', () => end.test(client.text));
      client.socket.destroy();
      await assertOver(stand, way, { outcome: 'success', errorCode: null }, true);
    });
  }

  test(`${name}: the upstream is cut in mid-event`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => {
      socket.write(head + chunk(first + second) + chunk(rest.join('').slice(0, 40)));
      setImmediate(() => socket.destroy());
    });
    const client = new Client(stand.server, path, asked);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_cut' }, true);
  });

  test(`${name}: the upstream ends early, in good order`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => socket.write(head + chunk(first + second) + chunk(rest[0] ?? '') + last));
    const client = new Client(stand.server, path, asked);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_cut' }, false);
  });

  test(`${name}: the upstream is silent in mid-stream`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => socket.write(head + chunk(first + second) + chunk(rest[0] ?? '')));
    const client = new Client(stand.server, path, asked);
    await soon('words arrive', () => client.heard.includes('one'));
    stand.house.clock.pass(timeoutMs);
    stand.house.clock.pass(timeoutMs);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_timeout' }, true);
  });

  test(`${name}: the upstream is silent from the beginning`, async () => {
    const stand = await openStand(way.provider);
    let isAsked = false;
    stand.play(() => (isAsked = true));
    const client = new Client(stand.server, path, asked);
    await soon('the upstream is asked', () => isAsked);
    stand.house.clock.pass(timeoutMs);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_timeout' }, true);
  });

  test(`${name}: the upstream tells of an error after its 200`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => socket.write(head + chunk(first + second + (rest[0] ?? '')) + chunk(streamError)));
    const client = new Client(stand.server, path, asked);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    assert.match(client.text, /overloaded/);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_unavailable' }, true);
  });

  test(`${name}: an event that is no JSON`, async () => {
    const stand = await openStand(way.provider);
    const garbled = `event: content_block_delta\ndata: {"type":"content_blo\n\n`;
    stand.play((socket) => socket.write(head + chunk(first + second + (rest[0] ?? '')) + chunk(garbled)));
    const client = new Client(stand.server, path, asked);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_garbled' }, true);
  });

  test(`${name}: a chunk whose size is no number`, async () => {
    const stand = await openStand(way.provider);
    stand.play((socket) => socket.write(`${head}${chunk(first + second + (rest[0] ?? ''))}zz\r\n`));
    const client = new Client(stand.server, path, asked);
    await soon('the answer ends', () => client.isComplete);
    assert.match(client.text, failure);
    await assertOver(stand, way, { outcome: 'failure', errorCode: 'upstream_cut' }, true);
  });

  test(`${name}: a client that stops reading holds the upstream up, and gets all of it later`, async () => {
    const stand = await openStand(way.provider);
    const piece = chunk(events(['x'.repeat(16_384)]).find((event) => event.includes('xxx')) ?? '');
    const most = 3_000;
    let sent = 0;
    let isHeldUp = false;
    const push = (socket: Socket): void => {
      while (sent < most) {
        sent++;
        if (!socket.write(piece)) {
          isHeldUp = true;
          socket.once('drain', () => {
            isHeldUp = false;
            push(socket);
          });
          return;
        }
      }
      socket.write(rest.map(chunk).join('') + last);
    };
    stand.play((socket) => {
      socket.write(head + chunk(first + second));
      push(socket);
    });
    const client = new Client(stand.server, path, asked);
    client.socket.pause();
    let before = -1;
    await soon('the upstream is held up', () => isHeldUp);
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(sent < most / 2, `${sent} of ${most} pieces were taken from the upstream while nobody read`);
    client.socket.resume();
    while (!client.isComplete) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(client.text.slice(-2_000), end);
    assert.ok(client.bytes > most * 16_384);
    await assertOver(stand, way, { outcome: 'success', errorCode: null }, false);
  });

  test(`${name}: one event of 10 MB`, async () => {
    const stand = await openStand(way.provider);
    const large = events(['x'.repeat(10 * 1024 * 1024)]);
    stand.play((socket) => socket.write(head + large.map(chunk).join('') + last));
    const client = new Client(stand.server, path, asked);
    while (!client.isComplete) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.match(client.text.slice(-2_000), end);
    assert.ok(client.bytes > 10 * 1024 * 1024);
    await assertOver(stand, way, { outcome: 'success', errorCode: null }, false);
  });
}

const embeddings: Path = {
  name: 'embeddings',
  ...openai,
  path: '/v1/embeddings',
  ...openaiUpstream,
  end: /"embedding"/,
};
const input = { model: 'chat', input: 'words' };
const vector = (size: number): object => ({
  object: 'list',
  model: 'm',
  data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: size }, () => 0.5) }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
});

const wholeHead = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
const overloaded = { error: { message: 'overloaded', code: 503 } };

async function assertEmbedsAgain(stand: Stand, expected: Expected, isLetGo: boolean): Promise<void> {
  await soon('the row is written', () => stand.house.rows.length === 1);
  const row = stand.house.rows.pop();
  assert.deepEqual({ outcome: row?.outcome, errorCode: row?.errorCode }, expected);
  if (isLetGo) await soon('the upstream is let go', () => stand.upstreamSockets.size === 0);
  stand.play((socket) => socket.write(json(vector(3))));
  const next = new Client(stand.server, embeddings.path, input);
  await soon('the next one is served', () => next.isComplete);
  assert.match(next.text, embeddings.end);
  next.socket.destroy();
}

for (const [what, script, expected, isLetGo] of [
  ['cut in the middle', (socket: Socket) => socket.end(json(vector(3)).slice(0, -9)), 'upstream_cut', true],
  ['no JSON', (socket: Socket) => socket.write(json('{"data":[')), 'upstream_garbled', false],
  ['longer than it says', (socket: Socket) => socket.write(`${json(vector(3))}more`), null, true],
  ['in chunks of no size', (socket: Socket) => socket.write(`${wholeHead}zz\r\n`), 'upstream_cut', true],
  ['an error after its 200', (socket: Socket) => socket.write(json(overloaded)), 'upstream_unavailable', false],
] as const) {
  test(`embeddings: an answer that is ${what}`, async () => {
    const stand = await openStand('openai');
    stand.play(script);
    const client = new Client(stand.server, embeddings.path, input);
    await soon('the answer ends', () => client.isComplete);
    assert.equal(client.status, expected === null ? 200 : expected === 'upstream_unavailable' ? 503 : 502);
    const outcome = expected === null ? 'success' : 'failure';
    await assertEmbedsAgain(stand, { outcome, errorCode: expected }, isLetGo);
  });
}

test('embeddings: the client goes before the answer', async () => {
  const stand = await openStand('openai');
  let isAsked = false;
  stand.play(() => (isAsked = true));
  const client = new Client(stand.server, embeddings.path, input);
  await soon('the upstream is asked', () => isAsked);
  client.socket.destroy();
  await assertEmbedsAgain(stand, { outcome: 'abandoned', errorCode: 'client_gone' }, true);
});

test('embeddings: the client goes in the middle of the answer', async () => {
  const stand = await openStand('openai');
  const taken = Promise.withResolvers<void>();
  stand.play((socket) => socket.write(json(vector(30_000)).slice(0, -9), () => taken.resolve()));
  const client = new Client(stand.server, embeddings.path, input);
  await taken.promise;
  client.socket.destroy();
  await assertEmbedsAgain(stand, { outcome: 'abandoned', errorCode: 'client_gone' }, true);
});

for (const [when, said] of [
  ['', ''],
  [' in the middle of the answer', json(vector(3)).slice(0, -9)],
] as const) {
  test(`embeddings: the upstream is silent${when}`, async () => {
    const stand = await openStand('openai');
    let isAsked = false;
    stand.play((socket) => socket.write(said, () => (isAsked = true)));
    const client = new Client(stand.server, embeddings.path, input);
    await soon('the upstream is asked', () => isAsked);
    stand.house.clock.pass(timeoutMs);
    await soon('the answer ends', () => client.isComplete);
    assert.equal(client.status, 408);
    await assertEmbedsAgain(stand, { outcome: 'failure', errorCode: 'upstream_timeout' }, true);
  });
}

test('embeddings: a client that stops reading gets all of the answer later, and nobody else waits for it', async () => {
  const stand = await openStand('openai');
  stand.play((socket) => socket.write(json(vector(2_500_000))));
  const client = new Client(stand.server, embeddings.path, input);
  client.socket.pause();
  await soon('the row is written', () => stand.house.rows.length === 1, 10_000);
  await assertEmbedsAgain(stand, { outcome: 'success', errorCode: null }, false);
  client.socket.resume();
  while (!client.isComplete) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(client.bytes > 10_000_000);
});

test('embeddings: an answer of 10 MB', async () => {
  const stand = await openStand('openai');
  stand.play((socket) => socket.write(json(vector(2_500_000))));
  const client = new Client(stand.server, embeddings.path, input);
  while (!client.isComplete) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(client.status, 200);
  assert.ok(client.bytes > 10_000_000);
  await assertEmbedsAgain(stand, { outcome: 'success', errorCode: null }, false);
});
