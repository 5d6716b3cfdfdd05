// The models a key may call, in both dialects. Never asks an upstream.
import { type Caller, mayCall } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { type Arrived, header, type Reply } from '../core/wire.ts';
import type { Parts } from './exchange.ts';
import type { Alias } from './target.ts';

/** LiteLLM and OpenAI show a fixed time; so do we, as a deployment has none. */
const createdSeconds = 1_677_610_602;
const createdAt = new Date(createdSeconds * 1000).toISOString();

const reply = (body: JsonObject): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Takes a request and its caller; returns the list, in Anthropic's shape when `anthropic-version` is sent. */
export function listModels(arrived: Arrived, caller: Caller, parts: Parts): Reply {
  const aliases = seenBy(arrived, caller, parts);
  if (header(arrived, 'anthropic-version') !== undefined) return reply(anthropicList(arrived, aliases));
  return reply({ data: aliases.map(openAiModel), object: 'list' });
}

/** Takes a request, its caller and a model's name; returns that model. Throws model_not_found. */
export function showModel(arrived: Arrived, caller: Caller, name: string, parts: Parts): Reply {
  const alias = parts.models().find(name);
  if (alias === undefined || alias.targets.length === 0 || !mayCall(caller.key?.models ?? [], name)) {
    throw new GatewayError('model_not_found', { message: `${name}; /v1/models lists the names`, field: 'model' });
  }
  return reply(header(arrived, 'anthropic-version') === undefined ? openAiModel(alias) : anthropicModel(alias));
}

function seenBy(arrived: Arrived, caller: Caller, parts: Parts): readonly Alias[] {
  const allowed = caller.key?.models ?? [];
  const listed = parts.models().listedFor(allowed);
  const wildcards = new URLSearchParams(arrived.query).get('return_wildcard_routes') === 'true';
  if (!wildcards) return listed;
  const open = parts.models().aliases.filter(({ name, hidden }) => name.includes('*') && !hidden);
  return [...listed, ...open.filter(({ name }) => mayCall(allowed, name))];
}

function openAiModel(alias: Alias): JsonObject {
  return { id: alias.name, object: 'model', created: createdSeconds, owned_by: 'openai' };
}

function anthropicModel(alias: Alias): JsonObject {
  return { type: 'model', id: alias.name, display_name: alias.name, created_at: createdAt };
}

/** Anthropic's pages: `limit` (1 to 1000, 20 when not given), `after_id`, `before_id`. */
function anthropicList(arrived: Arrived, aliases: readonly Alias[]): JsonObject {
  const query = new URLSearchParams(arrived.query);
  const limit = Math.min(1000, Math.max(1, Number(query.get('limit') ?? 20) || 20));
  const after = aliases.findIndex((alias) => alias.name === query.get('after_id'));
  const before = aliases.findIndex((alias) => alias.name === query.get('before_id'));
  const from = before === -1 ? after + 1 : Math.max(0, before - limit);
  const to = before === -1 ? from + limit : before;
  const page = aliases.slice(from, to);
  return {
    data: page.map(anthropicModel),
    has_more: before === -1 ? to < aliases.length : from > 0,
    first_id: page[0]?.name ?? null,
    last_id: page.at(-1)?.name ?? null,
  };
}
