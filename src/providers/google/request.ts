// A chat request in our words → Google's generateContent. What Google does not have is refused by name or, when parameters may
// be dropped, left out and noted; hints for OpenAI's own books are left out and noted always. Google's own fields go on.
// https://ai.google.dev/api/generate-content
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { googleContents } from './messages.ts';
import { googleSchema } from './schema.ts';
import { thinkingConfig } from './thinking.ts';
import { toolFields } from './tools.ts';

/** Parameters Google does not have; a value that asks for nothing is no reason to refuse. */
const unknownThere: Readonly<Record<string, readonly JsonValue[]>> = {
  logit_bias: [],
  functions: [],
  function_call: ['auto', 'none'],
  prediction: [],
  verbosity: ['medium'],
};

/** For OpenAI's books and caches: the answer is the same without them. */
const hints = [
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'service_tier',
];

/** Number → Google's name, among the generation's settings. */
const numbers: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  n: 'candidateCount',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
  seed: 'seed',
};

/** Google's own, in the spelling of LiteLLM's clients. */
const spellings: Readonly<Record<string, string>> = {
  safety_settings: 'safetySettings',
  cached_content: 'cachedContent',
};

const translated = new Set<string>([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'web_search_options',
  'toolConfig',
  'generationConfig',
  'systemInstruction',
  ...Object.keys(numbers),
  ...hints,
  ...Object.keys(unknownThere),
]);

/** Takes a request in our words and the call; returns Google's body. Throws field_invalid, field_unsupported. */
export function generateRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  refuseUnknown(body, call);
  const { system, contents } = googleContents(listOf(body.messages), call);
  const generationConfig = generation(body, call);
  return given({
    contents,
    systemInstruction: body.systemInstruction ?? (system.length === 0 ? undefined : { parts: system }),
    ...toolFields(body, call),
    generationConfig: Object.keys(generationConfig).length === 0 ? undefined : generationConfig,
    ...others(body),
  });
}

function refuseUnknown(body: JsonObject, call: Call): void {
  for (const field in unknownThere) {
    const value = body[field];
    if (value === undefined || value === null || unknownThere[field]?.includes(value)) continue;
    if (typeof value === 'object' && Object.keys(value).length === 0) continue;
    unsupported('gemini', call, field);
  }
  for (const field of hints) if (body[field] !== undefined && body[field] !== null) call.dropped.push(field);
}

/** `vertex_…` says where and as whom to call, which is the deployment's business; Google refuses it. */
function others(body: JsonObject): JsonObject {
  const kept = Object.entries(body).filter(
    ([field, value]) => !translated.has(field) && !field.startsWith('vertex_') && value !== null,
  );
  return Object.fromEntries(kept.map(([field, value]) => [spellings[field] ?? field, value]));
}

function generation(body: JsonObject, call: Call): JsonObject {
  const own = isObject(body.generationConfig) ? body.generationConfig : {};
  return given({
    ...sampling(body),
    maxOutputTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
    stopSequences: stopSequences(body),
    ...logProbabilities(body),
    ...answerFormat(body, call),
    ...modalities(body),
    thinkingConfig: thinkingConfig(body, call),
    ...own,
  });
}

/** One answer is what happens anyway; some models refuse to be asked for it. */
function sampling(body: JsonObject): JsonObject {
  const entries = Object.entries(numbers).map(([field, name]) => [name, numberOf(body[field])] as const);
  return Object.fromEntries(entries.filter(([name, value]) => !(name === 'candidateCount' && value === 1)));
}

function stopSequences(body: JsonObject): readonly JsonValue[] | undefined {
  const asked = typeof body.stop === 'string' ? [body.stop] : listOf(body.stop);
  const texts = asked.filter((text) => typeof text === 'string' && text !== '');
  return texts.length === 0 ? undefined : texts;
}

function logProbabilities(body: JsonObject): JsonObject {
  if (body.logprobs !== true) return {};
  return { responseLogprobs: true, logprobs: numberOf(body.top_logprobs) };
}

function answerFormat(body: JsonObject, call: Call): JsonObject {
  const format = body.response_format;
  if (!isObject(format) || format.type === 'text') return {};
  const described = isObject(format.json_schema) ? format.json_schema.schema : format.response_schema;
  if (format.type === 'json_object' || format.type === 'json_schema') {
    const responseSchema = isObject(described) ? googleSchema(described) : undefined;
    return { responseMimeType: 'application/json', responseSchema };
  }
  unsupported('gemini', call, 'response_format', `type ${String(format.type)}`);
  return {};
}

/** Speech has a voice; which other settings it has is Google's business (speechConfig). */
function modalities(body: JsonObject): JsonObject {
  const asked = listOf(body.modalities);
  if (asked.length === 0) return {};
  if (asked.some((one) => typeof one !== 'string')) throw invalid('modalities', 'must be a list of names');
  if (asked.every((one) => one === 'text')) return {};
  const voice = isObject(body.audio) ? textOf(body.audio.voice) : undefined;
  const speechConfig = voice === undefined ? undefined : { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } };
  return { responseModalities: asked.map((one) => String(one).toUpperCase()), speechConfig };
}

/** Takes an object; returns it without fields that are undefined. */
function given(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
