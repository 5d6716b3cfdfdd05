// GET /model/info, /v2/model/info and /model_group/info: the entries of admin/model-info.ts, whole, by the page, and by name.
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { type JsonObject, type JsonValue, numberOf, textOf } from '../core/json.ts';
import { wholeNumber } from './asked-usage.ts';
import { modelEntries, modelsFor, type NamedModel } from './model-info.ts';
import type { ModelParts } from './model-parts.ts';

/** Takes the query (`litellm_model_id`: that deployment only) and the caller; returns every model. Throws model_not_found. */
export async function modelInfo(query: URLSearchParams, caller: Caller, parts: ModelParts): Promise<JsonObject> {
  const id = query.get('litellm_model_id');
  const models = modelsFor(caller, parts).filter(({ record }) => id === null || record.id === id);
  if (id !== null && models.length === 0) throw notFound(id);
  return { data: await modelEntries(id === null ? models : models.slice(0, 1), caller, parts) };
}

/** Takes an id; returns the failure that says there is no such deployment. */
export function notFound(id: string): GatewayError {
  const says = `no deployment has the id ${id}; /model/info lists them`;
  return new GatewayError('model_not_found', { message: says, field: 'id' });
}

const orders: Readonly<Record<string, (entry: JsonObject) => string | number>> = {
  model_name: (entry) => textOf(entry.model_name)?.toLowerCase() ?? '',
  costs: ({ model_info: info }) => numberIn(info, 'input_cost_per_token') + numberIn(info, 'output_cost_per_token'),
  created_at: ({ model_info: info }) => textOf(fieldIn(info, 'created_at')) ?? '',
  updated_at: ({ model_info: info }) => textOf(fieldIn(info, 'updated_at')) ?? '',
  status: ({ model_info: info }) => Number(fieldIn(info, 'db_model') === true),
};

/**
 * Takes the query (`page`, `size`, `search` in names, `model` and `modelId` exactly, `sortBy` model_name, costs, status, created_at or updated_at,
 * `sortOrder` asc or desc) and the caller; returns a page of models. Throws field_invalid, field_unsupported.
 */
export async function modelPage(query: URLSearchParams, caller: Caller, parts: ModelParts): Promise<JsonObject> {
  const page = wholeNumber(query, 'page', 1, 1_000_000);
  const size = wholeNumber(query, 'size', 50, 1_000);
  const models = modelsFor(caller, parts).filter(wantedBy(query));
  const order = orderIn(query);
  const cut = <Item>(items: readonly Item[]): readonly Item[] => items.slice((page - 1) * size, page * size);
  const data =
    order === undefined
      ? await modelEntries(cut(models), caller, parts)
      : cut((await modelEntries(models, caller, parts)).toSorted(order));
  return {
    data,
    total_count: models.length,
    current_page: page,
    total_pages: Math.ceil(models.length / size),
    size,
  };
}

function wantedBy(query: URLSearchParams): (model: NamedModel) => boolean {
  const unbuilt = ['teamId', 'user_models_only', 'include_team_models'].find((name) =>
    /^(?!false$|$)/i.test(query.get(name) ?? ''),
  );
  if (unbuilt !== undefined) {
    const says = `${unbuilt} is understood but not built yet: there are no users and teams`;
    throw new GatewayError('field_unsupported', { message: says, field: unbuilt });
  }
  const [search, name, id] = [query.get('search')?.toLowerCase(), query.get('model'), query.get('modelId')];
  return ({ alias, record }) =>
    (!search || alias.name.toLowerCase().includes(search)) &&
    (!name || alias.name === name) &&
    (!id || record.id === id);
}

function orderIn(query: URLSearchParams): ((one: JsonObject, other: JsonObject) => number) | undefined {
  const by = query.get('sortBy') ?? '';
  const direction = query.get('sortOrder') ?? 'asc';
  if (by === '') return undefined;
  const order = Object.hasOwn(orders, by) ? orders[by] : undefined;
  if (order === undefined || !/^(asc|desc)$/.test(direction)) {
    const [field, says] =
      order === undefined
        ? ['sortBy', `sortBy takes ${Object.keys(orders).join(', ')}`]
        : ['sortOrder', 'sortOrder takes asc or desc'];
    throw new GatewayError('field_invalid', { message: says, field });
  }
  const sign = direction === 'desc' ? -1 : 1;
  return (one, other) => {
    const [a, b] = [order(one), order(other)];
    return a === b ? 0 : sign * (a < b ? -1 : 1);
  };
}

/** Takes the query (`model_group`: that name only) and the caller; returns what the deployments of each name are together. */
export async function modelGroups(query: URLSearchParams, caller: Caller, parts: ModelParts): Promise<JsonObject> {
  const wanted = query.get('model_group');
  const models = modelsFor(caller, parts).filter(({ alias }) => wanted === null || alias.name === wanted);
  const groups = Map.groupBy(await modelEntries(models, caller, parts), (entry) => textOf(entry.model_name) ?? '');
  const limits = Map.groupBy(models, ({ alias }) => alias.name);
  return { data: [...groups].map(([name, entries]) => groupOf(name, entries, limits.get(name) ?? [])) };
}

const largest = ['max_input_tokens', 'max_output_tokens', 'input_cost_per_token', 'output_cost_per_token'] as const;
const abilities = [
  'supports_parallel_function_calling',
  'supports_vision',
  'supports_web_search',
  'supports_url_context',
  'supports_reasoning',
  'supports_function_calling',
] as const;

/** The largest of what its deployments hold and cost, as in LiteLLM; limits are added up, abilities are those of any. */
function groupOf(name: string, entries: readonly JsonObject[], models: readonly NamedModel[]): JsonObject {
  const values = (field: string): JsonValue[] => entries.map(({ model_info: info }) => fieldIn(info, field) ?? null);
  const numbers = (field: string): number[] => values(field).filter((value) => typeof value === 'number');
  const sum = (field: 'tpm' | 'rpm'): number | null => {
    const limits = models.flatMap(({ record }) => record.parameters[field] ?? []);
    return limits.length === 0 ? null : limits.reduce((total, limit) => total + limit, 0);
  };
  return {
    model_group: name,
    providers: [...new Set(models.map(({ record }) => record.provider))],
    ...Object.fromEntries(
      largest.map((field) => [field, numbers(field).length === 0 ? null : Math.max(...numbers(field))]),
    ),
    mode: values('mode').find((mode) => mode !== null) ?? null,
    tpm: sum('tpm'),
    rpm: sum('rpm'),
    ...Object.fromEntries(abilities.map((field) => [field, values(field).includes(true)])),
    supported_openai_params: null,
    is_public_model_group: false,
  };
}

function fieldIn(info: unknown, field: string): JsonValue | undefined {
  return (info as JsonObject)[field];
}

function numberIn(info: unknown, field: string): number {
  return numberOf(fieldIn(info, field)) ?? 0;
}
