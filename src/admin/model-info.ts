// What is known of each model a caller may call, in LiteLLM's shape (contracts 10.4): how it is reached, how much it holds, what it
// costs, and where each of these comes from. Invariants: no secret, no ciphertext and no mark of one; what is unknown is null.
import { litellmParamsOf } from '../config/litellm-write.ts';
import { type Caller, mayCall, namedIn } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { type JsonObject, numberOf } from '../core/json.ts';
import type { AliasRecord, DeploymentRecord, ModelInfo } from '../core/records.ts';
import { factsFor, type ModelFacts, priceOf } from '../providers/prices.ts';
import { type ModelTimes, readModelTimes } from '../store/model-times.ts';
import type { BackendAnswer, ModelParts, ReadyModel } from './model-parts.ts';

/** A deployment under a name that leads to it. */
export interface NamedModel {
  readonly alias: Named;
  readonly record: DeploymentRecord;
}

/**
 * Takes a caller; returns every deployment under each name that the caller may call, in the tables' order. Hidden names are left out, but for
 * those with deployments of their own, which the master key must see to change them.
 */
export function modelsFor(caller: Caller, parts: ModelParts): readonly NamedModel[] {
  const { aliases, deployments } = parts.rows();
  const allowed = caller.key?.models ?? [];
  const byAlias = Map.groupBy(deployments, ({ alias }) => alias);
  const listed: readonly Named[] = aliases
    .filter(({ hidden, target }) => !hidden || (caller.isMaster && target === null))
    .filter(({ name }) => mayCall(allowed, name));
  const behind = namedIn(allowed).flatMap((name) => behindWildcard(name, aliases));
  return [...listed, ...behind].flatMap((alias) =>
    (byAlias.get(alias.target ?? alias.from ?? alias.name) ?? []).map((record) => ({
      alias,
      record: alias.from === undefined ? record : filledIn(record, alias.from, alias.name),
    })),
  );
}

/** A name; `from` is the wildcard that covers it when it is none of the tables'. */
type Named = AliasRecord & { readonly from?: string };

/** The longest that covers the name, as a request for it would be led. */
function behindWildcard(name: string, aliases: readonly AliasRecord[]): Named[] {
  if (aliases.some((alias) => alias.name === name)) return [];
  const covering = aliases.filter((alias) => alias.name.includes('*') && mayCall([alias.name], name));
  const [longest] = covering.toSorted((one, other) => other.name.length - one.name.length);
  return longest === undefined || longest.hidden ? [] : [{ ...longest, name, from: longest.name }];
}

function filledIn(record: DeploymentRecord, wildcard: string, name: string): DeploymentRecord {
  const star = wildcard.indexOf('*');
  const matched = name.slice(star, name.length - (wildcard.length - star - 1));
  return { ...record, model: record.model.replace('*', () => matched) };
}

/** Takes models and their caller; returns each as LiteLLM's entry, servers asked for what only they know. */
export async function modelEntries(
  models: readonly NamedModel[],
  caller: Caller,
  parts: ModelParts,
): Promise<readonly JsonObject[]> {
  const ready = new Map(parts.ready().map((model) => [model.record.id, model]));
  const times = caller.isMaster ? await timesOf(parts) : new Map<string, ModelTimes>();
  const entries = await Promise.all(
    models.map((model) => entryOf(model, asNamed(ready.get(model.record.id), model.record), caller, parts)),
  );
  return entries.map((entry, index) => withTimes(entry, times.get(models[index]?.record.id ?? '')));
}

/** What stands behind a wildcard is asked for by its own name. */
function asNamed(ready: ReadyModel | undefined, { model }: DeploymentRecord): ReadyModel | undefined {
  return ready === undefined || ready.upstream.model === model
    ? ready
    : { ...ready, upstream: { ...ready.upstream, model } };
}

/** None while the database is away: what is served is told all the same. */
async function timesOf({ database }: ModelParts): Promise<ReadonlyMap<string, ModelTimes>> {
  try {
    return await readModelTimes(database);
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'store_unavailable') return new Map();
    throw thrown;
  }
}

function withTimes(entry: Entry, times: ModelTimes | undefined): JsonObject {
  if (times === undefined) return { ...entry };
  const [created_at, updated_at] = [times.createdAt, times.updatedAt].map((ms) => new Date(ms).toISOString());
  return { ...entry, model_info: { ...entry.model_info, created_at, updated_at } };
}

