// Virtual keys over HTTP, in LiteLLM's shapes (contracts 3.2 to 3.5). First floor: generate, info, list, block, delete.
// Invariant: the secret leaves once, in the answer to generate; what is kept is its SHA-256.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { type JsonObject, listOf } from '../core/json.ts';
import { hashKey } from '../core/key-hash.ts';
import type { VirtualKey } from '../core/records.ts';
import type { Queries } from '../store/database.ts';
import {
  deleteKeys as deleteRows,
  insertKey,
  keysByHash,
  listKeys as listRows,
  updateKey,
} from '../store/tables/keys.ts';
import { sumUsage, type UsageSums } from '../store/usage-reports.ts';

export interface KeyParts {
  readonly database: Queries;
  readonly now: () => number;
  /** Reads usage as reports do (store/report-reader.ts). */
  readonly reports: Queries;
  /** Resolves when what was just written is what the gateway serves. */
  readonly refresh: () => Promise<void>;
}

/** LiteLLM's fields that are kept beside the key until the rooms that enforce them are built; each is answered with a note. */
const notInForce = [
  'max_budget',
  'soft_budget',
  'budget_duration',
  'budget_id',
  'tpm_limit',
  'rpm_limit',
  'max_parallel_requests',
  'allowed_routes',
  'guardrails',
  'object_permission',
  'model_max_budget',
  'organization_id',
] as const;

const generateBody = z.strictObject({
  key: z.string().startsWith('sk-', 'must begin with sk-').min(8, 'must have at least 8 characters').optional(),
  key_alias: z.string().min(1).nullish(),
  duration: z.string().nullish(),
  models: z.array(z.string()).optional(),
  user_id: z.string().nullish(),
  team_id: z.string().nullish(),
  metadata: z.record(z.string(), z.json()).optional(),
  key_type: z.enum(['default', 'llm_api']).optional(),
});

/** Takes a request body and its caller; returns LiteLLM's answer with the secret. Throws field_invalid, field_unsupported, key_exists. */
export async function generateKey(body: JsonObject, caller: Caller, parts: KeyParts): Promise<JsonObject> {
  refuseNotInForce(body);
  const asked = checked(generateBody, body);
  const secret = asked.key ?? `sk-${randomBytes(16).toString('base64url')}`;
  const key = await insertKey(parts.database, {
    hash: hashKey(secret),
    preview: `sk-...${secret.slice(-4)}`,
    alias: asked.key_alias ?? null,
    models: asked.models ?? [],
    expiresAt: typeof asked.duration === 'string' ? parts.now() + durationMs(asked.duration) : null,
    blocked: false,
    userId: asked.user_id ?? null,
    teamId: asked.team_id ?? null,
    metadata: (asked.metadata ?? {}) as JsonObject,
    createdBy: caller.key?.userId ?? (caller.isMaster ? 'default_user_id' : null),
  });
  await parts.refresh();
  return { ...keyRow(key, undefined), key: secret, token: key.hash, token_id: key.hash };
}

/** A limit that would be stored and not enforced is worse than a refusal. */
function refuseNotInForce(body: JsonObject): void {
  for (const field of notInForce) {
    const value = body[field];
    if (value !== undefined && value !== null) {
      throw new GatewayError('field_unsupported', {
        message: `${field} is understood but not yet enforced; leave it out`,
        field,
      });
    }
  }
}

/** Takes a key (raw or hash), or undefined for the caller's own; returns LiteLLM's info. Throws key_not_found, info_forbidden. */
export async function keyInfo(
  wanted: string | undefined,
  caller: Caller,
  maySee: (hash: string) => boolean,
  parts: KeyParts,
): Promise<JsonObject> {
  const hash = wanted === undefined ? caller.hash : hashOf(wanted);
  if (!maySee(hash)) throw new GatewayError('info_forbidden');
  const key = caller.key?.hash === hash ? caller.key : (await keysByHash(parts.database, [hash]))[0];
  if (key === undefined) {
    const says =
      caller.isMaster && wanted === undefined ? 'the master key has no row; name a key with ?key=' : 'no such key';
    throw new GatewayError('key_not_found', { message: says, field: 'key' });
  }
  const spent = await spentBy([hash], parts);
  return { key: wanted ?? hash, info: keyRow(key, spent.get(hash)) };
}

/** Takes the query of GET /key/list; returns a page of keys, as hashes or whole (return_full_object). */
export async function listKeys(query: URLSearchParams, parts: KeyParts): Promise<JsonObject> {
  const page = whole(query, 'page', 1, 1_000_000);
  const size = whole(query, 'size', 10, 100);
  const { keys, total } = await listRows(parts.database, filterOf(query), { page, size });
  const full = query.get('return_full_object') === 'true';
  const spent = full
    ? await spentBy(
        keys.map(({ hash }) => hash),
        parts,
      )
    : new Map();
  return {
    keys: keys.map((key) => (full ? { token: key.hash, ...keyRow(key, spent.get(key.hash)) } : key.hash)),
    total_count: total,
    current_page: page,
    total_pages: Math.ceil(total / size),
  };
}

