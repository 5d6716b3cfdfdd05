// LiteLLM's keys → ours, by their hash: the same `sk-…` works at once. Invariant: a key whose rights cannot be said here comes over
// disabled, and so does one that is no longer there.
import type { JsonObject } from '../core/json.ts';
import { hashKey } from '../core/key-hash.ts';
import type { Queries } from '../store/database.ts';
import type { LitellmRow } from '../store/litellm/litellm-rows.ts';
import { insertKey, keysByHash, listKeys, type NewKey, updateKey } from '../store/tables/keys.ts';
import { checksumOf, type Finding, type Gathered } from './item.ts';
import { modelsOf, reasonsToDisable } from './key-rights.ts';
import { asObject } from './opened-fields.ts';

export const keyTable = 'LiteLLM_VerificationToken';

export interface KeySources {
  /** Users by id, as far as keys name them. */
  readonly users: ReadonlyMap<string, LitellmRow>;
  /** Names behind each access group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Tags that have a budget or models of their own. */
  readonly tags: ReadonlySet<string>;
  /** Settings of LiteLLM's that hold back every key and are not enforced here. */
  readonly everybody: readonly string[];
}

/** What a key has spent in LiteLLM. */
export interface Spent {
  readonly keyHash: string;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly dollars: number;
  /** Milliseconds; null: LiteLLM does not say. */
  readonly since: number | null;
}

/** Takes rows of keys, what they hang on and where to gather; gathers an item for each and returns what they have spent. */
export async function gatherKeys(
  rows: AsyncIterable<LitellmRow>,
  sources: KeySources,
  gathered: Gathered,
): Promise<readonly Spent[]> {
  const spent: Spent[] = [];
  const aliases = new Map<string, string>();
  for await (const row of rows) {
    gathered.found.key += 1;
    const hash = hashIn(row);
    if (hash === undefined) {
      const says = 'the token is no SHA-256, so no key can be found by it';
      gathered.refuse('key', { ...placeOf(row), field: 'token', says, mend: 'make a new key' });
      continue;
    }
    const user = sources.users.get(text(row['user_id']) ?? '');
    const reasons = [...reasonsToDisable(row, { user, tags: sources.tags }), ...sources.everybody];
    const key = keyOf(row, hash, sources, reasons);
    const first = key.alias === null ? undefined : aliases.get(key.alias);
    if (key.alias !== null && first === undefined) aliases.set(key.alias, hash);
    if (first !== undefined) {
      const says = `the key ${first.slice(0, 12)} has the same alias; this one comes over without`;
      gathered.findings.push({ ...placeOf(row), field: 'key_alias', says, mend: 'rename one of the two' });
    }
    const wanted = first === undefined ? key : { ...key, alias: null };
    if (reasons.length > 0) gathered.findings.push(disabled(row, reasons));
    if (asObject(row['metadata'])?.logging !== undefined) {
      const says = 'it is left out: it may hold secrets, and callbacks are not built yet';
      gathered.findings.push({ ...placeOf(row), field: 'metadata.logging', says, mend: '' });
    }
    gathered.items.push(itemOf(wanted));
    spent.push({
      keyHash: hash,
      userId: key.userId,
      teamId: key.teamId,
      dollars: number(row['spend']) ?? 0,
      since: number(row['created_at']) ?? null,
    });
  }
  return spent;
}

function itemOf(key: NewKey): Gathered['items'][number] {
  return {
    kind: 'key',
    id: key.hash,
    name: key.alias ?? key.preview,
    checksum: checksumOf(key),
    isDisabled: key.blocked,
    async write(queries, _, before) {
      const [there] = await keysByHash(queries, [key.hash]);
      if (there !== undefined && before === undefined) return { ourId: key.hash, isMerged: true };
      const isTaken = await holdsAnother(queries, key);
      const wanted = isTaken ? { ...key, alias: null } : key;
      if (there === undefined) await insertKey(queries, wanted);
      else await updateKey(queries, key.hash, { ...wanted, blocked: key.blocked || there.blocked });
      const note = `another key here has the alias ${key.alias}; this one comes over without`;
      return { ourId: key.hash, ...(isTaken ? { note } : {}) };
    },
  };
}

async function holdsAnother(queries: Queries, { alias, hash }: NewKey): Promise<boolean> {
  if (alias === null) return false;
  const { keys } = await listKeys(queries, { alias }, { page: 1, size: 1 });
  return keys.some((key) => key.hash !== hash);
}

/** Very old rows hold the key itself. */
function hashIn(row: LitellmRow): string | undefined {
  const token = text(row['token']) ?? '';
  if (token.startsWith('sk-')) return hashKey(token);
  return /^[0-9a-f]{64}$/.test(token) ? token : undefined;
}

function keyOf(row: LitellmRow, hash: string, { groups }: KeySources, reasons: readonly string[]): NewKey {
  const name = text(row['key_name']) ?? '';
  return {
    hash,
    preview: /^sk-\.\.\..{1,4}$/.test(name) ? name : 'sk-...',
    alias: text(row['key_alias']) ?? null,
    models: modelsOf(row['models'], groups),
    expiresAt: number(row['expires']) ?? null,
    blocked: row['blocked'] === true || reasons.length > 0,
    userId: text(row['user_id']) ?? null,
    teamId: text(row['team_id']) ?? null,
    metadata: metadataOf(row, reasons),
    createdBy: text(row['created_by']) ?? null,
  };
}

function metadataOf(row: LitellmRow, reasons: readonly string[]): JsonObject {
  const { logging: _, ...own } = asObject(row['metadata']) ?? {};
  return reasons.length === 0 ? own : { ...own, disabled_by_adoption: [...reasons] };
}

function disabled(row: LitellmRow, reasons: readonly string[]): Finding {
  const mend = 'make a key with the rights it should have';
  return { ...placeOf(row), field: '', says: `it comes over disabled: ${reasons.join('; ')}`, mend };
}

/** Never the token itself: a very old row holds the key. */
function placeOf(row: LitellmRow): Pick<Finding, 'table' | 'row'> {
  const token = text(row['token']) ?? '';
  const hash = token.startsWith('sk-') ? hashKey(token) : token;
  return { table: keyTable, row: text(row['key_alias']) ?? hash.slice(0, 12) };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
