// Connections to upstreams: by a proxy, with a company's own authority, over HTTP/2, to names that move. Real servers all.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UpstreamFault } from '../../src/kit/incoming.ts';
import { Secret } from '../../src/kit/secret.ts';
import { Abort } from '../../src/kit/signal.ts';
import { type UpstreamOptions, Upstreams } from '../../src/kit/upstream.ts';

const isStrict = process.env['PLUMBLINE_TEST_STRICT'] === '1';
const whyNoOpenssl =
  isStrict || spawnSync('openssl', ['version']).status === 0
    ? false
    : 'openssl is not installed (it makes certificates)';

interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Makes an authority of its own that vouches for itself as `upstream.test`. */
function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = 'subjectAltName=DNS:upstream.test,IP:127.0.0.1';
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...made, '-subj', '/CN=upstream.test', '-addext', names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const certificate = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return certificate;
}

const opened: Server[] = [];
const sockets = new Set<Socket>();

async function listening(server: Server): Promise<number> {
  opened.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

after(() => {
  for (const server of opened) server.close();
  for (const socket of sockets) socket.destroy();
});

const base = { connections: 8, keepAliveMs: 5_000 };

/** Asks once and lets everything go; returns the body. */
async function ask(options: Partial<UpstreamOptions>, origin: string): Promise<string> {
  const upstreams = new Upstreams({ ...base, ...options });
  try {
    const headers = { 'content-type': 'application/json' };
    const call = {
      method: 'POST',
      origin,
      path: '/v1/chat',
      headers,
      body: Buffer.from('{}'),
      signal: new Abort(),
    } as const;
    const answer = await upstreams.send(call);
    return `${answer.status} ${await answer.body.readAll(10_000)}`;
  } finally {
    await upstreams.close();
  }
}

const faultOf = async (asking: Promise<unknown>): Promise<string> => {
  const fault = await asking.then(
    (value) => assert.fail(`answered: ${value}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(fault instanceof UpstreamFault, String(fault));
  const { cause } = fault;
  return `${fault.kind}: ${cause instanceof Error ? `${'code' in cause ? cause.code : ''} ${cause.message}` : cause}`;
};

/** A proxy that leads (CONNECT) and asks in place of others (whole addresses); it wants a name and a password. */
async function openProxy(seen: string[]): Promise<number> {
  const isKnown = (request: IncomingMessage): boolean =>
    request.headers['proxy-authorization'] === `Basic ${Buffer.from('team:p@ss').toString('base64')}`;
  const proxy = createHttp((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.statusCode = isKnown(request) ? 200 : 407;
    response.end('asked by the proxy');
  });
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (!isKnown(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const way = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      way.pipe(socket).pipe(way);
    });
    way.on('error', () => socket.destroy());
    socket.on('error', () => way.destroy());
  });
  return listening(proxy);
}

/** Names that stand for this machine, whatever they are. */
const here = ((_name: string, _options: unknown, answer: (error: null, all: unknown) => void) =>
  answer(null, [{ address: '127.0.0.1', family: 4 }])) as never;

describe('over TLS', { skip: whyNoOpenssl }, () => {
  let certificate: Certificate;
  let port: number;
  before(async () => {
    certificate = makeCertificate();
    port = await listening(
      createHttps(certificate, (request, response) => response.end(`HTTP/${request.httpVersion}`)),
    );
  });

  test('an authority nobody knows is not trusted; one that is handed in is, beside the usual ones', async () => {
    const origin = `https://127.0.0.1:${port}`;
    assert.match(await faultOf(ask({}, origin)), /^unreachable: DEPTH_ZERO_SELF_SIGNED_CERT/);
    const authorities = [certificate.cert.toString()];
    assert.equal(await ask({ authorities }, origin), '200 HTTP/1.1');
  });

  test('a certificate for another name is not trusted', async () => {
    const options = { authorities: [certificate.cert.toString()], lookup: here };
    assert.match(await faultOf(ask(options, `https://other.test:${port}`)), /ERR_TLS_CERT_ALTNAME_INVALID/);
    assert.equal(await ask(options, `https://upstream.test:${port}`), '200 HTTP/1.1');
  });

  test('a proxy leads to it, and sees where to but not what', async () => {
    const seen: string[] = [];
    const proxy = new Secret(`http://team:p%40ss@127.0.0.1:${await openProxy(seen)}`);
    const options = { authorities: [certificate.cert.toString()], proxies: { https: proxy, http: null, none: [] } };
    assert.equal(await ask(options, `https://upstream.test:${port}`), '200 HTTP/1.1');
    assert.deepEqual(seen, [`CONNECT upstream.test:${port}`]);
  });

  test('a proxy that refuses says so in the fault', async () => {
    const proxy = new Secret(`http://127.0.0.1:${await openProxy([])}`);
    const options = { proxies: { https: proxy, http: null, none: [] } };
    assert.match(
      await faultOf(ask(options, `https://upstream.test:${port}`)),
      /unreachable: .*refused with status 407/,
    );
  });

  test('HTTP/2 is spoken where it is offered and wanted, and HTTP/1.1 elsewhere', async () => {
    const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
      response.end(`HTTP/${request.httpVersion}`);
    });
    const origin = `https://127.0.0.1:${await listening(server as unknown as Server)}`;
    const authorities = [certificate.cert.toString()];
    assert.equal(await ask({ authorities, http2: true }, origin), '200 HTTP/2.0');
    assert.equal(await ask({ authorities }, origin), '200 HTTP/1.1');
    assert.equal(await ask({ authorities, http2: true }, `https://127.0.0.1:${port}`), '200 HTTP/1.1');
  });
});

