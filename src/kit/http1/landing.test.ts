// All connections to upstreams read into one place: what one has answered must never be found in another's answer.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Upstreams } from '../upstream.ts';

interface Told {
  readonly mark: string;
  readonly framing: 'length' | 'chunked' | 'close';
  /** Where the answer is cut, as shares of its length. */
  readonly cuts: readonly number[];
}

const bodyOf = ({ mark }: Told): string => mark.repeat(100);

function piecesOf(told: Told): readonly string[] {
  const body = bodyOf(told);
  const chunk = (part: string): string => `${part.length.toString(16)}\r\n${part}\r\n`;
  const framing = {
    length: `content-length: ${body.length}\r\n\r\n${body}`,
    chunked: `transfer-encoding: chunked\r\n\r\n${chunk(body.slice(0, 7))}${chunk(body.slice(7))}0\r\n\r\n`,
    close: `connection: close\r\n\r\n${body}`,
  }[told.framing];
  const text = `HTTP/1.1 200 OK\r\nx-mark: ${told.mark}\r\n${framing}`;
  const at = [0, ...told.cuts.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

/** Answers call after call, a piece of one after a piece of the other, once all have been asked. */
async function tell(sockets: readonly Socket[], all: readonly Told[]): Promise<void> {
  const pieces = all.map(piecesOf);
  for (let index = 0; pieces.some((list) => index < list.length); index++) {
    for (const [at, list] of pieces.entries()) {
      const piece = list[index] ?? '';
      if (piece !== '') await new Promise((done) => sockets[at]?.write(piece, 'latin1', done));
      await turn();
      await turn();
    }
  }
  for (const [at, { framing }] of all.entries()) if (framing === 'close') sockets[at]?.end();
}

async function answersOf(all: readonly Told[]): Promise<readonly { mark: string | undefined; body: string }[]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    // Which of the calls it is stands in its path.
    socket.once('data', (bytes: Buffer) => {
      sockets[Number(/^GET \/(\d)/.exec(bytes.toString('latin1'))?.[1])] = socket;
      if (Object.keys(sockets).length === all.length) void tell(sockets, all);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const upstreams = new Upstreams({ connections: 10, keepAliveMs: 1_000 });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signal = new AbortController().signal;
  try {
    return await Promise.all(
      all.map(async (_, index) => {
        const call = { method: 'GET', origin, path: `/${index}`, headers: {}, body: null, signal } as const;
        const { headers, body } = await upstreams.send(call);
        return { mark: headers['x-mark'], body: (await body.readAll(10_000)).toString('latin1') };
      }),
    );
  } finally {
    await upstreams.close();
    server.close();
  }
}

test('property: answers that come in pieces, side by side, stay apart', async () => {
  const one = (letter: string): fc.Arbitrary<Told> =>
    fc.record({
      mark: fc.string({ unit: fc.constant(letter), minLength: 1, maxLength: 30 }),
      framing: fc.constantFrom('length', 'chunked', 'close'),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    });
  await fc.assert(
    fc.asyncProperty(one('a'), one('b'), one('c'), async (...all) => {
      const expected = all.map((told) => ({ mark: told.mark, body: bodyOf(told) }));
      assert.deepEqual(await answersOf(all), expected);
    }),
    { numRuns: 100 },
  );
});