const filters = { user_id: 'userId', team_id: 'teamId', key_alias: 'alias', key_hash: 'hash' } as const;

function filterOf(query: URLSearchParams): Record<string, string> {
  const given = Object.entries(filters).map(([parameter, field]) => [field, query.get(parameter)] as const);
  return Object.fromEntries(given.filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== null));
}

/** No text in the database can hold a zero character. */
const name = z.string().regex(/^[^\0]*$/);
const deleteBody = z.strictObject({ keys: z.array(name).nullish(), key_aliases: z.array(name).nullish() });

/** Takes the body of POST /key/delete; returns the keys deleted, as they were named. Throws field_missing, key_not_found. */
export async function deleteKeys(body: JsonObject, parts: KeyParts): Promise<JsonObject> {
  const { keys, key_aliases: aliases } = checked(deleteBody, body);
  const named = keys ?? aliases ?? [];
  if (named.length === 0) {
    throw new GatewayError('field_missing', { message: 'name keys (secrets or hashes) or key_aliases', field: 'keys' });
  }
  const removed = await deleteRows(parts.database, keys ? { hashes: keys.map(hashOf) } : { aliases: aliases ?? [] });
  if (removed.length === 0)
    throw new GatewayError('key_not_found', { message: 'none of these', field: keys ? 'keys' : 'key_aliases' });
  await parts.refresh();
  const gone = new Set(removed.flatMap((key) => (keys ? [key.hash] : [key.alias])));
  return { deleted_keys: named.filter((name) => gone.has(keys ? hashOf(name) : name)) };
}

const blockBody = z.strictObject({ key: name });

/**
 * Takes the body of POST /key/block or /key/unblock, and which of them it is; returns the key. Throws key_not_found, and field_invalid for
 * a key that came over from LiteLLM disabled: what held it there does not hold it here.
 */
export async function blockKey(body: JsonObject, blocked: boolean, parts: KeyParts): Promise<JsonObject> {
  const hash = hashOf(checked(blockBody, body).key);
  const [key] = await keysByHash(parts.database, [hash]);
  if (key === undefined) throw new GatewayError('key_not_found', { field: 'key' });
  const reasons = listOf(key.metadata.disabled_by_adoption);
  if (!blocked && reasons.length > 0) {
    const message = `this key came from LiteLLM disabled (${reasons.join('; ')}); make one with the rights it should have: /key/generate`;
    throw new GatewayError('field_invalid', { message, field: 'key' });
  }
  const changed = await updateKey(parts.database, hash, { blocked });
  if (changed === undefined) throw new GatewayError('key_not_found', { field: 'key' });
  await parts.refresh();
  const spent = await spentBy([hash], parts);
  return { token: hash, ...keyRow(changed, spent.get(hash)) };
}

/** What requests with these keys have cost, since there are rows; a key without requests has no entry. */
async function spentBy(hashes: readonly string[], parts: KeyParts): Promise<ReadonlyMap<string, UsageSums>> {
  const [{ groups }] = await sumUsage(parts.reports, { keys: hashes }, [['key']]);
  return new Map(groups.map((group) => [group.key ?? '', group]));
}

/** A key as LiteLLM's clients know it, without its hash; requests with no known price are counted beside the spend. */
function keyRow(key: VirtualKey, spent: UsageSums | undefined): JsonObject {
  return {
    key_name: key.preview,
    key_alias: key.alias,
    models: key.models,
    spend: spent?.cost ?? 0,
    unpriced_requests: spent?.unpriced ?? 0,
    expires: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
    user_id: key.userId,
    team_id: key.teamId,
    blocked: key.blocked,
    metadata: key.metadata,
    aliases: {},
    config: {},
    permissions: {},
    created_at: new Date(key.createdAt).toISOString(),
    created_by: key.createdBy,
    litellm_budget_table: null,
  };
}

/** Text that begins with `sk-` is a secret and is hashed; anything else is taken for the hash. */
function hashOf(keyOrHash: string): string {
  return keyOrHash.startsWith('sk-') ? hashKey(keyOrHash) : keyOrHash;
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 2_592_000_000,
};

/** Takes `30s`, `30m`, `30h`, `30d`, `1w` or `1mo` (30 days); returns milliseconds. Throws field_invalid. */
export function durationMs(text: string): number {
  const match = /^(\d{1,6})(mo|s|m|h|d|w)$/.exec(text);
  const unit = unitsMs[match?.[2] ?? ''];
  if (match?.[1] === undefined || unit === undefined || Number(match[1]) === 0) {
    throw new GatewayError('field_invalid', {
      message: 'duration must read like 30s, 30m, 30h, 30d, 1w or 1mo',
      field: 'duration',
    });
  }
  return Number(match[1]) * unit;
}

function whole(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new GatewayError('field_invalid', { message: `${name} must be a whole number from 1 to ${most}`, field: name });
}

function checked<T>(schema: z.ZodType<T>, body: JsonObject): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? issue?.path.join('.') ?? '';
  throw new GatewayError('field_invalid', {
    message: unknown === undefined ? `${field}: ${issue?.message}` : `${field} is not a known field`,
    field,
  });
}
