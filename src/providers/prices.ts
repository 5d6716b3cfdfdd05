// What a model costs and how much it holds. An unknown price is null, never nought; local providers cost nought and are
// known. The shipped table is providers/price-table.ts; a file in the shape of LiteLLM's cost map goes before it.
import { isObject, type JsonObject, type JsonValue, numberOf, textOf } from '../core/json.ts';
import type { Price } from '../core/prices.ts';
import type { DeploymentParameters, ModelInfo } from '../core/records.ts';
import { freeProviders, type More, type Row, type Vendor, vendors } from './price-table.ts';

export { pricesAsOf } from './price-table.ts';

/** What is known of a model. Sizes in tokens. */
export interface ModelFacts {
  readonly mode: string;
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
  /** null: sizes only. */
  readonly price: Price | null;
}

/** By `provider/model`, and by the model's name alone where that says enough. */
export type PriceTable = ReadonlyMap<string, ModelFacts>;

const nothing: PriceTable = new Map();
const free: Price = { input_cost_per_token: 0, output_cost_per_token: 0 };
const shipped: PriceTable = new Map(vendors.flatMap(rowsOf));

/**
 * Takes the provider's name, the model's, what the deployment says of it, and the table of a price file; returns the price,
 * or null when it is unknown. In order (contracts section 11.1): the deployment's own price, its base_model, provider/model,
 * model, and both without a date at the end. A price file goes before the shipped table.
 */
export function priceOf(
  provider: string,
  model: string,
  info: ModelInfo,
  parameters: DeploymentParameters,
  file: PriceTable = nothing,
): Price | null {
  const own = parameters.prices;
  if (own !== undefined && Object.keys(own).length > 0) return own;
  const base = info.base_model === undefined ? null : found(baseNames(provider, info.base_model), file)?.price;
  const listed = base ?? modelFacts(provider, model, file)?.price;
  return listed ?? (freeProviders.has(provider) ? free : null);
}

/**
 * Takes the provider's name, the model's and the table of a price file; returns what is known of the model, or null. A local
 * provider may serve what a vendor sells (gpt-oss, command-r), so there the model's name alone says nothing.
 */
export function modelFacts(provider: string, model: string, file: PriceTable = nothing): ModelFacts | null {
  return found(freeProviders.has(provider) ? [`${provider}/${model}`] : namesOf(provider, model), file);
}

/**
 * Takes the provider's name, the model's, what the deployment says of it, and the table of a price file; returns what is known of the
 * model by its base_model, else by its own name; null when nothing is.
 */
export function factsFor(
  provider: string,
  model: string,
  info: ModelInfo,
  file: PriceTable = nothing,
): ModelFacts | null {
  const base = info.base_model === undefined ? null : found(baseNames(provider, info.base_model), file);
  return base ?? modelFacts(provider, model, file);
}

function found(names: readonly string[], file: PriceTable): ModelFacts | null {
  for (const table of [file, shipped]) {
    const name = names.find((candidate) => table.has(candidate));
    if (name !== undefined) return table.get(name) ?? null;
  }
  return null;
}

/** What may follow a name without changing the price: -2024-08-06, -20241022, -latest, -001, @20241022, @default. */
const dated = /(?:-\d{4}-\d{2}-\d{2}|-\d{8}|-latest|-\d{3}|@[\w-]+)$/;

function namesOf(provider: string, model: string): string[] {
  const undated = model.replace(dated, '');
  return [`${provider}/${model}`, model, `${provider}/${undated}`, undated];
}

/** A base_model may carry a provider of its own: `azure/gpt-4o` costs what gpt-4o costs. */
function baseNames(provider: string, base: string): string[] {
  const slash = base.indexOf('/');
  const own = slash === -1 ? [] : namesOf(base.slice(0, slash), base.slice(slash + 1));
  return [...namesOf(provider, base), ...own];
}

function rowsOf(vendor: Vendor): [string, ModelFacts][] {
  const modes = ['chat', 'completion', 'embedding', 'rerank', 'moderation'] as const;
  return modes.flatMap((mode) => (vendor[mode] ?? []).flatMap((row) => entriesOf(vendor, mode, row)));
}

function entriesOf(vendor: Vendor, mode: string, row: Row): [string, ModelFacts][] {
  const [model, , , more = {}] = row;
  const facts: ModelFacts = {
    mode,
    maxInputTokens: more.context === undefined ? null : Math.round(more.context * 1000),
    maxOutputTokens: more.out === undefined ? null : Math.round(more.out * 1000),
    price: priceOfRow(row),
  };
  const names = vendor.providers.map((provider) => `${provider}/${model}`);
  return [...names, ...(vendor.known ? [model] : [])].map((name) => [name, facts]);
}

