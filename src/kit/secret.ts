// A value that will not print itself. reveal() is the only way out, and only kit/seal.ts and kit/upstream.ts may call it.
import { hash } from 'node:crypto';
import { inspect } from 'node:util';
import { type Reference, referenceIn } from './reference.ts';

const mask = '[secret]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the plain text. */
  reveal(): string {
    return this.#text;
  }

  /** Takes a prefix (`Bearer `); returns a Secret of prefix and text. */
  prefixed(prefix: string): Secret {
    return new Secret(prefix + this.#text);
  }

  /** Returns what `name=value,name=value` holds, by name in lower case, values percent-decoded; null when it is not that. */
  pairs(): Readonly<Record<string, Secret>> | null {
    try {
      const parts = this.#text.split(',').map((part) => /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(part));
      const pairs = parts.map((part) => [part?.[1]?.toLowerCase(), part?.[2]]);
      if (pairs.some(([name]) => name === undefined)) return null;
      return Object.fromEntries(pairs.map(([name, value]) => [name, new Secret(decodeURIComponent(value ?? ''))]));
    } catch {
      return null; // a percent sign that begins nothing
    }
  }

  /** Returns where the secret is kept, when the text only names that (which is no secret); undefined when it is the secret. */
  reference(): Reference | undefined {
    return referenceIn(this.#text);
  }

  /** Takes another text or Secret's plain form; true when equal. */
  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  /** Returns the SHA-256 of the text in lower-case hex: what may be kept and compared. */
  sha256(): string {
    return hash('sha256', this.#text, 'hex');
  }

  /** Takes a prefix that says what kind of key this is; true when the text begins with it. */
  startsWith(prefix: string): boolean {
    return this.#text.startsWith(prefix);
  }

  /** True when there is no text. */
  get isEmpty(): boolean {
    return this.#text === '';
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}
