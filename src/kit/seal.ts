// Authenticated encryption at rest: AES-256-GCM under keys derived for this one purpose from salt keys (HKDF, RFC 5869).
// Invariants: a sealed text is sealed exactly once; the place it belongs to (table, row, field) is bound in, so a ciphertext
// moved elsewhere does not open; its key id says which salt key opens it, so that two can be in use while one replaces the other.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Secret } from './secret.ts';

export type Sealed = string & { readonly sealed: true };

const mark = 'pl1:';
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const envelope = /^pl1:([0-9a-f]{8}):([\w-]+)$/;

/** Takes any text; true when it carries the mark of a sealed text. */
export function isSealed(text: string): text is Sealed {
  return text.startsWith(mark);
}

/** Takes what a sealed text opened to; true when that is sealed again, which nothing of ours does. */
export function holdsSealed(secret: Secret): boolean {
  return secret.startsWith(mark);
}

/** Takes a sealed text; returns the id of the key it was sealed under, undefined when it is no whole envelope. */
export function keyIdOf(sealed: string): string | undefined {
  return envelope.exec(sealed)?.[1];
}

export interface Sealer {
  /** The id of the key that seals: names it without giving it away. */
  readonly keyId: string;
  /** The ids of all keys that open, the sealing one first. */
  readonly keyIds: readonly string[];
  /** Takes a secret and its place; returns it sealed. Throws when it is sealed already. */
  seal(secret: Secret, place: string): Sealed;
  /** Takes a sealed text and its place; returns the secret. Throws when no key, or place or text do not fit. */
  unseal(sealed: string, place: string): Secret;
  /** Takes one of `keyIds`; returns the same keys with that one sealing, undefined when there is no such key. */
  under(keyId: string): Sealer | undefined;
}

/** Takes the salt key that seals and others that only open; returns a sealer. */
export function openSealer(saltKey: Secret, others: readonly Secret[] = []): Sealer {
  return new Keyring([saltKey, ...others].map(keyFrom));
}

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

function keyFrom(saltKey: Secret): Key {
  const bytes = Buffer.from(hkdfSync('sha256', saltKey.reveal(), '', 'plumbline credential sealing v1', 32));
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}

class Keyring implements Sealer {
  readonly keyId: string;
  readonly keyIds: readonly string[];
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #sealing: Buffer;

  /** The first of the keys seals. */
  constructor(keys: readonly Key[]) {
    const [first] = keys;
    if (first === undefined) throw new Error('sealing needs a key');
    this.keyId = first.id;
    this.#sealing = first.bytes;
    this.#keys = new Map(keys.map(({ id, bytes }) => [id, bytes]));
    this.keyIds = [...this.#keys.keys()];
  }

  seal(secret: Secret, place: string): Sealed {
    const text = secret.reveal();
    if (isSealed(text)) throw new Error(`refusing to seal what is sealed already (${place})`);
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#sealing, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${mark}${this.keyId}:${sealed.toString('base64url')}` as Sealed;
  }

  unseal(sealed: string, place: string): Secret {
    const [, id = '', payload = ''] = envelope.exec(sealed) ?? [];
    const bytes = Buffer.from(payload, 'base64url');
    if (bytes.length < nonceBytes + tagBytes) throw new Error(`not sealed (${place})`);
    const key = this.#keys.get(id);
    if (key === undefined)
      throw new Error(`sealed under another salt key (${id}, not ${this.keyIds.join(' or ')}) (${place})`);
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-tagBytes));
    const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    return new Secret(opened.toString('utf8'));
  }

  under(keyId: string): Sealer | undefined {
    const bytes = this.#keys.get(keyId);
    if (bytes === undefined) return undefined;
    const rest = [...this.#keys].filter(([id]) => id !== keyId).map(([id, other]) => ({ id, bytes: other }));
    return new Keyring([{ id: keyId, bytes }, ...rest]);
  }
}
