// Embeddings by batchEmbedContents: a request for each text, in their order. Google reports no tokens for them.
// https://ai.google.dev/api/embeddings#method:-models.batchembedcontents
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import { askedDimensions, askedEncoding, embeddingAnswer, embeddingTexts } from '../embedding.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { modelResource } from './place.ts';

const translated = ['model', 'input', 'dimensions', 'encoding_format', 'user', 'input_type', 'task_type'];

/** Takes an embedding request and the call; returns Google's body. Throws field_invalid, field_unsupported. */
export function batchRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  askedEncoding(body);
  const wishes = { ...embeddingWishes(body), ...othersOf(body, translated) };
  const model = decodeURIComponent(modelResource(call.upstream.model));
  const requests = embeddingTexts(body).map((text) => ({ model, content: { parts: [{ text }] }, ...wishes }));
  return { requests };
}

/** Takes Google's answer, the call and the request; returns OpenAI's list. Throws upstream_garbled, field_invalid. */
export function batchAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  if (!isObject(body) || !Array.isArray(body.embeddings)) {
    throw new GatewayError('upstream_garbled', { message: 'an answer without embeddings' });
  }
  const vectors = listOf(body.embeddings).map((one) => (isObject(one) ? (one.values ?? null) : null));
  return embeddingAnswer({ vectors, model: call.upstream.model, usage: null }, call, request);
}

function embeddingWishes(body: JsonObject): JsonObject {
  const width = askedDimensions(body);
  const taskType = body.task_type ?? body.input_type;
  return {
    ...(width === undefined ? {} : { outputDimensionality: width }),
    ...(taskType === undefined || taskType === null ? {} : { taskType }),
  };
}

/** Takes a body and what is translated; returns the rest, without what says where and as whom to call. */
export function othersOf(body: JsonObject, known: readonly string[]): JsonObject {
  const kept = Object.entries(body).filter(([field]) => !known.includes(field) && !field.startsWith('vertex_'));
  return Object.fromEntries(kept);
}
