// A chat request in our words → Anthropic's. What Anthropic cannot honour is refused by name or, when parameters may be
// dropped, left out and noted; hints for OpenAI's own books are left out and noted always. Unknown fields go on as they came.
import { isForeignThinking, leastThinkingBudget, thinkingBudgetOf } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { anthropicConversation } from './messages.ts';
import { traitsOf } from './models.ts';
import { preset } from './parameters.ts';
import { toolFields } from './tools.ts';

/** Parameters Anthropic does not have; a value that asks for nothing is no reason to refuse. */
const unknownThere: Readonly<Record<string, readonly JsonValue[]>> = {
  n: [1],
  seed: [],
  logprobs: [false],
  top_logprobs: [0],
  logit_bias: [],
  presence_penalty: [0],
  frequency_penalty: [0],
  functions: [],
  function_call: ['auto', 'none'],
  audio: [],
  modalities: [],
  prediction: [],
  verbosity: ['medium'],
  web_search_options: [],
};

/** For OpenAI's books and caches: the answer is the same without them. */
const hints = ['store', 'metadata', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'];

/** Translated below, or ours. */
const translated = new Set([
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'stream',
  'stream_options',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'output_config',
  'user',
  'service_tier',
  'extra_body',
  ...hints,
  ...Object.keys(unknownThere),
]);

/** LiteLLM's, for models whose limit is unknown. */
const defaultMaxTokens = 4096;

/** Takes a request in our words and the call; returns Anthropic's body. Throws field_invalid, field_unsupported. */
export function anthropicRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  refuseUnknown(body, call);
  const conversation = anthropicConversation(listOf(body.messages), call);
  const thinking = thinkingFields(body, call);
  const thinks = isObject(thinking.thinking) && thinking.thinking.type !== 'disabled';
  const tools = toolFields(body, call, thinks);
  const config = {
    ...objectOf(body.output_config),
    ...objectOf(thinking.output_config),
    ...objectOf(tools.output_config),
  };
  return given({
    ...others(body),
    model: call.upstream.model,
    system: conversation.system,
    messages: conversation.messages,
    max_tokens: maxTokens(body, call, thinking),
    stream: call.stream ? true : undefined,
    stop_sequences: stopSequences(body, call),
    ...sampling(body, call, thinks),
    ...tools,
    ...thinking,
    output_config: Object.keys(config).length > 0 ? config : undefined,
    metadata: metadata(body, call),
    service_tier: serviceTier(body, call),
  });
}

function refuseUnknown(body: JsonObject, call: Call): void {
  for (const field in unknownThere) {
    const value = body[field];
    if (value === undefined || value === null || unknownThere[field]?.includes(value)) continue;
    if (isEmpty(value) || (field === 'modalities' && listOf(value).every((one) => one === 'text'))) continue;
    unsupported('anthropic', call, field);
  }
  for (const field of hints) if (body[field] !== undefined && body[field] !== null) call.dropped.push(field);
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function others(body: JsonObject): JsonObject {
  const unknown = Object.entries(body).filter(([field]) => !translated.has(field));
  return { ...Object.fromEntries(unknown), ...objectOf(body.extra_body) };
}

function askedTokens(body: JsonObject): number | undefined {
  return numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens);
}

/** Anthropic requires it, and counts thinking in. */
function maxTokens(body: JsonObject, call: Call, fields: JsonObject): number {
  const thinking = objectOf(fields.thinking);
  const usual = defaultMaxTokens + (numberOf(thinking.budget_tokens) ?? 0);
  return askedTokens(body) ?? numberOf(call.upstream.info.max_output_tokens) ?? usual;
}

/** Anthropic refuses stop sequences of white space only. */
function stopSequences(body: JsonObject, call: Call): readonly JsonValue[] | undefined {
  const asked = typeof body.stop === 'string' ? [body.stop] : listOf(body.stop);
  const usable = asked.filter((text) => typeof text === 'string' && text.trim() !== '');
  if (usable.length < asked.length) unsupported('anthropic', call, 'stop', 'a sequence of white space only');
  return usable.length === 0 ? undefined : usable;
}

/**
 * Anthropic's temperature ends at 1; thinking leaves little choice, newer models none. 1 asks for what happens anyway.
 * https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking (feature compatibility)
 */
