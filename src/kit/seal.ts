// Authenticated encryption at rest: AES-256-GCM under a key derived for this one purpose from the salt key (HKDF, RFC 5869).
// Invariant: a sealed text is sealed exactly once; the place it belongs to (table, row, field) is bound in, so a ciphertext
// moved elsewhere does not open.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Secret } from './secret.ts';

export type Sealed = string & { readonly sealed: true };

const mark = 'pl1:';
const nonceBytes = 12;
const tagBytes = 16;

/** Takes any text; true when it carries the mark of a sealed text. */
export function isSealed(text: string): text is Sealed {
  return text.startsWith(mark);
}

export interface Sealer {
  /** Takes a secret and its place; returns it sealed. Throws when it is sealed already. */
  seal(secret: Secret, place: string): Sealed;
  /** Takes a sealed text and its place; returns the secret. Throws when key, place or text do not fit. */
  unseal(sealed: string, place: string): Secret;
}

/** Takes the salt key; returns a sealer. The key id in each sealed text names the key without giving it away. */
export function openSealer(saltKey: Secret): Sealer {
  const key = Buffer.from(hkdfSync('sha256', saltKey.reveal(), '', 'plumbline credential sealing v1', 32));
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return {
    seal(secret, place) {
      const text = secret.reveal();
      if (isSealed(text)) throw new Error(`refusing to seal what is sealed already (${place})`);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${mark}${keyId}:${sealed.toString('base64url')}` as Sealed;
    },
    unseal(sealed, place) {
      const [, id, payload] = sealed.split(':');
      if (!isSealed(sealed) || id === undefined || payload === undefined) throw new Error(`not sealed (${place})`);
      if (id !== keyId) throw new Error(`sealed under another salt key (${id}, not ${keyId}) (${place})`);
      const bytes = Buffer.from(payload, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const opened = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
      return new Secret(opened.toString('utf8'));
    },
  };
}
