// How many connections to upstreams there are, how long they live, and what becomes of them when something goes wrong.
import assert from 'node:assert/strict';
import { createServer as createHttp, type ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { before, describe, test } from 'node:test';
import { Secret } from '../../src/kit/secret.ts';
import { Abort } from '../../src/kit/signal.ts';
import { next } from '../../src/kit/source.ts';
import { type UpstreamOptions, Upstreams } from '../../src/kit/upstream.ts';
import {
  ask,
  base,
  type Certificate,
  faultOf,
  here,
  listening,
  makeCertificate,
  openProxy,
  whyNoOpenssl,
} from './real-upstreams.ts';

const get = (origin: string, path = '/') =>
  ({ method: 'GET', origin, path, headers: {}, body: null, signal: new Abort() }) as const;

/** Takes options and what to do with a way out; closes it afterwards. */
async function within(options: Partial<UpstreamOptions>, use: (upstreams: Upstreams) => Promise<void>): Promise<void> {
  const upstreams = new Upstreams({ ...base, ...options });
  try {
    await use(upstreams);
  } finally {
    await upstreams.close();
  }
}

/** A server that counts its connections and answers when it is told to. */
async function patient(): Promise<{
  origin: string;
  count(): number;
  answer(): void;
  asked(calls: number): Promise<void>;
}> {
  const waiting: ServerResponse[] = [];
  let connections = 0;
  let told: { calls: number; resolve(): void } | null = null;
  const server = createHttp((_request, response) => {
    waiting.push(response);
    if (told !== null && waiting.length >= told.calls) told.resolve();
  });
  server.on('connection', () => connections++);
  const port = await listening(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    count: () => connections,
    answer: () => {
      for (const response of waiting.splice(0)) response.end('fine');
    },
    asked: (calls) => {
      if (waiting.length >= calls) return Promise.resolve();
      return new Promise((resolve) => {
        told = { calls, resolve };
      });
    },
  };
}

test('an origin has no more connections than it may, and each origin has its own', async () => {
  const [one, other] = [await patient(), await patient()];
  await within({ connections: 2 }, async (upstreams) => {
    const calls = [1, 2, 3, 4, 5].map(() => upstreams.send(get(one.origin)));
    const elsewhere = upstreams.send(get(other.origin));
    await Promise.all([one.asked(2), other.asked(1)]);
    assert.deepEqual(upstreams.stats()[one.origin], { running: 2, waiting: 3 });
    other.answer();
    assert.equal(String(await (await elsewhere).body.readAll(10)), 'fine');
    for (const round of [2, 2, 1]) {
      await one.asked(round);
      one.answer();
    }
    await Promise.all(calls.map(async (call) => (await call).body.readAll(10)));
    assert.equal(one.count(), 2);
  });
});

test('a connection that has had its time is replaced even while calls wait for it', async () => {
  const server = await patient();
  await within({ connections: 1, lifetimeMs: 1 }, async (upstreams) => {
    const calls = [1, 2, 3].map(() => upstreams.send(get(server.origin)));
    for (const _call of calls) {
      await server.asked(1);
      const since = performance.now();
      while (performance.now() - since < 2);
      server.answer();
    }
    await Promise.all(calls.map(async (call) => (await call).body.readAll(10)));
    assert.equal(server.count(), 3);
  });
});

test('nothing is kept of an origin without connections once another is called', async () => {
  const gone = createHttp((_request, response) => response.end('fine'));
  const port = await listening(gone);
  const other = `http://127.0.0.1:${await listening(createHttp((_request, response) => response.end('fine')))}`;
  await within({}, async (upstreams) => {
    const origin = `http://127.0.0.1:${port}`;
    await (await upstreams.send(get(origin))).body.readAll(10);
    await (await upstreams.send(get(other))).body.readAll(10);
    assert.deepEqual(Object.keys(upstreams.stats()), [origin, other]);
    gone.close();
    gone.closeAllConnections();
    assert.match(await faultOf(upstreams.send(get(origin))), /^unreachable/);
    await upstreams.send(get('http://127.0.0.1:1')).catch(() => undefined);
    assert.deepEqual(Object.keys(upstreams.stats()), [other, 'http://127.0.0.1:1']);
  });
});

describe('over TLS', { skip: whyNoOpenssl }, () => {
  let certificate: Certificate;
  let authorities: readonly string[];
  before(() => {
    certificate = makeCertificate();
    authorities = [certificate.cert.toString()];
  });

  /**
   * A server of HTTP/2 that counts its connections and what it wrote; `/hang` begins an answer and goes no further, `/break` then
   * resets it, `/flood` goes on for ever.
   */
  async function openHttp2(): Promise<{ origin: string; count(): number; written(): number; running(): number }> {
    let connections = 0;
    let written = 0;
    let running = 0;
    const server = createSecureServer(certificate, (request, response) => {
      running++;
      response.stream.on('error', () => undefined).on('close', () => running--);
      if (request.url === '/hang') response.write('begun');
      else if (request.url === '/break') response.write('begun', () => response.stream.destroy(new Error('broken')));
      else if (request.url === '/flood') flood(response.stream);
      else request.pipe(response as never);
    });
    const flood = (stream: ServerHttp2Stream): void => {
      do written += 16_384;
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
      stream.once('drain', () => flood(stream));
    };
    server.on('secureConnection', () => connections++);
    const origin = `https://127.0.0.1:${await listening(server as unknown as Server)}`;
    return { origin, count: () => connections, written: () => written, running: () => running };
  }

  test('an answer of HTTP/2 that breaks off is cut; one that nobody takes is held up, and ends when it is let go', async () => {
    const { origin, written, running } = await openHttp2();
    await within({ authorities, http2: true }, async (upstreams) => {
      const broken = await upstreams.send(get(origin, '/break'));
      assert.match(await faultOf(broken.body.readAll(100)), /^cut: ERR_HTTP2/);
      const { body } = await upstreams.send(get(origin, '/flood'));
      for (let before = -1; before !== written() && before < 20_000_000; ) {
        before = written();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(written() < 2_000_000, `${written()} bytes were taken while nobody read`);
      assert.ok((await next(body)) !== null);
      body.cancel();
      while (running() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    });
  });

  test('calls share a connection of HTTP/2; ending one lets the others be', async () => {
    const { origin, count } = await openHttp2();
    await within({ authorities, http2: true, connections: 1 }, async (upstreams) => {
      const signal = new Abort();
      const hanging = await upstreams.send({ ...get(origin, '/hang'), signal });
      assert.equal(String(await next(hanging.body)), 'begun');
      const body = [Buffer.alloc(300_000, 'x')];
      const others = [1, 2, 3].map(() => upstreams.send({ ...get(origin), method: 'POST', body }));
      assert.deepEqual(upstreams.stats()[origin]?.running, 4);
      signal.abort();
      assert.match(await faultOf(hanging.body.readAll(10)), /^aborted/);
      for (const other of others) assert.equal((await (await other).body.readAll(1_000_000)).length, 300_000);
      assert.equal(count(), 1);
    });
  });

  test('a connection of HTTP/2 is replaced when it has had its time', async () => {
    const { origin, count } = await openHttp2();
    await within({ authorities, http2: true, lifetimeMs: 1 }, async (upstreams) => {
      for (let calls = 0; count() < 2; calls++) {
        assert.ok(calls < 500, 'it never came');
        await (await upstreams.send(get(origin))).body.readAll(10);
      }
    });
  });

  test('a guard stands before HTTP/2 as well', async () => {
    const { origin } = await openHttp2();
    await within({ authorities, http2: true, lookup: here }, async (upstreams) => {
      const call = { ...get(origin.replace('127.0.0.1', 'upstream.test')), addressRule: 'public' } as const;
      assert.match(await faultOf(upstreams.send(call)), /upstream\.test is not called: 127\.0\.0\.1/);
    });
  });

  test('a proxy may itself be spoken to over TLS', async () => {
    const port = await listening(createHttps(certificate, (_request, response) => response.end('fine')));
    const seen: string[] = [];
    const proxy = new Secret(`https://team:p%40ss@127.0.0.1:${await openProxy(seen, certificate)}`);
    const options = { authorities, proxies: { https: proxy, http: null, none: [] } };
    assert.equal(await ask(options, `https://upstream.test:${port}`), '200 fine');
    assert.deepEqual(seen, [`CONNECT upstream.test:${port}`]);
  });

  test("the proxy's own address is trusted where the origin's is not; the origin is still judged by what it says", async () => {
    const port = await listening(createHttps(certificate, (_request, response) => response.end('fine')));
    const proxy = new Secret(`http://team:p%40ss@proxy.test:${await openProxy([])}`);
    await within({ authorities, lookup: here, proxies: { https: proxy, http: null, none: [] } }, async (upstreams) => {
      const call = (origin: string) => upstreams.send({ ...get(origin), addressRule: 'public' });
      assert.equal(String(await (await call(`https://upstream.test:${port}`)).body.readAll(10)), 'fine');
      assert.match(await faultOf(call('https://10.0.0.1')), /10\.0\.0\.1 is not a public address/);
      assert.match(await faultOf(call('https://metadata.google.internal')), /hands out credentials/);
    });
  });

  test('checking certificates cannot be switched off by the environment', async () => {
    const port = await listening(createHttps(certificate, (_request, response) => response.end('fine')));
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      assert.match(await faultOf(ask({}, `https://127.0.0.1:${port}`)), /DEPTH_ZERO_SELF_SIGNED_CERT/);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  for (const [what, misbehave] of [
    ['says nothing and closes', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['does not speak HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')],
    ['leads and closes', (socket: Socket) => socket.end('HTTP/1.1 200 fine\r\n\r\n')],
    ['leads and speaks itself', (socket: Socket) => socket.end('HTTP/1.1 200 fine\r\n\r\nhello')],
    [
      'leads and resets',
      (socket: Socket) =>
        socket.write('HTTP/1.1 200 fine\r\n\r\n', () => socket.once('data', () => socket.resetAndDestroy())),
    ],
  ] as const) {
    test(`a proxy that ${what} fails the call and nothing else`, async () => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => misbehave(socket));
      });
      const proxy = new Secret(`http://127.0.0.1:${await listening(server)}`);
      const options = { authorities, proxies: { https: proxy, http: null, none: [] } };
      for (let calls = 0; calls < 3; calls++)
        assert.match(await faultOf(ask(options, 'https://upstream.test')), /^unreachable/);
    });
  }
});
