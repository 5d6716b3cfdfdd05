// What a request says, read from its bytes. Long texts of a conversation are what most of a body is, and nothing that is decided on the
// way depends on them: so they are left out of the outline that decisions are made by, and read only for a translation or an estimate.
// While an answer is waited for nobody reads either, and what lies about is carried through every collection of garbage: both are let go.
import type { JsonObject } from '../core/json.ts';
import type { Folds } from '../kit/json-body.ts';

/** What a provider may have to change in messages shows without the words of their texts. */
export const foldedTexts: Folds = { field: 'messages', names: ['content', 'text'] };

export class Words {
  readonly #bytes: Buffer;
  readonly isFolded: boolean;
  #outline: JsonObject | null;
  #said: JsonObject | null;

  /** Takes an outline of what is said, the bytes that say it, and whether texts are folded in the outline. */
  constructor(outline: JsonObject, bytes: Buffer, isFolded: boolean) {
    this.#outline = outline;
    this.#bytes = bytes;
    this.isFolded = isFolded;
    this.#said = isFolded ? null : outline;
  }

  /** All of it; of messages, long texts may be folded. Nothing that is sent may be made of those. */
  get outline(): JsonObject {
    return this.#outline ?? this.said;
  }

  /** All of it. */
  get said(): JsonObject {
    this.#said ??= JSON.parse(this.#bytes.toString('utf8')) as JsonObject;
    return this.#said;
  }

  /** Nobody is about to read it. */
  letGo(): void {
    this.#outline = null;
    this.#said = null;
  }
}
