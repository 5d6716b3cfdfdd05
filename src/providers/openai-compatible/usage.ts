// Tokens as servers of OpenAI's dialect report them, brought to OpenAI's meaning: `completion_tokens` counts the reasoning,
// `prompt_tokens` the cache.
import { isObject, type JsonObject, type JsonValue, numberOf } from '../../core/json.ts';
import { type Usage, usageFromOpenAi } from '../../core/usage.ts';

/**
 * Takes an answer or chunk; returns its usage object in OpenAI's meaning, or null when it reports none. Groq keeps it under
 * `x_groq` as well.
 */
export function reportedUsage(answer: JsonObject): JsonObject | null {
  const groq = isObject(answer.x_groq) ? answer.x_groq.usage : undefined;
  const usage = isObject(answer.usage) ? answer.usage : groq;
  if (!isObject(usage) || !Object.values(usage).some((value) => typeof value === 'number')) return null;
  return withReasoning(withCache(usage));
}

/** Takes an answer or chunk; returns its Usage, or null when it reports none. */
export function usageOf(answer: JsonValue): Usage | null {
  const usage = isObject(answer) ? reportedUsage(answer) : null;
  return usage === null ? null : usageFromOpenAi(usage);
}

/** Takes what was reported so far and what is reported now; returns both. Counts only grow, so the larger one stands. */
export function mergedUsage(before: Usage | null, now: Usage): Usage {
  if (before === null) return now;
  const merged: Record<string, number> = { ...before };
  for (const [kind, tokens] of Object.entries(now)) merged[kind] = Math.max(merged[kind] ?? 0, tokens);
  return { ...now, ...merged };
}

/**
 * xAI counts reasoning beside completion_tokens (its total_tokens shows it: https://docs.x.ai/docs/key-information/usage);
 * Perplexity and SGLang name reasoning_tokens beside, not among, the details.
 */
function withReasoning(usage: JsonObject): JsonObject {
  const details = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  const reasoning = numberOf(details.reasoning_tokens) ?? numberOf(usage.reasoning_tokens);
  if (reasoning === undefined || reasoning === 0) return usage;
  const completion = numberOf(usage.completion_tokens) ?? 0;
  const beside = numberOf(usage.total_tokens) === (numberOf(usage.prompt_tokens) ?? 0) + completion + reasoning;
  if (!beside && details.reasoning_tokens === reasoning) return usage;
  return {
    ...usage,
    completion_tokens: beside ? completion + reasoning : completion,
    completion_tokens_details: { ...details, reasoning_tokens: reasoning },
  };
}

/** Moonshot and Together name cached_tokens beside, not among, the details. */
function withCache(usage: JsonObject): JsonObject {
  const cached = numberOf(usage.cached_tokens);
  const details = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  if (cached === undefined || numberOf(details.cached_tokens) !== undefined) return usage;
  return { ...usage, prompt_tokens_details: { ...details, cached_tokens: cached } };
}
