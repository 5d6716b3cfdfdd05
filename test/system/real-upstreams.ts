// Servers, proxies, certificates and calls for the tests of connections. Invariant: whatever is opened is closed after the file's tests.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { UpstreamFault } from '../../src/kit/incoming.ts';
import { Abort } from '../../src/kit/signal.ts';
import { type UpstreamOptions, Upstreams } from '../../src/kit/upstream.ts';

const isStrict = process.env['PLUMBLINE_TEST_STRICT'] === '1';
/** False, or why tests that need a certificate are skipped. */
export const whyNoOpenssl =
  isStrict || spawnSync('openssl', ['version']).status === 0
    ? false
    : 'openssl is not installed (it makes certificates)';

/** A key and its certificate, in PEM. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Makes an authority of its own that vouches for itself as `upstream.test`. */
export function makeCertificate(): Certificate {
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

/** Takes a server; has it listen, to be closed with its connections after the tests; returns its port. */
export async function listening(server: Server): Promise<number> {
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

/** What every way out here is given. */
export const base = { connections: 8, keepAliveMs: 5_000 };

/** Asks once and lets everything go; returns the body. */
export async function ask(options: Partial<UpstreamOptions>, origin: string): Promise<string> {
  const upstreams = new Upstreams({ ...base, ...options });
  try {
    const headers = { 'content-type': 'application/json' };
    const call = {
      method: 'POST',
      origin,
      path: '/v1/chat',
      headers,
      body: [Buffer.from('{}')],
      signal: new Abort(),
    } as const;
    const answer = await upstreams.send(call);
    return `${answer.status} ${await answer.body.readAll(10_000)}`;
  } finally {
    await upstreams.close();
  }
}

/** Takes a call that is to fail; returns the kind of its fault and the cause, in one line. */
export const faultOf = async (asking: Promise<unknown>): Promise<string> => {
  const fault = await asking.then(
    (value) => assert.fail(`answered: ${value}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(fault instanceof UpstreamFault, String(fault));
  const { cause } = fault;
  return `${fault.kind}: ${cause instanceof Error ? `${'code' in cause ? cause.code : ''} ${cause.message}` : cause}`;
};

/** A proxy that leads (CONNECT) and asks in place of others (whole addresses); it wants a name and a password. Over TLS when it has a certificate. */
export async function openProxy(seen: string[], certificate?: Certificate): Promise<number> {
  const isKnown = (request: IncomingMessage): boolean =>
    request.headers['proxy-authorization'] === `Basic ${Buffer.from('team:p@ss').toString('base64')}`;
  const asked = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(`${request.method} ${request.url}`);
    response.statusCode = isKnown(request) ? 200 : 407;
    response.end('asked by the proxy');
  };
  const proxy = certificate === undefined ? createHttp(asked) : createHttps(certificate, asked);
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
export const here = ((_name: string, _options: unknown, answer: (error: null, all: unknown) => void) =>
  answer(null, [{ address: '127.0.0.1', family: 4 }])) as never;

/** Takes a question; asks it until it is answered with yes, 500 times at most. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) assert.ok(tries < 500, 'it never came');
}
