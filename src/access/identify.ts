// Who a key belongs to. Keys are looked up by SHA-256 in memory; nothing here waits for the database.
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { hashKey } from '../core/key-hash.ts';
import type { VirtualKey } from '../core/records.ts';

const mostHashes = 1_000;

export interface IdentifyParts {
  /** SHA-256 of the master key, in hex. */
  readonly masterHash: string;
  readonly keyByHash: (hash: string) => VirtualKey | undefined;
  /** True while what is in memory is known to be what the database holds. */
  readonly isFresh: () => boolean;
  /** Why keys may be unknown that exist; undefined: none is. */
  readonly lost: () => GatewayError | undefined;
  /** Milliseconds of the calendar. */
  readonly now: () => number;
}

/**
 * Takes the parts; returns a function from key to caller. Throws key_malformed, key_invalid, key_blocked, key_expired, or
 * identity_unavailable when a key is not known and the database that may know it is away: never 401 for that.
 */
export function openIdentify(parts: IdentifyParts): (token: string) => Caller {
  const hashes = new Hashes();
  return (token) => {
    const tokenHash = hashes.of(token);
    // Two hashes are compared, not two keys: how long that takes says nothing of the master key.
    if (tokenHash === parts.masterHash) return { isMaster: true, key: null, hash: tokenHash };
    if (!token.startsWith('sk-')) {
      throw new GatewayError('key_malformed', {
        message: 'keys of this gateway begin with sk-',
        field: 'authorization',
      });
    }
    const key = parts.keyByHash(tokenHash);
    if (key === undefined) throw unknown(parts);
    hashes.keep(token, tokenHash);
    if (key.blocked) throw new GatewayError('key_blocked', { message: `key ${key.preview}` });
    if (key.expiresAt !== null && key.expiresAt <= parts.now()) {
      const expired = new Date(key.expiresAt).toISOString();
      throw new GatewayError('key_expired', { message: `key ${key.preview} expired at ${expired}` });
    }
    return { isMaster: false, key, hash: tokenHash };
  };
}

/** What the latest known keys hash to: clients show the same one over and over. Strangers' are not kept. */
class Hashes {
  readonly #kept = new Map<string, string>();

  of(token: string): string {
    return this.#kept.get(token) ?? hashKey(token);
  }

  keep(token: string, tokenHash: string): void {
    if (this.#kept.has(token)) return;
    if (this.#kept.size >= mostHashes) this.#kept.clear();
    this.#kept.set(token, tokenHash);
  }
}

function unknown(parts: IdentifyParts): GatewayError {
  const lost = parts.lost();
  if (lost !== undefined) return lost;
  if (!parts.isFresh()) return new GatewayError('identity_unavailable', { retryAfterMs: 5_000 });
  return new GatewayError('key_invalid', {
    message: 'this key is not known; ask for one at /key/generate',
    field: 'key',
  });
}
