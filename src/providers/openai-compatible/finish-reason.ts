// Why an answer ended, in OpenAI's four words. Invariant: an answer that called a tool ends with `tool_calls`.
import type { FinishReason } from '../../core/chat.ts';

/** What servers that claim OpenAI's dialect really say, in lower case; all other words mean `stop`. */
const reasons: Readonly<Record<string, FinishReason>> = {
  length: 'length',
  max_tokens: 'length',
  max_length: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  content_filtered: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  sensitive: 'content_filter',
  refusal: 'content_filter',
};

/**
 * The provider gave up in the middle: OpenRouter's `error`, Zhipu's `network_error`, DeepSeek's
 * `insufficient_system_resource` (https://api-docs.deepseek.com/api/create-chat-completion), vLLM's and SGLang's `abort`.
 */
const interruptions: ReadonlySet<string> = new Set(['error', 'network_error', 'insufficient_system_resource', 'abort']);

/**
 * Takes a finish reason as sent and whether a tool was called; returns it in OpenAI's words, null when there is none yet or
 * the provider broke off.
 */
export function finishReasonOf(sent: unknown, calledTool: boolean): FinishReason | null {
  if (typeof sent !== 'string' || sent === '' || sent === 'null' || isInterruption(sent)) return null;
  const reason = reasons[sent.toLowerCase()] ?? 'stop';
  return reason === 'stop' && calledTool ? 'tool_calls' : reason;
}

/** Takes a finish reason as sent; true when it says that the provider broke off. */
export function isInterruption(sent: unknown): boolean {
  return typeof sent === 'string' && interruptions.has(sent.toLowerCase());
}
