// The models a key may call, in both dialects. Never asks an upstream.
import { type Caller, mayCall } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { type Arrived, header, type Reply } from '../core/wire.ts';
import type { Parts } from './exchange.ts';

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
  const names = seenBy(arrived, caller, parts);
  if (header(arrived, 'anthropic-version') !== undefined) return reply(anthropicList(arrived, names));
  return reply({ data: names.map(openAiModel), object: 'list' });
}

/** Takes a request, its caller and a model's name; returns that model. Throws model_not_found. */
export function showModel(arrived: Arrived, caller: Caller, name: string, parts: Parts): Reply {
  const alias = parts.models().find(name);
  if (alias === undefined || alias.targets.length === 0 || !mayCall(caller.key?.models ?? [], name)) {
    throw new GatewayError('model_not_found', { message: `${name}; /v1/models lists the names`, field: 'model' });
  }
  return reply(
    header(arrived, 'anthropic-version') === undefined ? openAiModel(alias.name) : anthropicModel(alias.name),
  );
}

function seenBy(arrived: Arrived, caller: Caller, parts: Parts): readonly string[] {
  const allowed = caller.key?.models ?? [];
  const map = parts.models();
  const names = map.listedFor(allowed).map(({ name }) => name);
  const isWide = new URLSearchParams(arrived.query).get('return_wildcard_routes') === 'true';
  return isWide ? [...names, ...map.wildcardsFor(allowed)] : names;
}

function openAiModel(name: string): JsonObject {
  return { id: name, object: 'model', created: createdSeconds, owned_by: 'openai' };
}

function anthropicModel(name: string): JsonObject {
  return { type: 'model', id: name, display_name: name, created_at: createdAt };
}

/** Anthropic's pages: `limit` (1 to 1000, 20 when not given), `after_id`, `before_id`. */
function anthropicList(arrived: Arrived, names: readonly string[]): JsonObject {
  const query = new URLSearchParams(arrived.query);
  const limit = Math.min(1000, Math.max(1, Number(query.get('limit') ?? 20) || 20));
  const after = names.indexOf(query.get('after_id') ?? '');
  const before = names.indexOf(query.get('before_id') ?? '');
  const from = before === -1 ? after + 1 : Math.max(0, before - limit);
  const to = before === -1 ? from + limit : before;
  const page = names.slice(from, to);
  return {
    data: page.map(anthropicModel),
    has_more: before === -1 ? to < names.length : from > 0,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  };
}
