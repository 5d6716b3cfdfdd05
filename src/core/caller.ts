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

/** The word for every model in a key's list (LiteLLM's). */
const everyModel = 'all-proxy-models';

/** Takes a key's list of models; returns the names in it that are neither wildcards nor words. */
export function namedIn(models: readonly string[]): readonly string[] {
  return [...new Set(models)].filter((name) => !name.includes('*') && name !== everyModel);
}

/** Takes a key's list of models and a wildcard; returns the wildcards for what both allow, none when that is nothing. */
export function narrowed(models: readonly string[], wildcard: string): readonly string[] {
  if (models.length === 0 || models.includes(everyModel)) return [wildcard];
  return models.flatMap((allowed) => (allowed.includes('*') ? common(allowed, wildcard) : []));
}

/** Of two wildcards: the longer head and the longer tail, when the shorter ones fit. */
function common(one: string, other: string): readonly string[] {
  const [[head = '', tail = ''], [otherHead = '', otherTail = '']] = [one.split('*'), other.split('*')];
  const [short, long] = head.length < otherHead.length ? [head, otherHead] : [otherHead, head];
  const [shortTail, longTail] = tail.length < otherTail.length ? [tail, otherTail] : [otherTail, tail];
  return long.startsWith(short) && longTail.endsWith(shortTail) ? [`${long}*${longTail}`] : [];
}

function matches(allowed: string, name: string): boolean {
  if (allowed === '*' || allowed === everyModel || allowed === name) return true;
  const star = allowed.indexOf('*');
  if (star === -1) return false;
  const head = allowed.slice(0, star);
  const tail = allowed.slice(star + 1);
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}