function sampling(body: JsonObject, call: Call, thinks: boolean): JsonObject {
  const { isUnsampled } = traitsOf(call.upstream.model);
  const why = isUnsampled ? 'this model samples by itself' : thinks ? 'together with thinking' : 'at most 1';
  const isFree = !isUnsampled && !thinks;
  const allowed: Readonly<Record<string, (value: number) => boolean>> = {
    temperature: (value) => isFree && value <= 1,
    top_p: (value) => isFree || (!isUnsampled && value >= 0.95),
    top_k: () => isFree,
  };
  const kept: Record<string, number> = {};
  for (const field in allowed) {
    const value = numberOf(body[field]);
    if (value === undefined || (value === 1 && field !== 'top_k')) continue;
    if (allowed[field]?.(value)) kept[field] = value;
    else unsupported('anthropic', call, field, why);
  }
  return kept;
}

/** An Anthropic `thinking` given by the client stands; else reasoning_effort becomes a budget, or an effort on newer models. */
function thinkingFields(body: JsonObject, call: Call): JsonObject {
  if (isObject(body.thinking)) return { thinking: body.thinking };
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return {};
  const budget = typeof effort === 'string' ? thinkingBudgetOf(effort) : undefined;
  if (budget === undefined) throw invalid('reasoning_effort', 'must be none, minimal, low, medium, high, xhigh or max');
  if (budget === null) return {};
  const { isAdaptive, isUnsampled } = traitsOf(call.upstream.model);
  if (!isAdaptive) return budgetFields(body, budget, call);
  return {
    thinking: { type: 'adaptive', ...(isUnsampled ? { display: 'summarized' } : {}) },
    output_config: { effort: adaptiveEffort(String(effort), isUnsampled) },
  };
}

function adaptiveEffort(effort: string, knowsExtraHigh: boolean): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !knowsExtraHigh ? 'max' : effort;
}

/**
 * A budget leaves half of max_tokens to the answer, cannot go with a forced tool, and needs the thinking of a tool loop that
 * is under way: OpenAI's clients cannot send that back, so such a turn goes on without thinking rather than fail.
 */
function budgetFields(body: JsonObject, budget: number, call: Call): JsonObject {
  if (isLoopWithoutThinking(body)) {
    call.dropped.push('reasoning_effort');
    return {};
  }
  const asked = askedTokens(body) ?? Number.POSITIVE_INFINITY;
  if (isForced(body.tool_choice) || asked <= leastThinkingBudget) {
    const why = isForced(body.tool_choice) ? 'together with a forced tool' : 'unless max_tokens is above 1024';
    unsupported('anthropic', call, 'reasoning_effort', why);
    return {};
  }
  const half = Math.max(leastThinkingBudget, Math.floor(asked / 2));
  return { thinking: { type: 'enabled', budget_tokens: Math.min(budget, half) } };
}

function isForced(choice: JsonValue | undefined): boolean {
  return choice === 'required' || (isObject(choice) && choice.type !== 'auto' && choice.type !== 'none');
}

function isLoopWithoutThinking(body: JsonObject): boolean {
  const messages = listOf(body.messages).filter(isObject);
  const last = messages.findLast((message) => message.role === 'assistant' || message.role === 'user');
  if (last?.role !== 'assistant' || listOf(last.tool_calls).length === 0) return false;
  return listOf(last.thinking_blocks).every(isForeignThinking);
}

function metadata(body: JsonObject, call: Call): JsonObject | undefined {
  const user = textOf(body.user);
  if (user === undefined || user === '') return undefined;
  if (!isPersonal(user)) return { user_id: user };
  call.dropped.push('user');
  return undefined;
}

/** Anthropic refuses user ids that name a person: https://docs.anthropic.com/en/api/messages (metadata.user_id). */
function isPersonal(user: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(user) || /^\+?[\d\s().-]{7,}$/.test(user);
}

/** OpenAI's tiers are not Anthropic's, and change the bill but not the answer; `auto` and `default` ask for what happens anyway. */
function serviceTier(body: JsonObject, call: Call): string | undefined {
  const tier = textOf(body.service_tier);
  if (tier === undefined || tier === 'auto' || tier === 'default') return undefined;
  if (tier === 'standard_only') return tier;
  call.dropped.push('service_tier');
  return undefined;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function given(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
