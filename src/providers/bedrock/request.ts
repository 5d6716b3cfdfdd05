// A chat request in our words → Converse's. What Converse cannot honour is refused by name or, when parameters may be dropped,
// left out and noted; hints for OpenAI's own books are left out and noted always. Converse's own fields go on as they came,
// and all others to the model, among its additional fields.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { unsupported } from '../unsupported.ts';
import { betaFields } from './betas.ts';
import { converseMessages } from './messages.ts';
import { bedrockModel } from './models.ts';
import { isThinking, thinkingFields } from './thinking.ts';
import { toolFields } from './tools.ts';

/** Parameters Converse does not have; a value that asks for nothing is no reason to refuse. */
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
const hints = ['store', 'metadata', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'];

/** Converse's own, beside those written below. */
const native = ['guardrailConfig', 'performanceConfig', 'promptVariables', 'requestMetadata', 'serviceTier'] as const;

/** Translated below, or ours. */
const translated = new Set<string>([
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
  'service_tier',
  'inferenceConfig',
  'outputConfig',
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  ...native,
  ...hints,
  ...Object.keys(unknownThere),
]);

/** Takes a request in our words and the call; returns Converse's body. Throws field_invalid, field_unsupported. */
export function converseRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  refuseUnknown(body, call);
  const { system, messages } = converseMessages(listOf(body.messages), call);
  const thinking = thinkingFields(body, call);
  const tools = toolFields(body, call, isThinking(thinking));
  const { topK, ...inference } = sampling(body, call, isThinking(thinking));
  const stops = stopSequences(body, call);
  return filled({
    messages,
    system,
    inferenceConfig: {
      maxTokens: askedTokens(body),
      ...inference,
      stopSequences: stops,
      ...objectOf(body.inferenceConfig),
    },
    toolConfig: tools.toolConfig,
    outputConfig: { ...tools.outputConfig, ...objectOf(body.outputConfig) },
    ...Object.fromEntries(native.map((field) => [field, body[field]])),
    ...serviceTier(body, call),
    additionalModelRequestFields: {
      ...others(body),
      ...topKField(topK, call),
      ...betaFields(body, call),
      ...tools.additional,
      ...thinking,
      ...objectOf(body.additionalModelRequestFields),
    },
    additionalModelResponseFieldPaths: body.additionalModelResponseFieldPaths ?? stopPaths(stops, call),
  });
}

function refuseUnknown(body: JsonObject, call: Call): void {
  for (const field in unknownThere) {
    const value = body[field];
    if (value === undefined || value === null || unknownThere[field]?.includes(value)) continue;
    if (isEmpty(value) || (field === 'modalities' && listOf(value).every((one) => one === 'text'))) continue;
    unsupported('bedrock', call, field);
  }
  for (const field of hints) if (body[field] !== undefined && body[field] !== null) call.dropped.push(field);
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** `aws_…` says where and as whom to call, which is the deployment's business; to the model it means nothing. */
function others(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([field, value]) => !translated.has(field) && !field.startsWith('aws_') && value !== null,
    ),
  );
}

function askedTokens(body: JsonObject): number | undefined {
  return numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens);
}

/** Bedrock refuses stop sequences of white space only. */
function stopSequences(body: JsonObject, call: Call): readonly JsonValue[] | undefined {
  const asked = typeof body.stop === 'string' ? [body.stop] : listOf(body.stop);
  const usable = asked.filter((text) => typeof text === 'string' && text.trim() !== '');
  if (usable.length < asked.length) unsupported('bedrock', call, 'stop', 'a sequence of white space only');
  return usable.length === 0 ? undefined : usable;
}

/** Which sequence ended the answer Claude tells only when asked, whole and in streams at different places. */
function stopPaths(stops: readonly JsonValue[] | undefined, call: Call): readonly string[] | undefined {
  if (stops === undefined || bedrockModel(call.upstream).family !== 'claude') return undefined;
  return [call.stream ? '/delta/stop_sequence' : '/stop_sequence'];
}

interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
}

/** Claude's thinking leaves little choice, its newer models none; 1 asks Claude for what happens anyway. */
function sampling(body: JsonObject, call: Call, thinks: boolean): Sampling {
  const { family, isUnsampled } = bedrockModel(call.upstream);
  const isClaude = family === 'claude';
  const why = isUnsampled ? 'this model samples by itself' : 'together with thinking';
  const isFree = !isClaude || (!isUnsampled && !thinks);
  const kept: Record<string, number> = {};
  for (const [field, name] of [
    ['temperature', 'temperature'],
    ['top_p', 'topP'],
    ['top_k', 'topK'],
  ] as const) {
    const value = numberOf(body[field]);
    if (value === undefined || (isClaude && value === 1 && field !== 'top_k')) continue;
    if (isFree || (field === 'top_p' && !isUnsampled && value >= 0.95)) kept[name] = value;
    else unsupported('bedrock', call, field, why);
  }
  return kept;
}

function topKField(topK: number | undefined, call: Call): JsonObject {
  if (topK === undefined) return {};
  return bedrockModel(call.upstream).family === 'nova' ? { inferenceConfig: { topK } } : { top_k: topK };
}

/** `auto` asks for what happens anyway; OpenAI's other tiers change the bill but not the answer. */
function serviceTier(body: JsonObject, call: Call): JsonObject {
  const tier = textOf(body.service_tier);
  if (tier === undefined || tier === 'auto') return {};
  if (['priority', 'default', 'flex', 'reserved'].includes(tier)) return { serviceTier: { type: tier } };
  call.dropped.push('service_tier');
  return {};
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** Takes an object; returns it without fields that are undefined or hold nothing. */
function filled(body: JsonObject): JsonObject {
  const entries = Object.entries(body).map(
    ([field, value]) => [field, isObject(value) ? given(value) : value] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && !isEmpty(value)));
}

function given(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
