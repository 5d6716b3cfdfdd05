// Rerank answers in one shape, Cohere's: { id, results: [{ index, relevance_score, document? }], meta }. What Jina, Voyage,
// Together, vLLM, Infinity, NVIDIA and text-embeddings-inference send is brought to it; their other fields stay beside.
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../core/json.ts';
import { noUsage, type Usage } from '../core/usage.ts';
import type { Call } from './provider.ts';

/**
 * Takes a rerank request in our words; returns its documents as texts. An object gives its `rank_fields` as
 * `field: value` lines, or its `text`, or all its fields as such lines (Cohere's advice for structured documents:
 * https://docs.cohere.com/docs/rerank-overview). Throws field_missing, field_invalid.
 */
export function rerankTexts(request: JsonObject): string[] {
  if (request.documents === undefined) throw new GatewayError('field_missing', { field: 'documents' });
  if (!Array.isArray(request.documents)) throw invalidDocuments('must be a list of texts or objects');
  const fields = listOf(request.rank_fields).filter((field) => typeof field === 'string');
  return listOf(request.documents).map((document) => documentText(document, fields));
}

function documentText(document: JsonValue, fields: readonly string[]): string {
  if (typeof document === 'string') return document;
  if (!isObject(document)) throw invalidDocuments('each document must be a text or an object');
  const text = textOf(document.text);
  if (fields.length === 0 && text !== undefined) return text;
  const names = fields.length > 0 ? fields : Object.keys(document);
  return names
    .filter((name) => document[name] !== undefined)
    .map((name) => `${name}: ${asText(document[name])}`)
    .join('\n');
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function invalidDocuments(message: string): GatewayError {
  return new GatewayError('field_invalid', { field: 'documents', message: `documents: ${message}` });
}

/**
 * Takes a provider's rerank answer, the call and the request in our words; returns it in Cohere's shape. Fits as a wire's
 * `decode`. Documents: left out when `return_documents` is false, filled in from the request when it is true and the
 * provider sent none, else as the provider answered. More results than `top_n` are cut. Throws upstream_garbled.
 */
export function rerankAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  const answer = isObject(body) ? body : {};
  const { results, data, rankings, ...rest } = answer;
  const found = Array.isArray(body) ? body : (results ?? data ?? rankings);
  if (!Array.isArray(found)) throw new GatewayError('upstream_garbled', { message: 'a rerank answer without results' });
  const ranked = found.map((result) => rerankResult(result, request));
  return {
    ...rest,
    id: textOf(answer.id) ?? call.newId('rerank-'),
    results: best(ranked, numberOf(request.top_n)),
    meta: rerankMeta(answer),
  };
}

interface Ranked extends JsonObject {
  readonly index: number;
  readonly relevance_score: number;
}

function rerankResult(result: JsonValue, request: JsonObject): Ranked {
  const given = isObject(result) ? result : {};
  const { score, logit, text, document, ...rest } = given;
  const index = numberOf(given.index);
  const relevance = numberOf(given.relevance_score) ?? numberOf(score) ?? numberOf(logit);
  if (index === undefined || relevance === undefined) {
    throw new GatewayError('upstream_garbled', { message: 'a rerank result without index or score' });
  }
  const shown = shownDocument(document ?? text, listOf(request.documents)[index], request.return_documents);
  return { ...rest, index, relevance_score: relevance, ...(shown === undefined ? {} : { document: shown }) };
}

function shownDocument(sent: JsonValue | undefined, asked: JsonValue | undefined, wanted: JsonValue | undefined) {
  if (wanted === false) return undefined;
  const document = asDocument(sent);
  return document === undefined && wanted === true ? asDocument(asked) : document;
}

/** A document as `{ text }` or the object it is; nothing, or `{}` (Together), is no document. */
function asDocument(value: JsonValue | undefined): JsonObject | undefined {
  if (typeof value === 'string') return { text: value };
  return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
}

function best(ranked: readonly Ranked[], count: number | undefined): readonly Ranked[] {
  if (count === undefined || ranked.length <= count) return ranked;
  return ranked.toSorted((a, b) => b.relevance_score - a.relevance_score).slice(0, count);
}

function rerankMeta(answer: JsonObject): JsonObject {
  const meta = isObject(answer.meta) ? answer.meta : {};
  const usage = isObject(answer.usage) ? answer.usage : {};
  const total = numberOf(usage.total_tokens) ?? numberOf(usage.prompt_tokens);
  if (total === undefined) return meta;
  return { billed_units: { total_tokens: total }, tokens: { input_tokens: total }, ...meta };
}

/** Takes a rerank answer in any of the shapes above; returns the tokens or search units it reports, or null. */
export function rerankUsage(body: JsonObject): Usage | null {
  const meta = isObject(body.meta) ? body.meta : {};
  const billed = isObject(meta.billed_units) ? meta.billed_units : {};
  const usage = isObject(body.usage) ? body.usage : {};
  const searchUnits = numberOf(billed.search_units);
  const input =
    numberOf(billed.total_tokens) ??
    numberOf(billed.input_tokens) ??
    numberOf(usage.total_tokens) ??
    numberOf(usage.prompt_tokens);
  if (searchUnits === undefined && input === undefined) return null;
  return { ...noUsage, input: input ?? 0, searchUnits: searchUnits ?? 0 };
}
