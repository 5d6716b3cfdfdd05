// What both sides of Anthropic's words share: the client dialect that reads them and the provider that writes them.
// Maps follow https://docs.anthropic.com/en/api/messages and LiteLLM's (contract section 13.2); each has its inverse here.
import type { FinishReason } from './chat.ts';
import { isObject, type JsonObject, numberOf } from './json.ts';
import { type Usage, usageFromAnthropic } from './usage.ts';

/** The version of the API we write; a client that names another is passed on as it says. */
export const anthropicVersion = '2023-06-01';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

const stopReasons: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
};

/** Takes Anthropic's stop_reason; returns our finish reason (`stop` for one nobody has heard of yet). */
export function finishReasonOf(stopReason: string): FinishReason {
  return finishReasons[stopReason] ?? 'stop';
}

/** Takes our finish reason; returns Anthropic's stop_reason. */
export function stopReasonOf(finishReason: string): string {
  return stopReasons[finishReason] ?? 'end_turn';
}

/** Takes Anthropic's stop_reason; true when our finish reason cannot say it, so that it must be kept beside it. */
export function isLossyStopReason(stopReason: string): boolean {
  return stopReasonOf(finishReasonOf(stopReason)) !== stopReason;
}

/** Anthropic refuses thinking budgets below this; LiteLLM's 128 for `minimal` is raised to it. */
export const leastThinkingBudget = 1024;

const budgets: Readonly<Record<string, number>> = {
  minimal: 128,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/** Takes a reasoning_effort; returns the thinking budget in tokens, null for `none`, undefined for one we do not know. */
export function thinkingBudgetOf(effort: string): number | null | undefined {
  if (effort === 'none') return null;
  const budget = Object.hasOwn(budgets, effort) ? budgets[effort] : undefined;
  return budget === undefined ? undefined : Math.max(leastThinkingBudget, budget);
}

/** Takes a thinking budget in tokens; returns the reasoning_effort every provider knows. */
export function effortOf(budgetTokens: number): 'low' | 'medium' | 'high' {
  if (budgetTokens <= leastThinkingBudget) return 'low';
  return budgetTokens <= 2048 ? 'medium' : 'high';
}

/** Before a signature of Google's in a thinking block, which Google takes back and Anthropic would refuse. */
export const googleSignatureMark = 'google:';

/** Takes a content block; true for thinking that Anthropic did not sign: made by another provider, refused by Anthropic. */
export function isForeignThinking(block: unknown): boolean {
  if (!isObject(block) || block.type !== 'thinking') return false;
  const { signature } = block;
  return typeof signature !== 'string' || signature === '' || signature.startsWith(googleSignatureMark);
}

/** Takes the `usage` of an Anthropic message; returns Usage, thinking tokens apart where the answer tells them. */
export function anthropicUsage(usage: JsonObject): Usage {
  const details = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  return { ...usageFromAnthropic(usage), reasoning: numberOf(details.thinking_tokens) ?? 0 };
}
