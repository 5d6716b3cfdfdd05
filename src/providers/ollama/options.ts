// Ollama's sampling options, and the parameters of OpenAI's that Ollama cannot honour.
// https://docs.ollama.com/modelfile#parameter
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';

/** Options that have the same name here and there, or that only Ollama has. */
const optionNames = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'tfs_z',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'repeat_penalty',
  'repeat_last_n',
  'penalize_newline',
  'mirostat',
  'mirostat_tau',
  'mirostat_eta',
  'num_ctx',
  'num_predict',
  'num_keep',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'numa',
  'low_vram',
  'use_mmap',
  'use_mlock',
] as const;

type Harmless = (value: JsonValue) => boolean;

const never: Harmless = () => false;
const emptyObject: Harmless = (value) => isObject(value) && Object.keys(value).length === 0;
const oneOf =
  (...values: JsonValue[]): Harmless =>
  (value) =>
    values.includes(value);

/** OpenAI's parameters that Ollama has no way to honour, each with the values that ask for nothing. */
const unsupportedNames: Readonly<Record<string, Harmless>> = {
  n: oneOf(1),
  best_of: oneOf(1),
  echo: oneOf(false),
  logprobs: oneOf(false),
  top_logprobs: oneOf(0),
  logit_bias: emptyObject,
  parallel_tool_calls: oneOf(true),
  service_tier: oneOf('auto', 'default'),
  store: oneOf(false),
  modalities: (value) => listOf(value).length === 1 && listOf(value)[0] === 'text',
  verbosity: oneOf('medium'),
  audio: never,
  prediction: never,
  web_search_options: never,
  functions: (value) => listOf(value).length === 0,
  function_call: oneOf('auto', 'none'),
};

/** Parameters that say something to the gateway or to OpenAI's own books, and nothing to a model. */
const bookkeeping = ['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'];

const translated = [
  ...['model', 'messages', 'prompt', 'stream', 'stream_options', 'tools', 'tool_choice', 'response_format'],
  ...[
    'reasoning_effort',
    'thinking',
    'think',
    'max_tokens',
    'max_completion_tokens',
    'stop',
    'suffix',
    'raw',
    'options',
  ],
  ...['input', 'dimensions', 'encoding_format'],
];

const known: ReadonlySet<string> = new Set([
  ...optionNames,
  ...Object.keys(unsupportedNames),
  ...bookkeeping,
  ...translated,
]);

/** Takes a request and the call; refuses or drops what Ollama cannot honour. Throws field_unsupported. */
export function refuseUnsupported(body: JsonObject, call: Call): void {
  for (const [name, harmless] of Object.entries(unsupportedNames)) {
    const value = body[name];
    if (value !== undefined && value !== null && !harmless(value)) unsupported('ollama', call, name);
  }
}

/** Takes a request; returns the fields nobody here has heard of (keep_alive, truncate …), which go on as they came. */
export function otherFields(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !known.has(name)));
}

/** Takes a request; returns Ollama's `options`: the client's own `options` win over OpenAI's names. */
export function ollamaOptions(body: JsonObject): JsonObject {
  const named = optionNames.map((name) => [name, body[name]] as const);
  const limit = body.max_completion_tokens ?? body.max_tokens;
  const options = Object.fromEntries([
    ...named,
    ['num_predict', limit ?? body.num_predict],
    ['stop', stops(body.stop)],
  ]);
  return { ...given(options), ...(isObject(body.options) ? body.options : {}) };
}

/** Takes an object; returns it without the fields that are undefined or null. */
export function given(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

function stops(stop: JsonValue | undefined): JsonValue | undefined {
  if (stop === undefined || stop === null) return undefined;
  const list = typeof stop === 'string' ? [stop] : listOf(stop);
  if (list.length === 0 && !Array.isArray(stop)) throw invalid('stop', 'must be a text or a list of texts');
  return list;
}
