// What a request says, read from its bytes. While an answer is waited for nobody reads it, and a long conversation that lies about
// meanwhile is carried through every collection of garbage: so it is let go, and read again by the rare one that asks once more.
import type { JsonObject } from '../core/json.ts';

export class Words {
  readonly #bytes: Buffer;
  #said: JsonObject | null;

  /** Takes what is said, and the bytes that say it. */
  constructor(said: JsonObject, bytes: Buffer) {
    this.#said = said;
    this.#bytes = bytes;
  }

  get said(): JsonObject {
    this.#said ??= JSON.parse(this.#bytes.toString('utf8')) as JsonObject;
    return this.#said;
  }

  /** Nobody is about to read it. */
  letGo(): void {
    this.#said = null;
  }
}
