// How a key is known to us: by its SHA-256 in lower-case hex, never by itself (contracts 3.1).
import { hash } from 'node:crypto';

/** Takes a key, `sk-` included; returns its SHA-256 in lower-case hex. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}