function priceOfRow([, input, output, more = {}]: Row): Price {
  const fields = {
    input_cost_per_token: perToken(input),
    output_cost_per_token: perToken(output),
    cache_read_input_token_cost: perToken(more.read),
    cache_creation_input_token_cost: perToken(more.write),
    cache_creation_input_token_cost_above_1hr: perToken(more.hour),
    input_cost_per_audio_token: perToken(more.audioIn),
    output_cost_per_audio_token: perToken(more.audioOut),
    input_cost_per_request: more.request,
    input_cost_per_query: more.query,
    ...longContextPrice(more.above),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, price]) => price !== undefined));
}

function longContextPrice(above: More['above']): Record<string, number | undefined> {
  if (above === undefined) return {};
  const [threshold, input, output, read] = above;
  return {
    [`input_cost_per_token_above_${threshold}k_tokens`]: perToken(input),
    [`output_cost_per_token_above_${threshold}k_tokens`]: perToken(output),
    [`cache_read_input_token_cost_above_${threshold}k_tokens`]: perToken(read),
  };
}

/** Dollars per million tokens → per token, by moving the decimal point, so that 0.15 becomes 1.5e-7 exactly as written. */
function perToken(perMillion: number | undefined): number | undefined {
  return perMillion === undefined ? undefined : Number(`${perMillion}e-6`);
}

/** What a price file gave: its table, and a sentence for every entry that could not be used. */
export interface PriceFile {
  readonly models: PriceTable;
  readonly complaints: readonly string[];
}

/** Dearer than any model by far: a price per thousand or million tokens, written as one per token. */
const implausible = 0.01;

/**
 * Takes the text of a file in the shape of LiteLLM's cost map (model → { input_cost_per_token, mode, max_input_tokens … });
 * returns its table and complaints. An entry with a complaint is left out whole, so that no request is priced by half.
 */
export function readPriceFile(text: string): PriceFile {
  const complaints: string[] = [];
  const models = new Map<string, ModelFacts>();
  for (const [model, entry] of Object.entries(entriesOfFile(text, complaints))) {
    if (model === 'sample_spec') continue;
    const facts = factsOfEntry(model, entry, complaints);
    if (facts !== null) models.set(model, facts);
  }
  return { models, complaints };
}

function entriesOfFile(text: string, complaints: string[]): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
    complaints.push('the price file must be a JSON object: model → prices');
  } catch (error) {
    complaints.push(`the price file is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

function factsOfEntry(model: string, entry: JsonValue | undefined, complaints: string[]): ModelFacts | null {
  if (!isObject(entry)) {
    complaints.push(`${model}: must be an object of prices`);
    return null;
  }
  const wrong = Object.entries(entry).flatMap(([field, value]) => complaintOf(model, field, value));
  complaints.push(...wrong);
  return wrong.length > 0 ? null : factsOf(entry);
}

function factsOf(entry: JsonObject): ModelFacts {
  const billed = Object.entries(entry).filter(([field]) => isBilled(field));
  const prices = billed.flatMap(([field, value]) => (typeof value === 'number' ? [[field, value] as const] : []));
  return {
    mode: textOf(entry.mode) ?? 'chat',
    maxInputTokens: numberOf(entry.max_input_tokens) ?? numberOf(entry.max_tokens) ?? null,
    maxOutputTokens: numberOf(entry.max_output_tokens) ?? numberOf(entry.max_tokens) ?? null,
    price: prices.length === 0 ? null : Object.fromEntries(prices),
  };
}

/** True for the fields that enter a bill by tokens, requests or search units; a cost map says much else. */
function isBilled(field: string): boolean {
  return /^(?:input|output)_cost_per_\w*token|^cache_\w+_input_token_cost|^input_cost_per_(?:query|request)$/.test(
    field,
  );
}

function complaintOf(model: string, field: string, value: JsonValue | undefined): string[] {
  if (!isBilled(field) || value === null) return [];
  const price = numberOf(value);
  if (price === undefined || price < 0)
    return [`${model}: ${field} must be a number from 0, not ${JSON.stringify(value)}`];
  if (field.includes('token') && price > implausible) {
    return [`${model}: ${field} is ${price} dollars a token; it looks like a price per thousand or million tokens`];
  }
  return [];
}
