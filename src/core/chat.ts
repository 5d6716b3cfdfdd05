// Our words for what is asked and answered: OpenAI's JSON shapes with open fields, plus LiteLLM's widely used extras
// (reasoning_content, thinking_blocks, cache_control). Unknown fields stay beside the known ones.
import type { JsonObject, JsonValue } from './json.ts';

/** What a client may ask for. Each has its own route, request shape and answer shape. */
export const operations = ['chat', 'completion', 'embedding', 'rerank', 'moderation'] as const;
export type Operation = (typeof operations)[number];

export interface ToolCall extends JsonObject {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A thinking block as Anthropic signs it; carried so that the next turn can return it unchanged. */
export interface ThinkingBlock extends JsonObject {
  readonly type: 'thinking' | 'redacted_thinking';
  readonly thinking?: string;
  readonly signature?: string;
  readonly data?: string;
}

export interface ChatMessage extends JsonObject {
  readonly role: string;
  readonly content?: JsonValue;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
  readonly reasoning_content?: string;
  readonly thinking_blocks?: readonly ThinkingBlock[];
}

/** A chat request (OpenAI: POST /v1/chat/completions). */
export interface ChatRequest extends JsonObject {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream?: boolean;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** A whole chat answer (OpenAI: chat.completion). */
export interface ChatCompletion extends JsonObject {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly ChatChoice[];
  readonly usage?: JsonObject;
}

export interface ChatChoice extends JsonObject {
  readonly index: number;
  readonly message: ChatMessage;
  readonly finish_reason: FinishReason | null;
}

/** A piece of a streamed chat answer (OpenAI: chat.completion.chunk). */
export interface ChatChunk extends JsonObject {
  readonly id: string;
  readonly object: 'chat.completion.chunk';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly ChatChunkChoice[];
  readonly usage?: JsonObject | null;
}

export interface ChatChunkChoice extends JsonObject {
  readonly index: number;
  readonly delta: ChatDelta;
  readonly finish_reason: FinishReason | null;
}

export interface ChatDelta extends JsonObject {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly thinking_blocks?: readonly ThinkingBlock[];
  readonly tool_calls?: readonly ToolCallDelta[];
}

export interface ToolCallDelta extends JsonObject {
  readonly index: number;
  readonly id?: string;
  readonly type?: 'function';
  readonly function?: { readonly name?: string; readonly arguments?: string };
}
