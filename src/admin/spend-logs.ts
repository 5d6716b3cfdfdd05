// Single requests in LiteLLM's words: GET /spend/logs (rows, or a summary a day) and its paged forms (contracts 11.2, 11.5).
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { contentsOf, type StoredContents } from '../store/tables/usage-contents.ts';
import { sumUsage } from '../store/usage-reports.ts';
import { countUsage, type UsageEntry, type UsageOrder, usageRows } from '../store/usage-rows.ts';
import type { UsageScope } from '../store/usage-scope.ts';
import { type Asked, daysAsked, hasDates, type ReportParts, scopeOf, wholeNumber } from './asked-usage.ts';

/** Rows in one unpaged answer at most. */
const mostRows = 10_000;

/**
 * GET /spend/logs: takes filters and dates; returns rows, the newest first, or with dates (unless `summarize=false`) a
 * summary a day. Throws report_too_large rather than leave rows out.
 */
export async function spendLogs(asked: Asked, parts: ReportParts): Promise<readonly JsonObject[]> {
  const isDated = hasDates(asked.query);
  const range = isDated ? daysAsked(asked.query) : {};
  const scope = { ...(await scopeOf(asked, parts)), ...range };
  if (isDated && asked.query.get('summarize') !== 'false') return summaries(scope, parts);
  const page = { order: 'started', descending: true, limit: mostRows + 1, offset: 0 } as const;
  const rows = await usageRows(parts.reports, scope, page);
  if (rows.length <= mostRows) return shown(rows, asked, parts);
  const message = `more than ${mostRows} rows; narrow start_date and end_date, or page through /spend/logs/v2`;
  throw new GatewayError('report_too_large', { message });
}

/** A day: its spend, by user, by model, and by key under the key's hash. */
async function summaries(scope: UsageScope, parts: ReportParts): Promise<readonly JsonObject[]> {
  const [days, users, models, keys] = await sumUsage(parts.reports, scope, [
    ['day'],
    ['day', 'user'],
    ['day', 'model'],
    ['day', 'key'],
  ]);
  return days.groups.toReversed().map(({ day, cost }) => {
    const costs = (name: 'user' | 'model' | 'key', { groups }: typeof users): JsonObject =>
      Object.fromEntries(groups.filter((group) => group.day === day).map((group) => [group[name] ?? '', group.cost]));
    return {
      ...costs('key', keys),
      startTime: day ?? '',
      spend: cost,
      users: costs('user', users),
      models: costs('model', models),
    };
  });
}

const orders: ReadonlyMap<string, UsageOrder> = new Map([
  ['startTime', 'started'],
  ['endTime', 'ended'],
  ['spend', 'cost'],
  ['total_tokens', 'tokens'],
]);

/**
 * GET /spend/logs/v2, /spend/logs/ui and /spend/logs/session/ui: takes dates (for a session or a request they may be left out), filters (`status_filter`, `min_spend`, `max_spend` too), `page`,
 * `page_size`, `sort_by` and `sort_order`; returns a page of rows and how many there are.
 */
export async function spendLogPage(asked: Asked, parts: ReportParts): Promise<JsonObject> {
  const { query } = asked;
  const page = wholeNumber(query, 'page', 1, 1_000_000);
  const size = wholeNumber(query, 'page_size', 50, 100);
  const order = orders.get(query.get('sort_by') ?? 'startTime');
  if (order === undefined) throw invalid('sort_by', [...orders.keys()].join(', '));
  const isNarrow = query.has('session_id') || query.has('request_id');
  const scope = {
    ...(await scopeOf(asked, parts)),
    ...(isNarrow && !hasDates(query) ? {} : daysAsked(query)),
    isSuccess: choice(query, 'status_filter', { success: true, failure: false }),
    leastCost: dollars(query, 'min_spend'),
    mostCost: dollars(query, 'max_spend'),
  };
  const descending = choice(query, 'sort_order', { desc: true, asc: false }) ?? true;
  const total = await countUsage(parts.reports, scope);
  const rows = await usageRows(parts.reports, scope, { order, descending, limit: size, offset: (page - 1) * size });
  return { data: await shown(rows, asked, parts), total, page, page_size: size, total_pages: Math.ceil(total / size) };
}

function invalid(field: string, takes: string): GatewayError {
  return new GatewayError('field_invalid', { message: `${field} takes ${takes}`, field });
}

function choice(query: URLSearchParams, name: string, choices: Readonly<Record<string, boolean>>): boolean | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const chosen = Object.hasOwn(choices, text) ? choices[text] : undefined;
  if (chosen === undefined) throw invalid(name, Object.keys(choices).join(' or '));
  return chosen;
}

