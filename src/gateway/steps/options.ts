// What a client tells the gateway itself, by fields of the body or by headers (contracts 10.1, 10.6). None of it goes upstream.
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, listOf, textOf } from '../../core/json.ts';
import { type Arrived, header } from '../../core/wire.ts';
import type { RequestOptions } from '../exchange.ts';

/** Fields that are ours in both dialects. */
const ours: ReadonlySet<string> = new Set([
  'litellm_metadata',
  'tags',
  'fallbacks',
  'disable_fallbacks',
  'num_retries',
  'timeout',
  'stream_timeout',
  'mock_response',
  'drop_params',
  'cache',
  'caching',
  'ttl',
  'no-log',
  'guardrails',
  'litellm_session_id',
  'litellm_trace_id',
]);

/** OpenAI's `metadata` is the gateway's (as at LiteLLM), unless the answer is to be stored with it; Anthropic's is Anthropic's. */
const oursInOpenAi: ReadonlySet<string> = new Set([...ours, 'metadata']);

/** Fields that would let a client choose where its request goes: refused, so that a key cannot carry the gateway's traffic away. */
const refused: ReadonlySet<string> = new Set([
  'api_key',
  'api_base',
  'base_url',
  'api_version',
  'user_config',
  'model_list',
]);

/** Takes a body and its dialect; returns the fields of it that stay here. */
export function consumedFields(body: JsonObject, dialect: string): readonly string[] {
  const mine = dialect === 'openai' && body.store !== true ? oursInOpenAi : ours;
  return Object.keys(body).filter((field) => mine.has(field));
}

/** Takes a request and its body; returns the options. Throws field_invalid, field_unsupported or header_invalid. */
export function readOptions(arrived: Arrived, body: JsonObject): RequestOptions {
  for (const field in body) {
    if (refused.has(field)) {
      throw new GatewayError('field_unsupported', {
        message: `${field} may not be chosen by a request; set it on the deployment`,
        field,
      });
    }
  }
  const metadata = isObject(body.litellm_metadata)
    ? body.litellm_metadata
    : isObject(body.metadata)
      ? body.metadata
      : nothing;
  const fallbacks = body.fallbacks === undefined ? null : namesOf(body.fallbacks, 'fallbacks');
  return {
    tags: tagsOf(arrived, body, metadata),
    session:
      textOf(body.litellm_session_id) ?? textOf(metadata.session_id) ?? header(arrived, 'x-litellm-session-id') ?? null,
    endUser: textOf(body.user) ?? textOf(metadata.user_id) ?? null,
    retries: wholeNumber(body.num_retries, 'num_retries') ?? headerNumber(arrived, 'x-litellm-num-retries'),
    timeoutMs: seconds(body.timeout, 'timeout') ?? headerSeconds(arrived, 'x-litellm-timeout'),
    streamTimeoutMs:
      seconds(body.stream_timeout, 'stream_timeout') ?? headerSeconds(arrived, 'x-litellm-stream-timeout'),
    fallbacks,
    fallbacksOff: body.disable_fallbacks === true,
    dropParameters: typeof body.drop_params === 'boolean' ? body.drop_params : null,
    mockResponse: textOf(body.mock_response) ?? null,
  };
}

const nothing: JsonObject = {};
const none: readonly string[] = [];

function tagsOf(arrived: Arrived, body: JsonObject, metadata: JsonObject): readonly string[] {
  const listed = header(arrived, 'x-litellm-tags');
  if (listed === undefined && body.tags === undefined && metadata.tags === undefined) return none;
  const inHeader = listed?.split(',').map((tag) => tag.trim()) ?? [];
  const all = [...listOf(body.tags), ...listOf(metadata.tags), ...inHeader];
  return [...new Set(all.filter((tag) => typeof tag === 'string' && tag !== ''))].map(String);
}

/** Takes a list of names, or of objects with `model`; returns the names. */
function namesOf(value: unknown, field: string): string[] {
  const names = listOf(value).map((entry) => (isObject(entry) ? textOf(entry.model) : textOf(entry)));
  if (!Array.isArray(value) || names.some((name) => name === undefined)) {
    throw new GatewayError('field_invalid', { message: `${field} must be a list of model names`, field });
  }
  if (listOf(value).some((entry) => isObject(entry) && Object.keys(entry).length > 1)) {
    throw new GatewayError('field_unsupported', { message: `${field} may name models, not change the request`, field });
  }
  return names.filter((name) => name !== undefined);
}

const mostRetries = 100;

function wholeNumber(value: unknown, field: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostRetries) return value;
  throw new GatewayError('field_invalid', {
    message: `${field} must be a whole number from 0 to ${mostRetries}`,
    field,
  });
}

function seconds(value: unknown, field: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value > 0) return value * 1000;
  throw new GatewayError('field_invalid', { message: `${field} must be a number of seconds above 0`, field });
}

function headerNumber(arrived: Arrived, name: string): number | null {
  const text = header(arrived, name);
  if (text === undefined) return null;
  if (/^\d{1,3}$/.test(text) && Number(text) <= mostRetries) return Number(text);
  throw new GatewayError('header_invalid', {
    message: `${name} must be a whole number to ${mostRetries}`,
    field: name,
  });
}

function headerSeconds(arrived: Arrived, name: string): number | null {
  const text = header(arrived, name);
  if (text === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text) * 1000;
  throw new GatewayError('header_invalid', { message: `${name} must be a number of seconds above 0`, field: name });
}
