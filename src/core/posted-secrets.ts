// Secrets as they are shown and as they come back. A secret never leaves, so what is shown is a mark; a form that posts the
// mark back means "as it was". Invariant: no mark, no ciphertext and no forbidden reference is ever taken for a secret.

import type { Reference } from '../kit/reference.ts';
import { isSealed } from '../kit/seal.ts';
import { Secret } from '../kit/secret.ts';
import { GatewayError } from './errors.ts';

/** What a posted form changes. Fields that stand in neither stay byte for byte as they are stored. */
export interface SecretChanges {
  readonly set: Readonly<Record<string, Secret>>;
  readonly removed: readonly string[];
}

/** What stands for a secret wherever one would be shown. */
export const shownSecret = '[secret]';

/** Marks of ours, of LiteLLM (`sk-1****cdef`, `sk-...cdef`) and of forms that show dots. */
const marks = [/^\[secret\]$/, /^[*•●]+$/, /^.{0,8}[*•●]{4,}.{0,8}$/, /^.{0,8}(\.\.\.|…).{0,8}$/, /^<?redacted>?$/i];

/** Takes a posted text; true when it is a mark that was shown in a secret's place. */
export function isMark(text: string): boolean {
  return marks.some((mark) => mark.test(text));
}

/** Takes the names of stored fields; returns what may be shown of them. */
export function shownSecrets(stored: readonly string[]): Record<string, string> {
  return Object.fromEntries(stored.map((field) => [field, shownSecret]));
}

/**
 * Takes posted fields (null: to be removed) and the names of the stored ones; returns what changes. A mark, an empty text and
 * an absent field leave a stored one alone. Throws field_invalid for a mark where nothing is stored, for a sealed text and
 * for a reference that may not come this way.
 */
export function secretChanges(
  posted: Readonly<Record<string, string | null>>,
  stored: readonly string[],
): SecretChanges {
  const set: [string, Secret][] = [];
  const removed: string[] = [];
  for (const [field, text] of Object.entries(posted)) {
    const isStored = stored.includes(field);
    if (text === null) removed.push(...(isStored ? [field] : []));
    else if (text !== '' && !isMark(text)) set.push([field, taken(field, text)]);
    else if (!isStored) throw invalid(field, 'is a mark that stands for a secret, and none is stored: give the secret');
  }
  return { set: Object.fromEntries(set), removed };
}

function taken(field: string, text: string): Secret {
  if (isSealed(text)) throw invalid(field, 'is sealed already: give the secret itself');
  const secret = new Secret(text);
  const reference = secret.reference();
  const refusal = reference === undefined ? undefined : refusalOf(reference);
  if (refusal !== undefined) throw invalid(field, `is not taken: ${refusal}`);
  return secret;
}

function invalid(field: string, says: string): GatewayError {
  return new GatewayError('field_invalid', { message: `${field} ${says}`, field });
}

/** Variables that are the gateway's own: who may write credentials may not send these anywhere. */
const own = /^(PLUMBLINE_.*|LITELLM_(MASTER|SALT)_KEY|DATABASE_URL|OTEL_(EXPORTER_OTLP_)?HEADERS|(HTTPS?|ALL)_PROXY)$/i;

/** Takes a reference that came by the management API; returns why it is not taken, undefined when it is. */
export function refusalOf({ kind, name, written }: Reference): string | undefined {
  if (kind === 'file') return `${written}: files are read for the configuration file only`;
  if (kind === 'variable' && own.test(name)) return `${written} is a secret of the gateway itself`;
  return undefined;
}
