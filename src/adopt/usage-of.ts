// A row of LiteLLM's spend log → a usage row. What LiteLLM does not say is absent, never guessed; rows are marked by dialect "litellm".
import { isObject, listOf, numberOf } from '../core/json.ts';
import type { UsageRow } from '../core/records.ts';
import { noUsage, type Usage } from '../core/usage.ts';
import type { LitellmRow } from '../store/litellm/litellm-rows.ts';
import { asObject } from './opened-fields.ts';

const operations: readonly (readonly [RegExp, UsageRow['operation']])[] = [
  [/embedding/, 'embedding'],
  [/rerank/, 'rerank'],
  [/text_completion/, 'completion'],
  [/moderation/, 'moderation'],
];

/** Takes a row; returns it as ours, or undefined when it has no beginning. */
export function usageOf(row: LitellmRow): UsageRow | undefined {
  const startedAt = numberOf(row['startTime']);
  if (startedAt === undefined) return undefined;
  const endedAt = Math.max(startedAt, numberOf(row['endTime']) ?? startedAt);
  const first = numberOf(row['completionStartTime']);
  const called = String(row['call_type'] ?? '');
  const hasFailed = row['status'] === 'failure';
  return {
    requestId: String(row['request_id']),
    startedAt,
    endedAt,
    operation: operations.find(([pattern]) => pattern.test(called))?.[1] ?? 'chat',
    route: called,
    dialect: 'litellm',
    stream: false,
    outcome: hasFailed ? 'failure' : 'success',
    status: hasFailed ? statusIn(row) : 200,
    errorCode: null,
    keyId: null,
    keyHash: named(row['api_key']),
    userId: named(row['user']),
    teamId: named(row['team_id']),
    endUser: named(row['end_user']),
    alias: named(row['model_group']) ?? named(row['model']),
    deploymentId: named(row['model_id']),
    provider: named(row['custom_llm_provider']),
    model: named(row['model']),
    usage: tokensOf(row),
    usagePartial: false,
    cost: dollars(row),
    attempts: 1,
    fallbacks: 0,
    queueMs: 0,
    firstMs: first === undefined || first < startedAt ? null : first - startedAt,
    totalMs: endedAt - startedAt,
    overheadMs: 0,
    tags: tagsOf(row['request_tags']),
    session: named(row['session_id']),
    callerAddress: named(row['requester_ip_address']),
    droppedParameters: [],
  };
}

/** LiteLLM writes 0 both for what was free and for what has no price; with tokens and no dollars the price counts as unknown. */
function dollars(row: LitellmRow): number | null {
  const spend = numberOf(row['spend']) ?? 0;
  if (spend > 0) return spend;
  return tokensOf(row) === null || row['cache_hit'] === 'True' ? 0 : null;
}

function tokensOf(row: LitellmRow): Usage | null {
  const [input, output] = [numberOf(row['prompt_tokens']) ?? 0, numberOf(row['completion_tokens']) ?? 0];
  if (input === 0 && output === 0) return null;
  return { ...noUsage, input: Math.max(0, input), output: Math.max(0, output) };
}

function statusIn(row: LitellmRow): number {
  const told = asObject(row['metadata'])?.error_information;
  const status = isObject(told) ? Number(told.error_code) : Number.NaN;
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : 500;
}

function tagsOf(value: unknown): string[] {
  const list = typeof value === 'string' ? [] : listOf(value);
  return list.filter((tag): tag is string => typeof tag === 'string');
}

function named(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
