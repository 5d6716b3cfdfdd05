// A reply whose words are kept beside their delivery, for traces that may tell them and contents that are stored. Invariant: what
// the client gets is untouched, and no more is kept than either may hold.
import type { Reply, Streamed } from '../core/wire.ts';

/** Beyond this nothing of a body is told: half a message would read like a whole one. */
export const longestTold = 256 * 1024;

/** Told once when it is over: the bytes, or null when they were too many. */
type Over = (bytes: Buffer | null, isStream: boolean) => void;

/** Takes a reply and who is to hear of it when it is over. Returns the reply to send. */
export function overheard(reply: Reply, over: Over): Reply {
  const { body } = reply;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return { ...reply, body: new Heard(body, over) };
  const bytes = Buffer.from(body);
  over(bytes.length > longestTold ? null : bytes, false);
  return reply;
}

class Heard implements Streamed {
  readonly #body: Streamed;
  readonly #over: Over;
  #pieces: Buffer[] = [];
  #length = 0;
  #isOver = false;

  constructor(body: Streamed, over: Over) {
    this.#body = body;
    this.#over = over;
  }

  take(): Uint8Array | string | null | undefined {
    try {
      const piece = this.#body.take();
      if (piece === null) this.#end();
      else if (piece !== undefined) this.#keep(Buffer.from(piece));
      return piece;
    } catch (thrown) {
      this.#end();
      throw thrown;
    }
  }

  wake(told: () => void): void {
    this.#body.wake(told);
  }

  stop(): void {
    this.#body.stop();
    this.#end();
  }

  #keep(bytes: Buffer): void {
    this.#length += bytes.length;
    if (this.#length <= longestTold) this.#pieces.push(bytes);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over(this.#length > longestTold ? null : Buffer.concat(this.#pieces), true);
    this.#pieces = [];
  }
}
