// Connections to upstreams: by a proxy, with a company's own authority, over HTTP/2, to names that move. Real servers all.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server } from 'node:net';
import { before, describe, test } from 'node:test';
import { Secret } from '../../src/kit/secret.ts';
import { Abort } from '../../src/kit/signal.ts';
import { Upstreams } from '../../src/kit/upstream.ts';
import {
  ask,
  base,
  type Certificate,
  faultOf,
  here,
  listening,
  makeCertificate,
  openProxy,
  until,
  whyNoOpenssl,
} from './real-upstreams.ts';

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
  moved.close();
});

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
