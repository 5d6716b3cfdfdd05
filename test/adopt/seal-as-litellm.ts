// Seals as LiteLLM does, in each of its forms, for databases that tests build.
import { createCipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

export type Form = 'box' | 'standard' | 'v2' | 'v3';

/** Takes a text, the signing key and the form; returns it as LiteLLM stores it. `standard` is the box in base64's other alphabet. */
export function sealAsLitellm(text: string, key: string, form: Form = 'box'): string {
  if (form === 'v2' || form === 'v3') return sealGcm(text, key, form);
  const nonce = randomBytes(24);
  const box = xsalsa20poly1305(digest(key), nonce).encrypt(Buffer.from(text));
  const standard = Buffer.concat([nonce, box]).toString('base64');
  return form === 'standard' ? standard : urlSafe(standard);
}

function sealGcm(text: string, key: string, form: 'v2' | 'v3'): string {
  const nonce = randomBytes(12);
  const bytes = form === 'v2' ? digest(key) : Buffer.from(hkdfSync('sha256', key, '', 'litellm-at-rest-v3', 32));
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce);
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${form}:gcm:${urlSafe(sealed.toString('base64'))}`;
}

function digest(key: string): Buffer {
  return Buffer.from(hash('sha256', key, 'hex'), 'hex');
}

function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
