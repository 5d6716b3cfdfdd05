// A whole answer in our words → Anthropic's message. Thinking first, then text, then tool calls, as Anthropic orders them.
import { stopReasonOf } from '../../core/anthropic.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { usageFromOpenAi, usageToAnthropic } from '../../core/usage.ts';
import type { AnswerContext } from './dialect.ts';

/** Takes a chat.completion and its context; returns the message. Throws upstream_garbled for calls that are not JSON. */
export function encodeMessage(answer: JsonObject, context: AnswerContext): JsonObject {
  const choice = listOf(answer.choices)[0];
  const message = isObject(choice) ? choice.message : undefined;
  if (!isObject(choice) || !isObject(message)) {
    throw new GatewayError('upstream_garbled', { message: 'the answer has no choice with a message' });
  }
  const finish = textOf(choice.finish_reason) ?? 'stop';
  const calls = listOf(message.tool_calls).flatMap((call) => toolUse(call, finish, context));
  return {
    id: messageId(answer.id, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: [...thinkingBlocks(message), ...keptBlocks(message), ...textBlocks(message), ...calls],
    ...stopFields(finish, calls.length > 0, message),
    usage: messageUsage(answer.usage, context),
  };
}

/** Takes the id the provider gave; returns it when it is Anthropic's, else a fresh one of that shape. */
export function messageId(id: JsonValue | undefined, context: AnswerContext): string {
  return typeof id === 'string' && id.startsWith('msg_') ? id : context.newId('msg_');
}

/**
 * Takes our finish reason, whether a tool was called, and what the provider kept beside; returns stop_reason and
 * stop_sequence. A call always ends with tool_use: some providers say `stop` (contract: user pains, section 3).
 */
export function stopFields(finish: string, hasCalls: boolean, beside: JsonObject): JsonObject {
  const kept = isObject(beside.provider_specific_fields) ? beside.provider_specific_fields : {};
  const reason = textOf(kept.stop_reason) ?? (hasCalls && finish === 'stop' ? 'tool_use' : stopReasonOf(finish));
  return { stop_reason: reason, stop_sequence: textOf(kept.stop_sequence) ?? null };
}

/** Takes the `usage` of an answer in our words; returns Anthropic's. Not reported: the estimate, and nothing written. */
export function messageUsage(usage: JsonValue | undefined, context: AnswerContext): JsonObject {
  if (isObject(usage)) return usageToAnthropic(usageFromOpenAi(usage));
  return { input_tokens: Math.max(1, context.estimatedInput), output_tokens: 0 };
}

function thinkingBlocks(message: JsonObject): readonly JsonValue[] {
  const blocks = listOf(message.thinking_blocks);
  if (blocks.length > 0) return blocks;
  const thought = textOf(message.reasoning_content) ?? '';
  return thought === '' ? [] : [{ type: 'thinking', thinking: thought, signature: '' }];
}

/** Blocks of Anthropic's own tools, which our words have no place for. */
function keptBlocks(message: JsonObject): readonly JsonValue[] {
  return isObject(message.provider_specific_fields) ? listOf(message.provider_specific_fields.content_blocks) : [];
}

function textBlocks(message: JsonObject): JsonObject[] {
  const text = textOf(message.content) ?? partsText(message.content) ?? '';
  const refusal = textOf(message.refusal) ?? '';
  return [text, refusal].filter((words) => words !== '').map((words) => ({ type: 'text', text: words }));
}

function partsText(content: JsonValue | undefined): string | undefined {
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => (isObject(part) ? (textOf(part.text) ?? '') : '')).join('');
}

/** A call cut short by the token limit cannot be said in Anthropic's words, and stop_reason tells that it was cut. */
function toolUse(call: JsonValue, finish: string, context: AnswerContext): JsonObject[] {
  const said = isObject(call) && isObject(call.function) ? call.function : undefined;
  const name = textOf(said?.name);
  if (!isObject(call) || name === undefined) {
    throw new GatewayError('upstream_garbled', { message: 'a tool call has no name' });
  }
  const input = inputOf(textOf(said?.arguments) ?? '');
  if (input === undefined && finish === 'length') return [];
  if (input === undefined) {
    throw new GatewayError('upstream_garbled', {
      message: `the arguments of the call to ${name} are not a JSON object`,
    });
  }
  return [{ type: 'tool_use', id: textOf(call.id) ?? context.newId('toolu_'), name, input }];
}

/** Takes the text of a call's arguments; returns the object, {} for no text, undefined when it is no JSON object. */
export function inputOf(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(text);
    return isObject(input) ? input : undefined;
  } catch {
    // Not JSON: the caller decides what that means.
    return undefined;
  }
}
