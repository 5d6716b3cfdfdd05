// A Reply on its way to a client: head and first piece together, back-pressure honoured, pings in silence.
import type { Reply, Streamed } from '../core/wire.ts';
import type { Response } from './response.ts';

/**
 * Takes a response, a reply, how often to ping in milliseconds, and whether only the head is wanted; writes it. Returns null when
 * that is done, of a stream a promise that resolves when it is.
 */
export function giveReply(response: Response, reply: Reply, pingMs: number, headOnly: boolean): Promise<void> | null {
  const { body } = reply;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return giveStream(response, reply, body, pingMs);
  if (!response.isLost) response.whole(reply, body, headOnly);
  return null;
}

function giveStream(response: Response, reply: Reply, body: Streamed, pingMs: number): Promise<void> {
  return new Promise((given, failed) => {
    try {
      response.begin(reply);
    } catch (thrown) {
      body.stop();
      throw thrown;
    }
    if (reply.isLate === true) response.write(reply.ping ?? '');
    const pulse = new Pulse(response, reply.ping ?? '', pingMs);
    // Called by whatever there is to wait for: more of the body, or a client that has taken what waited for it.
    const goOn = (): void => {
      try {
        if (!passOn(response, body, pulse, goOn)) return;
        response.end();
        given();
      } catch (thrown) {
        failed(thrown);
      }
      pulse.stop();
      body.stop();
    };
    goOn();
    response.hurry();
  });
}

/** Writes what there is of a body; returns true when that was all, or when nobody is there to take more. Else `goOn` will be called. */
function passOn(response: Response, body: Streamed, pulse: Pulse, goOn: () => void): boolean {
  while (!response.isLost) {
    const piece = body.take();
    if (piece === null) return true;
    if (piece === undefined) {
      body.wake(goOn);
      return false;
    }
    pulse.beat();
    if (!response.write(piece)) {
      response.drained(goOn);
      return false;
    }
  }
  return true;
}

/** Sends the ping whenever nothing was written for the given time. One timer a stream, set anew only when it fires. */
class Pulse {
  readonly #response: Response;
  readonly #ping: string;
  readonly #everyMs: number;
  #last = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(response: Response, ping: string, everyMs: number) {
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
      // Whoever does not read is not told anything, and no writing may pass for its reading.
      if (!this.#response.isHeldUp) this.#response.write(this.#ping);
      this.beat();
    }
    this.#timer = setTimeout(this.#fire, Math.max(1, this.#everyMs - (performance.now() - this.#last)));
  };

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
