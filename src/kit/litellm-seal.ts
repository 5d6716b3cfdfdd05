// Opens what LiteLLM sealed for its database: NaCl SecretBox (either base64 alphabet, no mark), `v2:gcm:` and `v3:gcm:` (AES-256-GCM).
// Invariant: a layer is taken off only when it authenticates under a given key; nothing is guessed. Nothing is ever sealed here.
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import type { Secret } from './secret.ts';

/** A key LiteLLM may have sealed with: its salt key, or its master key where it has none. */
export interface LitellmKey {
  /** For people: `LITELLM_SALT_KEY`. */
  readonly name: string;
  readonly key: Secret;
}

export interface OpenedValue {
  /** In the clear: hand it on, never print it. */
  readonly text: string;
  /** Layers taken off; 0: no key opens it. */
  readonly layers: number;
  /** The names of the keys that opened them, the outermost first. */
  readonly keys: readonly string[];
  /** What is left reads like a sealed text that no key opens. Certain with a mark, else likely: LiteLLM's older form has none. */
  readonly looksSealed: boolean;
}

const marks = { v2: 'v2:gcm:', v3: 'v3:gcm:' } as const;
const [boxNonce, boxTag, gcmNonce, gcmTag] = [24, 16, 12, 16];

/** The keys in the forms LiteLLM uses, derived once. */
interface DerivedKey {
  readonly name: string;
  readonly plain: Buffer;
  readonly stretched: Buffer;
}

export class LitellmOpener {
  readonly #keys: readonly DerivedKey[];

  /** Takes the keys to try, in this order. */
  constructor(keys: readonly LitellmKey[]) {
    this.#keys = keys.map(({ name, key }) => ({
      name,
      plain: createHash('sha256').update(key.reveal()).digest(),
      stretched: Buffer.from(hkdfSync('sha256', key.reveal(), '', 'litellm-at-rest-v3', 32)),
    }));
  }

  /** Takes a stored text; returns what is left of it when every layer that opens is taken off. */
  open(stored: string): OpenedValue {
    const keys: string[] = [];
    let text = stored;
    for (let layer = this.#openOnce(text); layer !== undefined; layer = this.#openOnce(text)) {
      keys.push(layer.key);
      text = layer.text;
    }
    return { text, layers: keys.length, keys, looksSealed: looksSealed(text) };
  }

  #openOnce(text: string): { readonly text: string; readonly key: string } | undefined {
    for (const key of this.#keys) {
      const opened = openWith(key, text);
      if (opened !== undefined) return { text: opened, key: key.name };
    }
    return undefined;
  }
}

function openWith(key: DerivedKey, text: string): string | undefined {
  if (text.startsWith(marks.v2)) return openGcm(key.plain, decoded(text.slice(marks.v2.length)));
  if (text.startsWith(marks.v3)) return openGcm(key.stretched, decoded(text.slice(marks.v3.length)));
  return openBox(key.plain, decoded(text));
}

/** Both alphabets, with or without padding; what is no base64 decodes to something that does not authenticate. */
function decoded(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/** Nonce, tag, ciphertext. */
function openBox(key: Buffer, bytes: Buffer): string | undefined {
  if (bytes.length < boxNonce + boxTag) return undefined;
  try {
    return utf8(xsalsa20poly1305(key, bytes.subarray(0, boxNonce)).decrypt(bytes.subarray(boxNonce)));
  } catch {
    return undefined; // it does not authenticate: this is not what the key sealed
  }
}

/** Nonce, ciphertext, tag. */
function openGcm(key: Buffer, bytes: Buffer): string | undefined {
  if (bytes.length < gcmNonce + gcmTag) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, gcmNonce), { authTagLength: gcmTag });
    decipher.setAuthTag(bytes.subarray(-gcmTag));
    return utf8(Buffer.concat([decipher.update(bytes.subarray(gcmNonce, -gcmTag)), decipher.final()]));
  } catch {
    return undefined; // it does not authenticate: this is not what the key sealed
  }
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/** How keys of providers begin, so that a long one written out plainly is not taken for a sealed text. */
const plainBeginnings = /^(sk-|sk_|pk-|gsk_|xai-|pplx-|hf_|AIza|AKIA|ASIA|nvapi-|tgp_|fw_|r8_|jina_|pa-|ya29\.|eyJ)/;

/**
 * A text without a mark reads as sealed when it is whole base64 of at least a nonce and a tag and as mixed as random bytes are:
 * one such without a capital, a small letter or a digit comes about once in 10^9 (the digits) or far more rarely.
 */
function looksSealed(text: string): boolean {
  if (text.startsWith(marks.v2) || text.startsWith(marks.v3)) return true;
  const trimmed = text.trim();
  const isWhole = /^([\w-]{4})*([\w-]{2}==|[\w-]{3}=)?$/.test(trimmed) || /^[A-Za-z0-9+/]+={0,2}$/.test(trimmed);
  if (!isWhole || trimmed.length % 4 !== 0 || decoded(trimmed).length < boxNonce + boxTag) return false;
  return /[A-Z]/.test(trimmed) && /[a-z]/.test(trimmed) && /\d/.test(trimmed) && !plainBeginnings.test(trimmed);
}
