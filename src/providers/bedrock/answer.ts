// Converse's whole answer → a chat.completion. What our words have no place for stays under provider_specific_fields:
// citations, blocks of other kinds, the trace of a guardrail, a stop reason that OpenAI's four cannot say.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
import { isLossyStopReason } from '../../core/anthropic.ts';
import type { ChatCompletion, ChatMessage, FinishReason, ThinkingBlock, ToolCall } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { noUsage, type Usage, usageToOpenAi } from '../../core/usage.ts';
import type { Call } from '../provider.ts';
import { garbled } from '../upstream-failure.ts';
import { clientName } from './tool-names.ts';
import { jsonToolName } from './tools.ts';

/** Takes the answer and the call; returns it in our words. Throws upstream_garbled. */
export function chatCompletion(body: JsonValue, call: Call): ChatCompletion {
  const message = isObject(body) && isObject(body.output) ? body.output.message : undefined;
  if (!isObject(body) || !isObject(message)) throw garbled('bedrock', 'an answer without a message');
  const blocks = listOf(message.content).filter(isObject);
  const calls = blocks.flatMap((block) => toolCalls(block, call));
  const usage = converseUsage(body);
  return {
    id: call.newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(call.now / 1000),
    model: call.upstream.model,
    choices: [
      {
        index: 0,
        message: said(blocks, calls, body),
        logprobs: null,
        finish_reason: finishReason(textOf(body.stopReason), calls.length > 0),
      },
    ],
    ...(usage === null ? {} : { usage: usageToOpenAi(usage) }),
  };
}

/**
 * Takes an answer, or the metadata of a stream; returns its tokens, or null when it reports none. Bedrock's inputTokens leave
 * the cache out, ours count it in (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html).
 */
export function converseUsage({ usage }: JsonObject): Usage | null {
  if (!isObject(usage) || (usage.inputTokens === undefined && usage.outputTokens === undefined)) return null;
  const cacheRead = numberOf(usage.cacheReadInputTokens) ?? 0;
  const written = numberOf(usage.cacheWriteInputTokens) ?? 0;
  const hourly = listOf(usage.cacheDetails).filter((detail) => isObject(detail) && detail.ttl === '1h');
  const hour = hourly.reduce<number>(
    (sum, detail) => sum + (isObject(detail) ? (numberOf(detail.inputTokens) ?? 0) : 0),
    0,
  );
  return {
    ...noUsage,
    input: (numberOf(usage.inputTokens) ?? 0) + cacheRead + written,
    output: numberOf(usage.outputTokens) ?? 0,
    cacheRead,
    cacheWrite: Math.max(0, written - hour),
    cacheWriteHour: hour,
  };
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
};

/**
 * Takes Bedrock's stop reason and whether a tool of the client was called; returns ours. A JSON answer by the forced tool has
 * simply ended. Throws upstream_garbled when the model failed to write what it meant.
 */
export function finishReason(reason: string | undefined, calledTool: boolean): FinishReason {
  if (reason?.startsWith('malformed_') === true) throw garbled('bedrock', `the model ended with ${reason}`);
  return finishReasons[reason ?? ''] ?? (calledTool ? 'tool_calls' : 'stop');
}

/** Takes what says why the answer ended (an answer, or messageStop); returns what our finish reason cannot say of it. */
export function stopExtras(ended: JsonObject): JsonObject {
  const reason = textOf(ended.stopReason);
  const fields = isObject(ended.additionalModelResponseFields) ? ended.additionalModelResponseFields : {};
  const inner = isObject(fields.delta) ? fields.delta : fields;
  return {
    ...(reason !== undefined && saidByAnthropic.has(reason) && isLossyStopReason(reason)
      ? { stop_reason: reason }
      : {}),
    ...(typeof inner.stop_sequence === 'string' ? { stop_sequence: inner.stop_sequence } : {}),
    ...(isObject(ended.trace) ? { trace: ended.trace } : {}),
  };
}

/** Reasons that clients of Anthropic's dialect know by the same words. */
const saidByAnthropic = new Set(['stop_sequence', 'model_context_window_exceeded']);

/** Takes reasoningContent, whole or a piece of it; returns it as a thinking block, or none when it says nothing. */
export function thinkingBlocks(reasoning: JsonObject): ThinkingBlock[] {
  const redacted = textOf(reasoning.redactedContent);
  if (redacted !== undefined) return [{ type: 'redacted_thinking', data: redacted }];
  const inner = isObject(reasoning.reasoningText) ? reasoning.reasoningText : reasoning;
  const [thinking, signature] = [textOf(inner.text) ?? '', textOf(inner.signature) ?? ''];
  if (thinking === '' && signature === '') return [];
  return [{ type: 'thinking', thinking, ...(signature === '' ? {} : { signature }) }];
}

/** Takes a block or the start of one; true when our words have no place for it. */
export function isBeside(block: JsonObject): boolean {
  return !['text', 'toolUse', 'reasoningContent', 'citationsContent'].some((kind) => block[kind] !== undefined);
}

function said(blocks: readonly JsonObject[], calls: readonly ToolCall[], body: JsonObject): ChatMessage {
  const text = spokenBy(blocks);
  const thinking = blocks.flatMap(({ reasoningContent: one }) => (isObject(one) ? thinkingBlocks(one) : []));
  const thought = thinking.map((block) => block.thinking ?? '').join('');
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
  const json = blocks.map(({ toolUse }) => toolUse).find((use) => isObject(use) && use.name === jsonToolName);
  if (isObject(json)) return JSON.stringify(json.input ?? {});
  return blocks.map((block) => textOf(block.text) ?? citedText(block.citationsContent)).join('');
}

function citedText(cited: JsonValue | undefined): string {
  const parts = isObject(cited) ? listOf(cited.content) : [];
  return parts.map((part) => (isObject(part) ? (textOf(part.text) ?? '') : '')).join('');
}

function toolCalls({ toolUse }: JsonObject, call: Call): ToolCall[] {
  if (!isObject(toolUse) || toolUse.name === jsonToolName) return [];
  const { toolUseId: id, name, input } = toolUse;
  if (typeof id !== 'string' || typeof name !== 'string') throw garbled('bedrock', 'a tool call without id or name');
  const called = { name: clientName(name, call), arguments: JSON.stringify(input ?? {}) };
  return [{ id, type: 'function', function: called }];
}

function besideFields(blocks: readonly JsonObject[]): JsonObject {
  const citations = blocks.flatMap(({ citationsContent: one }) => (isObject(one) ? [listOf(one.citations)] : []));
  const kept = blocks.filter(isBeside);
  return { ...(citations.length > 0 ? { citations } : {}), ...(kept.length > 0 ? { blocks: kept } : {}) };
}