function dollars(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw invalid(name, 'a number of US dollars');
  return value;
}

/** LiteLLM's call types. */
const callTypes: Readonly<Record<string, string>> = {
  chat: 'acompletion',
  completion: 'atext_completion',
  embedding: 'aembedding',
  rerank: 'arerank',
  moderation: 'amoderation',
  'count-tokens': 'acount_tokens',
};

/** Rows as they are shown: with their contents, where those are stored, when single requests are asked for. */
async function shown(
  rows: readonly UsageEntry[],
  { query }: Asked,
  { reports }: ReportParts,
): Promise<readonly JsonObject[]> {
  const contents = query.has('request_id') ? await contentsOf(reports, rows) : new Map<string, StoredContents>();
  return rows.map((row) => ({ ...spendLog(row), ...said(contents.get(row.requestId)) }));
}

/**
 * GET /spend/logs/ui/{request_id}: returns what was asked and answered in a request, empty where nothing is stored that the caller may
 * see. Dates, which LiteLLM wants, are not needed.
 */
export async function spendLogContents(asked: Asked, parts: ReportParts): Promise<JsonObject> {
  const page = { order: 'started', descending: true, limit: 1, offset: 0 } as const;
  const rows = await usageRows(parts.reports, await scopeOf(asked, parts), page);
  const contents = await contentsOf(parts.reports, rows);
  return said([...contents.values()][0]);
}

/** What was said, in LiteLLM's fields: an answer that is no JSON (a stream) is its text. */
function said(contents: StoredContents | undefined): JsonObject {
  const asked = parsed(contents?.asked ?? '{}');
  const body = isObject(asked) ? asked : {};
  return {
    messages: body.messages ?? body.prompt ?? body.input ?? body.query ?? {},
    response: parsed(contents?.answered ?? '{}'),
    proxy_server_request: body,
  };
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text; // events, or a body that was refused because it is no JSON
  }
}

/** A request as LiteLLM's spend logs show it, without its contents. An unknown price is `spend` 0 there, and says so in `metadata.unpriced`. */
function spendLog(row: UsageEntry): JsonObject {
  const { inputTokens, outputTokens } = row;
  const status = row.outcome === 'success' ? 'success' : 'failure';
  return {
    request_id: row.requestId,
    call_type:
      row.dialect === 'anthropic' && row.operation === 'chat' ? 'anthropic_messages' : callTypes[row.operation],
    api_key: row.keyHash ?? '',
    spend: row.cost ?? 0,
    total_tokens: (inputTokens ?? 0) + (outputTokens ?? 0),
    prompt_tokens: inputTokens ?? 0,
    completion_tokens: outputTokens ?? 0,
    startTime: new Date(row.startedAt).toISOString(),
    endTime: new Date(row.endedAt).toISOString(),
    completionStartTime: row.firstMs === null ? null : new Date(row.startedAt + row.firstMs).toISOString(),
    model: row.model ?? '',
    model_id: row.deploymentId ?? '',
    model_group: row.alias ?? '',
    custom_llm_provider: row.provider ?? '',
    api_base: '',
    user: row.userId ?? '',
    metadata: metadataOf(row, status),
    cache_hit: 'None',
    cache_key: 'Cache OFF',
    request_tags: row.tags,
    team_id: row.teamId,
    organization_id: null,
    end_user: row.endUser,
    requester_ip_address: row.callerAddress,
    messages: {},
    response: {},
    session_id: row.session,
    status,
    mcp_namespaced_tool_name: null,
    agent_id: null,
    proxy_server_request: {},
  };
}

function metadataOf(row: UsageEntry, status: string): JsonObject {
  const isUnpriced = row.cost === null && row.inputTokens !== null;
  return {
    status,
    user_api_key: row.keyHash,
    user_api_key_user_id: row.userId,
    user_api_key_team_id: row.teamId,
    litellm_overhead_time_ms: row.overheadMs,
    additional_usage_values: {
      cache_read_input_tokens: row.cacheReadTokens ?? 0,
      cache_creation_input_tokens: row.cacheWriteTokens ?? 0,
      reasoning_tokens: row.reasoningTokens ?? 0,
    },
    outcome: row.outcome,
    ...(isUnpriced ? { unpriced: true } : {}),
    ...(row.usagePartial ? { usage_partial: true } : {}),
    ...(row.errorCode === null
      ? {}
      : { error_information: { error_code: String(row.status), error_class: row.errorCode, error_message: '' } }),
  };
}
