import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { UpstreamFault } from './incoming.ts';
import { Secret } from './secret.ts';
import { next } from './source.ts';
import { type OutgoingRequest, Upstreams } from './upstream.ts';

/** Takes what the server does with a request; calls back with a way to ask it, and closes both afterwards. */
async function against(
  serve: (response: ServerResponse, headers: Record<string, unknown>) => void,
  use: (
    ask: (over?: Partial<OutgoingRequest>) => OutgoingRequest,
    upstreams: Upstreams,
    server: Server,
  ) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => serve(response, request.headers)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const upstreams = new Upstreams({ connections: 10, keepAliveMs: 1_000 });
  const still = new AbortController().signal;
  const origin = `http://127.0.0.1:${port}`;
  try {
    await use(
      (over) => ({ method: 'GET', origin, path: '/', headers: {}, body: null, signal: still, ...over }),
      upstreams,
      server,
    );
  } finally {
    await upstreams.close();
    server.closeAllConnections();
    server.close();
  }
}

const faultOf = async (asking: Promise<unknown>): Promise<string> => {
  const fault = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(fault instanceof UpstreamFault, String(fault));
  return fault.kind;
};

test('secrets are revealed on the wire, and only there', async () => {
  let seen: unknown;
  const serve = (response: ServerResponse, headers: Record<string, unknown>) => {
    seen = headers.authorization;
    response.end('fine');
  };
  await against(serve, async (ask, upstreams) => {
    const answer = await upstreams.send(ask({ headers: { authorization: new Secret('sk-1').prefixed('Bearer ') } }));
    assert.equal((await answer.body.readAll(100)).toString(), 'fine');
    assert.equal(seen, 'Bearer sk-1');
  });
});

test('an address where nobody listens is unreachable', async () => {
  await against(
    (response) => response.end(),
    async (ask, upstreams, server) => {
      server.close();
      await once(server, 'close');
      assert.equal(await faultOf(upstreams.send(ask())), 'unreachable');
    },
  );
});

test('an answer that breaks off is cut, one beyond the limit is too large', async () => {
  await against(
    (response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    },
    async (ask, upstreams) => {
      assert.equal(await faultOf(upstreams.send(ask()).then(({ body }) => body.readAll(100))), 'cut');
    },
  );
  await against(
    (response) => response.end('x'.repeat(200)),
    async (ask, upstreams) => {
      assert.equal(await faultOf(upstreams.send(ask()).then(({ body }) => body.readAll(100))), 'too-large');
    },
  );
});

test('an abort ends the call before its head and within its body, and the server sees the socket close', async () => {
  for (const begins of [false, true]) {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const serve = (response: ServerResponse) => {
      response.on('close', closed.resolve);
      if (begins) response.write('begun');
      arrived.resolve();
    };
    await against(serve, async (ask, upstreams) => {
      const controller = new AbortController();
      const asking = upstreams.send(ask({ signal: controller.signal })).then(async ({ body }) => {
        await next(body);
        arrived.resolve();
        return body.readAll(100);
      });
      const kind = faultOf(asking);
      await arrived.promise;
      controller.abort();
      assert.equal(await kind, 'aborted');
      await closed.promise;
    });
  }
});