test('to a plain address the proxy is asked in its place', async () => {
  const seen: string[] = [];
  const proxy = new Secret(`http://team:p%40ss@127.0.0.1:${await openProxy(seen)}`);
  assert.equal(
    await ask({ proxies: { https: null, http: proxy, none: [] } }, 'http://upstream.test'),
    '200 asked by the proxy',
  );
  assert.deepEqual(seen, ['POST http://upstream.test/v1/chat']);
});

test('a name that moves is followed when a connection has had its time', async () => {
  const ports = [
    await listening(createHttp((_request, response) => response.end('old'))),
    await listening(createHttp((_request, response) => response.end('new'))),
  ];
  let address = '127.0.0.1';
  const lookup = ((_name: string, _options: unknown, answer: (error: null, all: unknown) => void) =>
    answer(null, [{ address, family: 4 }])) as never;
  const moved = createHttp((_request, response) => response.end('moved'));
  opened.push(moved);
  moved.listen(ports[0], '127.0.0.2');
  await once(moved, 'listening');
  const upstreams = new Upstreams({ ...base, lookup, lifetimeMs: 1 });
  const origin = `http://upstream.test:${ports[0]}`;
  const get = async (): Promise<string> => {
    const call = { method: 'GET', origin, path: '/', headers: {}, body: null, signal: new Abort() } as const;
    return String(await (await upstreams.send(call)).body.readAll(100));
  };
  assert.equal(await get(), 'old');
  address = '127.0.0.2';
  await until(async () => (await get()) === 'moved');
  await upstreams.close();
  moved.closeAllConnections();
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) assert.ok(tries < 500, 'it never came');
}

test('an address that came through the API is judged before anybody is called, also behind a name', async () => {
  const port = await listening(createHttp((_request, response) => response.end('inside')));
  const upstreams = new Upstreams({ ...base, lookup: here });
  const call = (origin: string, addressRule: 'public' | 'private-too') =>
    upstreams.send({ method: 'GET', origin, path: '/', headers: {}, body: null, signal: new Abort(), addressRule });
  assert.match(await faultOf(call('http://169.254.169.254', 'private-too')), /is not called: 169\.254\.169\.254/);
  assert.match(await faultOf(call(`http://127.0.0.1:${port}`, 'public')), /not a public address/);
  assert.match(await faultOf(call(`http://sly.test:${port}`, 'public')), /sly\.test is not called: 127\.0\.0\.1/);
  assert.equal(String(await (await call(`http://sly.test:${port}`, 'private-too')).body.readAll(100)), 'inside');
  await upstreams.close();
});

test('nothing in a request can end one of its lines', async () => {
  const port = await listening(createHttp((_request, response) => response.end('fine')));
  const upstreams = new Upstreams(base);
  const call = { method: 'GET', origin: `http://127.0.0.1:${port}`, path: '/', headers: {}, body: null } as const;
  const signal = new Abort();
  for (const odd of [
    { headers: { 'x-a': 'b\r\nx-c: d' } },
    { headers: { 'x-a': new Secret('b\nc') } },
    { headers: { 'x-a\r\nx-b': 'c' } },
    { headers: { 'x-a': '\0' } },
    { path: '/a HTTP/1.1\r\nhost: other\r\n\r\n' },
    { path: '/a b' },
  ])
    assert.match(await faultOf(upstreams.send({ ...call, ...odd, signal })), /^unreachable: .*holds a character/);
  await upstreams.close();
});
