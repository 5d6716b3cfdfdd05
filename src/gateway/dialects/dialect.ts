// The contract of the dialects shelf: how clients of one vendor's API ask, are answered, and are told of failures.
import type { ChatChunk } from '../../core/chat.ts';
import type { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';

/** Writes one streamed answer in the client's dialect. Stateful: one encoder serves one stream. */
export interface StreamEncoder {
  /** Takes a chunk in our words; returns the text of the events it becomes (may be empty). */
  write(chunk: ChatChunk): string;
  /** Returns the text that ends the stream well. */
  end(): string;
}

/** What the encoder must know of the request. */
export interface AnswerContext {
  /** The name the client asked for. */
  readonly model: string;
  /** True when the client asked for usage in the stream (OpenAI's stream_options.include_usage). */
  readonly includeUsage: boolean;
  /** An estimate of the input tokens, for a dialect that must name them before the provider has (Anthropic's message_start). */
  readonly estimatedInput: number;
  readonly newId: (prefix: string) => string;
}

export interface Dialect {
  readonly name: 'openai' | 'anthropic';
  /**
   * The dialect's chat request → our words (core/chat.ts). Names what has no word there and is only a hint in `dropped`.
   * Throws field_invalid, field_missing or field_unsupported, naming the field.
   */
  decode(body: JsonObject, dropped?: string[]): JsonObject;
  /** A whole answer in our words → the dialect's. */
  encode(answer: JsonObject, context: AnswerContext): JsonObject;
  encoder(context: AnswerContext): StreamEncoder;
  /** A failure → the dialect's error body. */
  encodeError(error: GatewayError, requestId: string): JsonObject;
  /** A failure inside a stream that has begun → the text that ends it as the dialect says. */
  streamError(error: GatewayError, requestId: string): string;
  /** Text that keeps a silent stream alive and means nothing. */
  readonly ping: string;
}
