// Who is asking, and what the request headers say of it.
import { GatewayError } from './errors.ts';
import type { VirtualKey } from './records.ts';
import { type Arrived, header } from './wire.ts';

/** Someone who has shown a key. The master key has no row; it may do everything. */
export interface Caller {
  readonly isMaster: boolean;
  readonly key: VirtualKey | null;
  /** SHA-256 of the key shown, in hex. */
  readonly hash: string;
}

/** Headers that may carry a key, in LiteLLM's order of precedence (contracts 3.1). */
const keyHeaders = [
  'x-litellm-api-key',
  'authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
];

/** Takes a request; returns the key it carries. Throws key_missing or key_malformed. */
export function tokenOf(arrived: Pick<Arrived, 'headers'>): string {
  for (const name of keyHeaders) {
    const value = header(arrived, name);
    if (value !== undefined && value !== '')
      return name === 'authorization' ? bearer(value) : value.replace(/^Bearer /, '');
  }
  throw new GatewayError('key_missing', {
    message: 'send the header Authorization: Bearer <key>',
    field: 'authorization',
  });
}

function bearer(value: string): string {
  if (value.startsWith('Bearer ')) return value.slice(7);
  const match = /^(?:bearer|Basic) (.+)$/.exec(value);
  if (match?.[1] === undefined) {
    throw new GatewayError('key_malformed', {
      message: 'the Authorization header must read Bearer <key>',
      field: 'authorization',
    });
  }
  return match[1];
}

/** Takes a key's list of models and a model name; true when the list allows it (contracts 3.1: empty, `*`, wildcards). */
export function mayCall(models: readonly string[], name: string): boolean {
  return models.length === 0 || models.some((allowed) => matches(allowed, name));
}

function matches(allowed: string, name: string): boolean {
  if (allowed === '*' || allowed === 'all-proxy-models' || allowed === name) return true;
  const star = allowed.indexOf('*');
  if (star === -1) return false;
  const head = allowed.slice(0, star);
  const tail = allowed.slice(star + 1);
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}
