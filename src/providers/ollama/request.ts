// Requests in Ollama's words. `stream` is always said, because Ollama streams unless told not to.
// https://docs.ollama.com/api/chat https://docs.ollama.com/api/generate https://docs.ollama.com/api/embed
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { askedDimensions, askedEncoding, embeddingTexts } from '../embedding.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { ollamaMessages } from './messages.ts';
import { given, ollamaOptions, otherFields, refuseUnsupported } from './options.ts';

/** Takes a chat request in our words; returns the body of /api/chat. Throws field_invalid, field_unsupported. */
export function chatRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  refuseUnsupported(body, call);
  return {
    ...otherFields(body),
    model: call.upstream.model,
    messages: ollamaMessages(listOf(body.messages)),
    stream: call.stream,
    ...given({ tools: toolsOf(body, call), format: formatOf(body.response_format), think: thinkOf(body, call) }),
    ...optionsField(body),
  };
}

/**
 * Takes a completion request; returns the body of /api/generate. The prompt is raw (no chat template), as OpenAI's is; with
 * a `suffix` the template is needed, because it knows how the model fills a gap.
 */
export function completionRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  refuseUnsupported(body, call);
  const suffix = textOf(body.suffix) ?? '';
  return {
    ...otherFields(body),
    model: call.upstream.model,
    prompt: promptOf(body.prompt),
    raw: body.raw ?? suffix === '',
    stream: call.stream,
    ...(suffix === '' ? {} : { suffix }),
    ...given({ format: formatOf(body.response_format), think: thinkOf(body, call) }),
    ...optionsField(body),
  };
}

/** Takes an embedding request; returns the body of /api/embed. Base64 is made by us, so the encoding is not sent. */
export function embeddingRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  const texts = embeddingTexts(body);
  askedEncoding(body);
  return {
    ...otherFields(body),
    model: call.upstream.model,
    input: typeof body.input === 'string' ? body.input : texts,
    ...given({ dimensions: askedDimensions(body) }),
    ...optionsField(body),
  };
}

function optionsField(body: JsonObject): JsonObject {
  const options = ollamaOptions(body);
  return Object.keys(options).length === 0 ? {} : { options };
}

/** Tools as they came; none when the client says `tool_choice: none`. Ollama cannot be made to call one. */
function toolsOf(body: JsonObject, call: Call): JsonValue | undefined {
  const tools = listOf(body.tools).filter((tool, at) => {
    if (isObject(tool) && isObject(tool.function)) return true;
    unsupported('ollama', call, `tools[${at}]`, 'only function tools');
    return false;
  });
  const choice = body.tool_choice ?? 'auto';
  if (choice === 'none' || tools.length === 0) return undefined;
  if (choice !== 'auto')
    unsupported('ollama', call, 'tool_choice', 'a model cannot be forced to call a tool; use auto');
  return tools;
}

function formatOf(format: JsonValue | undefined): JsonValue | undefined {
  if (format === undefined || format === null) return undefined;
  if (!isObject(format)) throw invalid('response_format', 'must be an object');
  if (format.type === 'text') return undefined;
  if (format.type === 'json_object') return 'json';
  const schema = isObject(format.json_schema) ? format.json_schema.schema : undefined;
  if (format.type === 'json_schema' && isObject(schema)) return schema;
  throw invalid('response_format', 'must have type text, json_object, or json_schema with a schema');
}

/** OpenAI's efforts as gpt-oss names them; other models only switch thinking on and off. */
const effortLevels: Readonly<Record<string, string | false>> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

function thinkOf(body: JsonObject, call: Call): JsonValue | undefined {
  const effort = body.reasoning_effort;
  if (body.think !== undefined && body.think !== null) return body.think;
  if (effort === undefined || effort === null) return thinkingSwitch(body.thinking);
  const level = effortLevels[textOf(effort) ?? ''];
  if (level === undefined) throw invalid('reasoning_effort', `must be one of ${Object.keys(effortLevels).join(', ')}`);
  return level === false || call.upstream.model.includes('gpt-oss') ? level : true;
}

/** Anthropic's `thinking: { type }`, which LiteLLM's clients send too. */
function thinkingSwitch(thinking: JsonValue | undefined): JsonValue | undefined {
  return isObject(thinking) ? thinking.type !== 'disabled' : undefined;
}

function promptOf(prompt: JsonValue | undefined): string {
  if (prompt === undefined || prompt === null) throw new GatewayError('field_missing', { field: 'prompt' });
  const texts = listOf(prompt);
  const text = textOf(prompt) ?? (texts.length === 1 ? textOf(texts[0]) : undefined);
  if (text !== undefined) return text;
  throw new GatewayError('field_unsupported', {
    field: 'prompt',
    message: 'prompt: Ollama takes one text, not several and no lists of tokens',
  });
}