/** Takes a deployment; returns its model_info as it is shown. */
export async function shownInfo(record: DeploymentRecord, parts: ModelParts): Promise<JsonObject> {
  const ready = parts.ready().find((model) => model.record.id === record.id);
  const { listed, said } = await learned(record, ready, parts);
  return infoOf(record, listed, said, parts).fields;
}

interface Learned {
  readonly listed: ModelFacts | null;
  readonly said: BackendAnswer;
}

async function learned(record: DeploymentRecord, ready: ReadyModel | undefined, parts: ModelParts): Promise<Learned> {
  const listed = factsFor(record.provider, record.model, record.info, parts.prices);
  return { listed, said: ready !== undefined && asksServer(ready, listed) ? await parts.about(ready) : notAsked };
}

async function entryOf(
  { alias, record }: NamedModel,
  ready: ReadyModel | undefined,
  caller: Caller,
  parts: ModelParts,
): Promise<Entry> {
  const { listed, said } = await learned(record, ready, parts);
  const info = infoOf(record, listed, said, parts);
  return {
    model_name: alias.name,
    litellm_params: caller.isMaster ? paramsOf(record) : { model: `${record.provider}/${record.model}` },
    model_info: info.fields,
    plumbline: {
      ...(caller.isMaster ? { owner: record.owner, credential: record.credential } : {}),
      ...(alias.target === null ? {} : { stands_for: alias.target }),
      served: ready !== undefined,
      context_from: info.contextFrom,
      price_from: info.priceFrom,
      backend: said.state,
      backend_asked_at: said.askedAt === null ? null : new Date(said.askedAt).toISOString(),
    },
  };
}

interface Entry {
  readonly model_name: string;
  readonly litellm_params: JsonObject;
  readonly model_info: JsonObject;
  readonly plumbline: JsonObject;
}

const notAsked: BackendAnswer = { state: 'unasked', info: {}, askedAt: null };

/** A vendor's own server is asked only where our table says nothing; anybody else's may be set up in any way. */
function asksServer({ provider, record }: ReadyModel, listed: ModelFacts | null): boolean {
  const isVendors = record.baseUrl === null || record.baseUrl === provider.defaultBaseUrl;
  return !(isVendors && provider.keyRequired && typeof listed?.maxInputTokens === 'number');
}

function paramsOf(record: DeploymentRecord): JsonObject {
  const { credential } = record;
  const isNamed = credential !== null && !/^(environment|variable|deployment|discovered)\//.test(credential);
  return { ...litellmParamsOf(record), ...(isNamed ? { litellm_credential_name: credential } : {}) };
}

interface Info {
  readonly fields: JsonObject;
  readonly contextFrom: 'row' | 'backend' | 'table' | 'unknown';
  readonly priceFrom: 'row' | 'table' | 'unknown';
}

function infoOf(record: DeploymentRecord, listed: ModelFacts | null, said: BackendAnswer, parts: ModelParts): Info {
  const own = ownInfo(record);
  const price = priceOf(record.provider, record.model, record.info, record.parameters, parts.prices);
  const table: ModelInfo = {
    ...(listed === null ? {} : { mode: listed.mode }),
    ...(typeof listed?.maxInputTokens === 'number' ? { max_input_tokens: listed.maxInputTokens } : {}),
    ...(typeof listed?.maxOutputTokens === 'number' ? { max_output_tokens: listed.maxOutputTokens } : {}),
  };
  const known: ModelInfo = { ...table, ...said.info, ...own };
  const hasContext = (info: ModelInfo): boolean => typeof info.max_input_tokens === 'number';
  return {
    fields: {
      key: `${record.provider}/${record.model}`,
      litellm_provider: record.provider,
      mode: null,
      max_input_tokens: null,
      max_output_tokens: null,
      input_cost_per_token: null,
      output_cost_per_token: null,
      ...price,
      ...known,
      max_tokens: known.max_tokens ?? known.max_output_tokens ?? known.max_input_tokens ?? null,
      id: record.id,
      db_model: record.owner === 'api',
    },
    contextFrom: hasContext(own) ? 'row' : hasContext(said.info) ? 'backend' : hasContext(table) ? 'table' : 'unknown',
    priceFrom: record.parameters.prices === undefined ? (price === null ? 'unknown' : 'table') : 'row',
  };
}

/** What the row says. `num_ctx` is how much context each call asks Ollama for. */
function ownInfo({ info, parameters }: DeploymentRecord): ModelInfo {
  const asked = numberOf(parameters.defaults?.num_ctx);
  return { ...(asked === undefined ? {} : { max_input_tokens: asked }), ...info };
}
