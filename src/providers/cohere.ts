// Cohere: chat, embeddings and rerank, all in version 2 of its API.
// https://docs.cohere.com/reference/chat https://docs.cohere.com/reference/embed https://docs.cohere.com/reference/rerank
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../core/json.ts';
import { noUsage, type Usage } from '../core/usage.ts';
import type { Secret } from '../kit/secret.ts';
import { CohereReader, chatAnswer, chatUsage } from './cohere/answer.ts';
import { chatRequest } from './cohere/request.ts';
import { CohereWatch } from './cohere/watch.ts';
import { askedDimensions, askedEncoding, embeddingAnswer, embeddingTexts } from './embedding.ts';
import { preset } from './preset.ts';
import type { Call, Provider, Wire } from './provider.ts';
import { rerankAnswer, rerankTexts, rerankUsage } from './rerank.ts';
import { invalid, unsupported } from './unsupported.ts';
import { upstreamFailure } from './upstream-failure.ts';

const common = {
  dialect: null,
  framing: 'sse',
  headers: bearer,
  edits: () => ({}),
  failure: (status: number, headers: Readonly<Record<string, string>>, body: string) =>
    upstreamFailure('cohere', status, headers, body),
} as const satisfies Partial<Wire>;

function bearer(call: Call): Record<string, Secret> {
  const key = call.upstream.credential.api_key;
  return key === undefined ? {} : { authorization: key.prefixed('Bearer ') };
}

const chat: Wire = {
  ...common,
  path: () => '/v2/chat',
  encode: chatRequest,
  decode: chatAnswer,
  reader: (call) => new CohereReader(call),
  watch: () => new CohereWatch(),
  usage: chatUsage,
};

const embedding: Wire = {
  ...common,
  path: () => '/v2/embed',
  encode: embeddingRequest,
  decode: vectorsAnswer,
  usage: embeddingUsage,
};

/** Kinds of numbers that Cohere sends one a dimension; its packed bits and its own base64 are no OpenAI answer. */
const numberKinds: readonly JsonValue[] = ['float', 'int8', 'uint8'];

/**
 * Version 3 models and later must be told what the vectors are for; LiteLLM's default is a document to be searched. With
 * `input_type: image` the texts are data: URLs of images. Base64 is made by us, from floats.
 */
function embeddingRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  const { input: _input, dimensions: _dimensions, encoding_format: _encoding, user: _user, ...rest } = body;
  const inputType = body.input_type ?? 'search_document';
  const width = askedDimensions(body);
  askedEncoding(body);
  return {
    ...rest,
    model: call.upstream.model,
    [inputType === 'image' ? 'images' : 'texts']: embeddingTexts(body),
    input_type: inputType,
    embedding_types: [numberKind(body, call)],
    ...(width === undefined ? {} : { output_dimension: width }),
  };
}

function numberKind(body: JsonObject, call: Call): JsonValue {
  if (body.embedding_types === undefined || body.embedding_types === null) return 'float';
  const kinds = listOf(body.embedding_types);
  const kind = kinds[0];
  if (kinds.length === 1 && kind !== undefined && numberKinds.includes(kind)) return kind;
  unsupported('cohere', call, 'embedding_types', `here: one of ${numberKinds.join(', ')}`);
  return 'float';
}

function vectorsAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  const byKind = isObject(body) && isObject(body.embeddings) ? body.embeddings : {};
  const vectors = Object.values(byKind).find((list) => Array.isArray(list));
  if (!isObject(body) || vectors === undefined) {
    throw new GatewayError('upstream_garbled', { message: 'an answer without embeddings' });
  }
  const answered = { vectors: listOf(vectors), model: call.upstream.model, usage: embeddingUsage(body) };
  return embeddingAnswer(answered, call, request);
}

function embeddingUsage(body: JsonObject): Usage | null {
  const meta = isObject(body.meta) ? body.meta : {};
  const billed = isObject(meta.billed_units) ? meta.billed_units : {};
  const texts = numberOf(billed.input_tokens);
  const images = numberOf(billed.image_tokens);
  return texts === undefined && images === undefined ? null : { ...noUsage, input: (texts ?? 0) + (images ?? 0) };
}

const rerank: Wire = {
  ...common,
  path: () => '/v2/rerank',
  encode: rerankRequest,
  decode: rerankAnswer,
  usage: rerankUsage,
};

/** Version 2 ranks texts only and sends no documents back: `rank_fields` and `return_documents` are honoured by us. */
function rerankRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  const { rank_fields: _fields, return_documents: _documents, max_chunks_per_doc: chunks, user: _user, ...rest } = body;
  if (chunks !== undefined && chunks !== null)
    unsupported('cohere', call, 'max_chunks_per_doc', 'use max_tokens_per_doc');
  if (body.query === undefined) throw new GatewayError('field_missing', { field: 'query' });
  if (textOf(body.query) === undefined) throw invalid('query', 'must be a text');
  return { ...rest, model: call.upstream.model, documents: rerankTexts(body) };
}

export const cohere: Provider = {
  name: 'cohere',
  label: 'Cohere',
  prefixes: ['cohere_chat'],
  keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
  baseUrlVariables: ['COHERE_API_BASE'],
  defaultBaseUrl: 'https://api.cohere.com',
  keyRequired: true,
  wires: { chat, embedding, rerank },
};
