// A Reply on its way to a socket: head and first piece together, back-pressure honoured, pings in silence.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Reply } from '../core/wire.ts';

/** Takes a response, a reply, how often to ping in milliseconds, and whether only the head is wanted; resolves when all is written. */
export async function giveReply(
  response: ServerResponse,
  reply: Reply,
  pingMs: number,
  headOnly: boolean,
): Promise<void> {
  const { body } = reply;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(reply.status, headersOf(reply, Buffer.byteLength(body)));
    if (headOnly) response.end();
    else response.end(body);
    return;
  }
  response.writeHead(reply.status, reply.headers);
  if (reply.isLate === true) response.write(reply.ping ?? '');
  const pulse = new Pulse(response, reply.ping ?? '', pingMs);
  try {
    for await (const piece of body) {
      if (response.destroyed) break;
      pulse.beat();
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } finally {
    pulse.stop();
  }
}

/** Names and values in one flat list, which Node writes without a copy. */
function headersOf(reply: Reply, length: number): string[] {
  const list = ['content-length', String(length)];
  for (const name in reply.headers) {
    const value = reply.headers[name];
    if (value !== undefined) list.push(name, value);
  }
  return list;
}

/** Resolves when the socket takes bytes again, or is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const either = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: either.signal }),
      once(response, 'close', { signal: either.signal }),
    ]);
  } finally {
    either.abort();
  }
}

/** Sends the ping whenever nothing was written for the given time. One timer a stream, set anew only when it fires. */
class Pulse {
  readonly #response: ServerResponse;
  readonly #ping: string;
  readonly #everyMs: number;
  #last = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(response: ServerResponse, ping: string, everyMs: number) {
    this.#response = response;
    this.#ping = ping;
    this.#everyMs = everyMs;
    if (ping !== '') this.#timer = setTimeout(this.#fire, everyMs);
  }

  beat(): void {
    this.#last = performance.now();
  }

  readonly #fire = (): void => {
    const idle = performance.now() - this.#last;
    if (idle >= this.#everyMs - 1) {
      this.#response.write(this.#ping);
      this.beat();
    }
    this.#timer = setTimeout(this.#fire, Math.max(1, this.#everyMs - (performance.now() - this.#last)));
  };

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
