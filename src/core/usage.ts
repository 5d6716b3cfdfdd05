// Tokens as the provider reported them, kept apart by kind. Never guessed: what is not reported is null, and the row says so.
import { isObject, type JsonObject, numberOf } from './json.ts';

/** Tokens of one exchange. `input` counts everything read, cache and audio included; `output` everything written. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Written to a five-minute cache. */
  readonly cacheWrite: number;
  /** Written to a one-hour cache. */
  readonly cacheWriteHour: number;
  readonly reasoning: number;
  readonly audioInput: number;
  readonly audioOutput: number;
  /** Rerank: search units billed. */
  readonly searchUnits: number;
}

export const noUsage: Usage = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWriteHour: 0,
  reasoning: 0,
  audioInput: 0,
  audioOutput: 0,
  searchUnits: 0,
};

/** No exchange has more of one kind. */
const mostTokens = 1e12;
const kinds = Object.keys(noUsage) as readonly (keyof Usage)[];

function isSound(count: number): boolean {
  return count >= 0 && count <= mostTokens;
}

/** Takes what a provider reported; returns it without numbers that cannot be (below 0, endless), the same object when there are none. */
export function soundUsage(usage: Usage): Usage {
  for (const kind of kinds) {
    if (!isSound(usage[kind])) return withoutUnsound(usage);
  }
  return usage;
}

function withoutUnsound(usage: Usage): Usage {
  const sound = kinds.filter((kind) => isSound(usage[kind])).map((kind) => [kind, usage[kind]]);
  return { ...noUsage, ...Object.fromEntries(sound) };
}

/**
 * Takes the `usage` object of an OpenAI-shaped answer (chat, completions, embeddings), LiteLLM's cache fields and
 * DeepSeek's prompt_cache_hit_tokens included; returns Usage.
 */
export function usageFromOpenAi(usage: JsonObject): Usage {
  const prompt = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const completion = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  return {
    input: numberOf(usage.prompt_tokens) ?? numberOf(usage.total_tokens) ?? 0,
    output: numberOf(usage.completion_tokens) ?? 0,
    cacheRead:
      numberOf(prompt.cached_tokens) ??
      numberOf(usage.cache_read_input_tokens) ??
      numberOf(usage.prompt_cache_hit_tokens) ??
      0,
    cacheWrite: numberOf(usage.cache_creation_input_tokens) ?? 0,
    cacheWriteHour: 0,
    reasoning: numberOf(completion.reasoning_tokens) ?? 0,
    audioInput: numberOf(prompt.audio_tokens) ?? 0,
    audioOutput: numberOf(completion.audio_tokens) ?? 0,
    searchUnits: 0,
  };
}

/**
 * Takes the `usage` object of an Anthropic message; returns Usage. Anthropic's input_tokens leaves the cache out
 * (https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching), ours counts it in.
 */
export function usageFromAnthropic(usage: JsonObject): Usage {
  const cacheRead = numberOf(usage.cache_read_input_tokens) ?? 0;
  const created = isObject(usage.cache_creation) ? usage.cache_creation : {};
  const hour = numberOf(created.ephemeral_1h_input_tokens) ?? 0;
  const written = numberOf(usage.cache_creation_input_tokens) ?? 0;
  return {
    ...noUsage,
    input: (numberOf(usage.input_tokens) ?? 0) + cacheRead + written,
    output: numberOf(usage.output_tokens) ?? 0,
    cacheRead,
    cacheWrite: Math.max(0, written - hour),
    cacheWriteHour: hour,
  };
}

/** Takes Usage; returns the `usage` object of an OpenAI chat answer, with LiteLLM's cache fields when there was a cache. */
export function usageToOpenAi(usage: Usage): JsonObject {
  const written = usage.cacheWrite + usage.cacheWriteHour;
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: usage.audioInput },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput },
    ...(written > 0 ? { cache_creation_input_tokens: written } : {}),
    ...(usage.cacheRead > 0 ? { cache_read_input_tokens: usage.cacheRead } : {}),
  };
}

/** Takes Usage; returns the `usage` object of an Anthropic message. */
export function usageToAnthropic(usage: Usage): JsonObject {
  const written = usage.cacheWrite + usage.cacheWriteHour;
  return {
    input_tokens: Math.max(0, usage.input - usage.cacheRead - written),
    output_tokens: usage.output,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheRead,
  };
}
