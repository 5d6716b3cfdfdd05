// Embeddings for providers that speak no OpenAI: what was asked as texts, and vectors as OpenAI's answer. Invariant: the
// client gets the width it asked for and the encoding it asked for, or an error that says why not.
import { GatewayError } from '../core/errors.ts';
import { type JsonObject, type JsonValue, listOf, numberOf } from '../core/json.ts';
import type { Usage } from '../core/usage.ts';
import type { Call } from './provider.ts';
import { invalid } from './unsupported.ts';

/** Takes an embedding request; returns its input as texts. Token lists are refused: only OpenAI's models share its tokens. */
export function embeddingTexts(request: JsonObject): string[] {
  const { input } = request;
  if (input === undefined || input === null) throw new GatewayError('field_missing', { field: 'input' });
  const texts = typeof input === 'string' ? [input] : listOf(input);
  if (texts.length === 0 || input === '') throw invalid('input', 'must not be empty');
  return texts.map(embeddingText);
}

function embeddingText(text: JsonValue): string {
  if (typeof text === 'string') return text;
  if (typeof text === 'number' || Array.isArray(text)) {
    throw new GatewayError('field_unsupported', {
      field: 'input',
      message: 'input: this provider takes texts, not lists of tokens; send the text itself',
    });
  }
  throw invalid('input', 'must be a text or a list of texts');
}

/** Takes an embedding request; returns the width it asks for, or undefined. Throws field_invalid. */
export function askedDimensions(request: JsonObject): number | undefined {
  const { dimensions } = request;
  if (dimensions === undefined || dimensions === null) return undefined;
  const width = numberOf(dimensions);
  if (width === undefined || !Number.isInteger(width) || width < 1)
    throw invalid('dimensions', 'must be a whole number from 1');
  return width;
}

/** Takes an embedding request; returns how vectors are to be written. Throws field_invalid. */
export function askedEncoding(request: JsonObject): 'float' | 'base64' {
  const encoding = request.encoding_format ?? 'float';
  if (encoding === 'float' || encoding === 'base64') return encoding;
  throw invalid('encoding_format', 'must be float or base64');
}

/** Takes a vector; returns its numbers as 32-bit floats, little end first, in base64 (OpenAI's encoding_format base64). */
export function base64OfVector(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, at) => {
    bytes.writeFloatLE(value, at * 4);
  });
  return bytes.toString('base64');
}

/** What a provider answered: one vector a text, in the order of the texts. */
export interface Vectors {
  readonly vectors: readonly JsonValue[];
  readonly model: string;
  /** null: the provider reported none; OpenAI's shape then still wants a `usage`, and gets noughts. */
  readonly usage: Usage | null;
}

/**
 * Takes what the provider answered, the call and the request; returns OpenAI's embedding list. Throws upstream_garbled when
 * vectors are missing or no numbers, field_invalid when their width is not the one asked for (unless the call dropped it).
 */
export function embeddingAnswer(answered: Vectors, call: Call, request: JsonObject): JsonObject {
  const asked = Object.fromEntries(Object.entries(request).filter(([field]) => !call.dropped.includes(field)));
  const count = embeddingTexts(asked).length;
  if (answered.vectors.length !== count) throw garbled(`${answered.vectors.length} vectors for ${count} texts`);
  const tokens = answered.usage?.input ?? 0;
  return {
    object: 'list',
    data: answered.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: writtenVector(vector, asked),
    })),
    model: answered.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function writtenVector(vector: JsonValue, request: JsonObject): JsonValue {
  const numbers = listOf(vector).filter((value) => typeof value === 'number');
  if (!Array.isArray(vector) || numbers.length !== vector.length)
    throw garbled('a vector that is not a list of numbers');
  const asked = askedDimensions(request);
  if (asked !== undefined && asked !== numbers.length) {
    throw invalid('dimensions', `the model cannot give ${asked} dimensions; its vectors have ${numbers.length}`);
  }
  return askedEncoding(request) === 'base64' ? base64OfVector(numbers) : numbers;
}

function garbled(message: string): GatewayError {
  return new GatewayError('upstream_garbled', { message });
}
