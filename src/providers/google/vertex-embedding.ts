// Embeddings on Vertex AI by predict: an instance for each text, in their order. Vertex reports the tokens of each.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf } from '../../core/json.ts';
import { noUsage, type Usage } from '../../core/usage.ts';
import { askedDimensions, askedEncoding, embeddingAnswer, embeddingTexts } from '../embedding.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { othersOf } from './embedding.ts';

const translated = ['model', 'input', 'dimensions', 'encoding_format', 'user', 'input_type', 'task_type', 'title'];

/** Takes an embedding request and the call; returns Vertex's body. Throws field_invalid, field_unsupported. */
export function predictRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  askedEncoding(body);
  const width = askedDimensions(body);
  const task = body.task_type ?? body.input_type ?? undefined;
  const title = body.title ?? undefined;
  const wishes = { ...(task === undefined ? {} : { task_type: task }), ...(title === undefined ? {} : { title }) };
  const parameters = { ...othersOf(body, translated), ...(width === undefined ? {} : { outputDimensionality: width }) };
  return {
    instances: embeddingTexts(body).map((content) => ({ content, ...wishes })),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

/** Takes Vertex's answer, the call and the request; returns OpenAI's list. Throws upstream_garbled, field_invalid. */
export function predictAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  if (!isObject(body) || !Array.isArray(body.predictions)) {
    throw new GatewayError('upstream_garbled', { message: 'an answer without predictions' });
  }
  const vectors = embeddingsIn(body).map((one) => one.values ?? null);
  return embeddingAnswer({ vectors, model: call.upstream.model, usage: predictUsage(body) }, call, request);
}

/** Takes Vertex's answer; returns the tokens of all texts, or null when it reports none. */
export function predictUsage(body: JsonObject): Usage | null {
  const counts = embeddingsIn(body).map(({ statistics }) =>
    isObject(statistics) ? numberOf(statistics.token_count) : undefined,
  );
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? null : { ...noUsage, input: known.reduce((sum, count) => sum + count, 0) };
}

function embeddingsIn(body: JsonObject): readonly JsonObject[] {
  return listOf(body.predictions).map((one) => (isObject(one) && isObject(one.embeddings) ? one.embeddings : {}));
}
