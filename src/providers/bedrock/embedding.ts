// Embeddings by InvokeModel, in the words of each maker: Amazon's Titan takes one text a call, Cohere a list.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf } from '../../core/json.ts';
import { noUsage, type Usage } from '../../core/usage.ts';
import { askedDimensions, askedEncoding, embeddingAnswer, embeddingTexts } from '../embedding.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { namedModel } from './place.ts';

/** Takes an embedding request and the call; returns the maker's body. Throws field_invalid, field_unsupported, operation_unsupported. */
export function embeddingRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  askedEncoding(body);
  const texts = embeddingTexts(body);
  const width = askedDimensions(body);
  const rest = others(body);
  switch (makerOf(call)) {
    case 'cohere': {
      const asked = width === undefined ? {} : { output_dimension: width };
      return { ...rest, texts, input_type: body.input_type ?? 'search_document', ...asked };
    }
    case 'titan':
      return { ...rest, inputText: onlyText(texts), ...(width === undefined ? {} : { dimensions: width }) };
    case 'titan-image': {
      const embeddingConfig = width === undefined ? {} : { embeddingConfig: { outputEmbeddingLength: width } };
      return { ...rest, inputText: onlyText(texts), ...embeddingConfig };
    }
  }
}

/** Takes the maker's answer, the call and the request; returns OpenAI's list. Throws upstream_garbled, field_invalid. */
export function vectorsAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  if (!isObject(body)) throw new GatewayError('upstream_garbled', { message: 'an answer without embeddings' });
  const { embedding, embeddings } = body;
  const byKind = isObject(embeddings) ? Object.values(embeddings).find((list) => Array.isArray(list)) : embeddings;
  const vectors = embedding === undefined ? listOf(byKind) : [embedding];
  return embeddingAnswer({ vectors, model: call.upstream.model, usage: embeddingUsage(body) }, call, request);
}

/** Takes the maker's answer; returns its tokens, or null: Cohere's reports none. */
export function embeddingUsage(body: JsonObject): Usage | null {
  const input = numberOf(body.inputTextTokenCount);
  return input === undefined ? null : { ...noUsage, input };
}

function makerOf(call: Call): 'titan' | 'titan-image' | 'cohere' {
  const { id } = namedModel(call.upstream.model);
  const name = `${call.upstream.info.base_model ?? ''} ${id}`;
  if (name.includes('titan-embed-image')) return 'titan-image';
  if (name.includes('titan-embed')) return 'titan';
  if (name.includes('cohere.embed')) return 'cohere';
  throw new GatewayError('operation_unsupported', {
    message: `of Bedrock's models amazon.titan-embed… and cohere.embed… give embeddings here, not ${id}`,
    field: 'model',
  });
}

function onlyText(texts: readonly string[]): string {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return only;
  throw new GatewayError('field_unsupported', {
    field: 'input',
    message: 'input: Titan embeds one text a request; send them one by one, or use a Cohere model',
  });
}

const translated = ['model', 'input', 'dimensions', 'encoding_format', 'user', 'input_type'];

function others(body: JsonObject): JsonObject {
  const kept = Object.entries(body).filter(([field]) => !translated.includes(field) && !field.startsWith('aws_'));
  return Object.fromEntries(kept);
}
