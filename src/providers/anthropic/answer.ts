// Anthropic's whole message → a chat.completion. What our words have no place for stays under provider_specific_fields:
// citations, blocks of Anthropic's own tools, a stop_reason that OpenAI's four cannot say.
import { anthropicUsage, finishReasonOf, isLossyStopReason } from '../../core/anthropic.ts';
import type { ChatCompletion, ChatMessage, FinishReason, ThinkingBlock, ToolCall } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { type Usage, usageToOpenAi } from '../../core/usage.ts';
import type { Call } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { jsonToolName } from './tools.ts';

/** Takes the answer and the call; returns it in our words. Throws upstream_garbled, or what an error inside it means. */
export function chatCompletion(body: JsonValue, call: Call): ChatCompletion {
  if (isObject(body) && isObject(body.error)) throw failureInStream('anthropic', body);
  if (!isObject(body) || !Array.isArray(body.content)) throw garbled('anthropic', 'an answer without content');
  const blocks = body.content.filter(isObject);
  const usage = messageUsage(body);
  return {
    id: textOf(body.id) ?? call.newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(call.now / 1000),
    model: textOf(body.model) ?? call.upstream.model,
    choices: [
      {
        index: 0,
        message: message(blocks, body),
        logprobs: null,
        finish_reason: finishReason(body, blocks.some(isToolUse)),
      },
    ],
    ...(usage === null ? {} : { usage: usageToOpenAi(usage) }),
  };
}

/** Takes an Anthropic message; returns its tokens, or null when it reports none. */
export function messageUsage(body: JsonObject): Usage | null {
  return isObject(body.usage) ? anthropicUsage(body.usage) : null;
}

/**
 * Takes what says why the answer ended (a message or a message_delta) and whether a tool of the client was called; returns
 * our finish reason. A JSON answer by the forced tool has simply ended; a call always ends as one (calls from inside
 * Anthropic's code execution may not).
 */
export function finishReason(said: JsonObject, calledTool: boolean): FinishReason {
  const reason = finishReasonOf(textOf(said.stop_reason) ?? 'end_turn');
  if (reason !== 'stop' && reason !== 'tool_calls') return reason;
  return calledTool ? 'tool_calls' : 'stop';
}

/** Takes what says why the answer ended; returns what our finish reason cannot say of it. */
export function stopExtras(said: JsonObject): JsonObject {
  const reason = textOf(said.stop_reason);
  return {
    ...(reason !== undefined && isLossyStopReason(reason) ? { stop_reason: reason } : {}),
    ...(typeof said.stop_sequence === 'string' ? { stop_sequence: said.stop_sequence } : {}),
    ...(isObject(said.stop_details) ? { stop_details: said.stop_details } : {}),
    ...(isObject(said.container) ? { container: said.container } : {}),
  };
}

/** Takes a block; true for a call of a tool of the client. */
export function isToolUse(block: JsonObject): boolean {
  return block.type === 'tool_use' && block.name !== jsonToolName;
}

/** Takes a block; true for one that belongs to Anthropic's own tools and services. */
export function isBeside(block: JsonObject): boolean {
  return !['text', 'thinking', 'redacted_thinking', 'tool_use'].includes(String(block.type));
}

function message(blocks: readonly JsonObject[], body: JsonObject): ChatMessage {
  const text = spokenBy(blocks);
  const calls = blocks.filter(isToolUse).map(toolCall);
  const thinking = blocks.filter(isThinking);
  const thought = thinking.map((block) => textOf(block.thinking) ?? '').join('');
  const beside = { ...besideFields(blocks), ...stopExtras(body) };
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(thinking.length > 0 ? { thinking_blocks: thinking } : {}),
    ...(Object.keys(beside).length > 0 ? { provider_specific_fields: beside } : {}),
  };
}

/** A JSON answer by the forced tool stands alone: words before it would spoil the JSON. */
function spokenBy(blocks: readonly JsonObject[]): string {
  const json = blocks.find((block) => block.type === 'tool_use' && block.name === jsonToolName);
  if (json !== undefined) return JSON.stringify(json.input ?? {});
  return blocks.map((block) => (block.type === 'text' ? (textOf(block.text) ?? '') : '')).join('');
}

function isThinking(block: JsonObject): block is ThinkingBlock {
  return block.type === 'thinking' || block.type === 'redacted_thinking';
}

function toolCall(block: JsonObject): ToolCall {
  if (typeof block.id !== 'string' || typeof block.name !== 'string') {
    throw garbled('anthropic', 'a tool call without id or name');
  }
  const called = { name: block.name, arguments: JSON.stringify(block.input ?? {}) };
  return { id: block.id, type: 'function', function: called };
}

function besideFields(blocks: readonly JsonObject[]): JsonObject {
  const citations = blocks
    .filter((block) => listOf(block.citations).length > 0)
    .map((block) => listOf(block.citations));
  const kept = blocks.filter(isBeside);
  return {
    ...(citations.length > 0 ? { citations } : {}),
    ...(kept.length > 0 ? { content_blocks: kept } : {}),
  };
}
