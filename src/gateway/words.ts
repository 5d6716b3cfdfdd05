// What a request says, read from its bytes. Long texts of a conversation are what most of a body is, and nothing that is decided on the
// way depends on them: so they are left out of the outline that decisions are made by, and read only for a translation or an estimate.
// While an answer is waited for nobody reads either, and what lies about is carried through every collection of garbage: both are let go.
import { type JsonObject, type JsonValue, listOf } from '../core/json.ts';
import { aText, type BodyMap, type Folds } from '../kit/json-body.ts';

/** Who says what most conversations are made of: messages that are a role and a text. */
const speakers = ['user', 'assistant', 'system'];

/** What a provider may have to change in messages shows without the words of their texts. Openings as most clients write them. */
export const folds: Folds = {
  field: 'messages',
  names: ['content', 'text'],
  openings: [
    ...speakers.map((role) => `{"role":"${role}","content":"`),
    ...speakers.map((role) => `{"role": "${role}", "content": "`),
  ],
};

/** What such a message says in an outline, by the number of its opening. */
const plain: readonly JsonObject[] = folds.openings.map((opening) => Object.freeze(JSON.parse(`${opening}..."}`)));

/**
 * Takes what an outline says and the map it was made by; puts the messages that were folded whole where the outline has null for them.
 * False when that cannot be, for the client sent null itself.
 */
export function unfoldMessages(outline: JsonObject, { folded }: BodyMap): boolean {
  const messages = listOf(outline.messages) as JsonValue[];
  let next = elementFrom(folded, 0);
  for (let index = 0; index < messages.length; index++) {
    if (messages[index] !== null) continue;
    const message = plain[folded[next + 2] ?? aText];
    if (message === undefined) return false;
    messages[index] = message;
    next = elementFrom(folded, next + 3);
  }
  return next === folded.length;
}

/** Returns where the next element that is folded stands among what is folded, or its end. */
function elementFrom(folded: readonly number[], start: number): number {
  let at = start;
  while (at < folded.length && folded[at + 2] === aText) at += 3;
  return at;
}

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
