// All connections read into one place (kit/http1/landing.ts): what one has sent must never be found in another's request.
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Outbox } from '../kit/outbox.ts';
import { Connection, type Host } from './connection.ts';
import { landed } from './landed.ts';

/** Answers with what it was asked: target, one header, body. */
const host: Host = {
  limits: { headBytes: 16_384, headMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000, stalledMs: 60_000 },
  outbox: new Outbox(),
  isClosing: false,
  take: (exchange) => {
    const { target, fields } = exchange.head;
    const opening = { status: 200, headers: { 'x-target': target, 'x-mark': fields['x-mark'] ?? '' } };
    exchange.receive(
      8_000_000,
      (body) => exchange.response.whole(opening, body),
      () => assert.fail('too large'),
    );
  },
  refusal: () => 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n',
  broken: (error) => assert.fail(String(error)),
  closed: () => undefined,
};

const server = createServer({ pauseOnConnect: true }, (taken) => new Connection(landed(taken), host));
before(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
after(() => server.close());

interface Sent {
  readonly mark: string;
  readonly body: string;
  readonly isChunked: boolean;
  /** Where the request is cut, as shares of its length. */
  readonly cuts: readonly number[];
}

function requestOf({ mark, body, isChunked }: Sent): string {
  const half = Math.ceil(body.length / 2);
  const chunk = (part: string): string => (part === '' ? '' : `${part.length.toString(16)}\r\n${part}\r\n`);
  const framing = isChunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`;
  const sent = isChunked ? `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n` : body;
  return `POST /${mark} HTTP/1.1\r\nhost: x\r\nx-mark: ${mark}\r\n${framing}\r\n\r\n${sent}`;
}

function piecesOf(sent: Sent): readonly string[] {
  const text = requestOf(sent);
  const at = [0, ...sent.cuts.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

/** Resolves with the whole answer, its head and its body. */
function answerOn(socket: Socket): Promise<{ head: string; body: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(text.slice(0, Math.max(0, end)))?.[1]);
      if (end !== -1 && text.length === end + 4 + length)
        resolve({ head: text.slice(0, end), body: text.slice(end + 4) });
    });
  });
}

/** Sends the requests side by side, a piece of one after a piece of the other, each read by itself. */
async function exchangeAll(all: readonly Sent[]): Promise<readonly { head: string; body: string }[]> {
  const sockets = all.map(() => connect((server.address() as AddressInfo).port, '127.0.0.1'));
  const answers = sockets.map(answerOn);
  try {
    for (const socket of sockets) await new Promise<void>((done) => socket.once('connect', done));
    const pieces = all.map(piecesOf);
    for (let index = 0; pieces.some((list) => index < list.length); index++) {
      for (const [at, list] of pieces.entries()) {
        const piece = list[index] ?? '';
        if (piece === '') continue;
        await new Promise((done) => sockets[at]?.write(piece, 'latin1', done));
        // The other end reads in this same process, in the turn that follows.
        await turn();
        await turn();
      }
    }
    return await Promise.all(answers);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function checkAll(all: readonly Sent[], answers: readonly { head: string; body: string }[]): void {
  for (const [index, { mark, body }] of all.entries()) {
    assert.match(answers[index]?.head ?? '', new RegExp(`^x-target: /${mark}\r\nx-mark: ${mark}\r$`, 'm'));
    assert.equal(answers[index]?.body, body);
  }
}

test('property: requests that come in pieces, side by side, stay apart', async () => {
  const one = (letter: string): fc.Arbitrary<Sent> =>
    fc.record({
      mark: fc.string({ unit: fc.constant(letter), minLength: 1, maxLength: 40 }),
      body: fc.string({ unit: fc.constant(letter), maxLength: 300 }),
      isChunked: fc.boolean(),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    });
  await fc.assert(
    fc.asyncProperty(one('a'), one('b'), one('c'), async (...all) => checkAll(all, await exchangeAll(all))),
    { numRuns: 60 },
  );
});

test('bodies longer than what is made room for ahead stay apart too', async () => {
  const all = ['a', 'b'].map((mark) => ({
    mark,
    body: mark.repeat(1_300_000),
    isChunked: false,
    cuts: [0.2, 0.5, 0.7],
  }));
  checkAll(all, await exchangeAll(all));
});
