// What a provider's refusal means in our codes. The provider's own sentence goes on to the client, shortened and with
// everything that looks like a credential masked; its body never does.
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../core/json.ts';
import { retryAfterMs } from './retry-after.ts';

const longestMessage = 1_000;

/** Statuses that mean one thing at every provider; what is not here falls to its hundred. */
const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'upstream_unauthorized',
  402: 'upstream_forbidden',
  403: 'upstream_forbidden',
  404: 'upstream_not_found',
  405: 'upstream_not_found',
  408: 'upstream_timeout',
  409: 'upstream_failed',
  410: 'upstream_not_found',
  422: 'upstream_unprocessable',
  424: 'upstream_failed',
  425: 'upstream_unavailable',
  429: 'upstream_busy',
  451: 'upstream_content_policy',
  498: 'upstream_unavailable',
  502: 'upstream_bad_gateway',
  503: 'upstream_unavailable',
  504: 'upstream_timeout',
  520: 'upstream_bad_gateway',
  521: 'upstream_bad_gateway',
  522: 'upstream_bad_gateway',
  523: 'upstream_bad_gateway',
  524: 'upstream_timeout',
  525: 'upstream_bad_gateway',
  526: 'upstream_bad_gateway',
  529: 'upstream_unavailable',
};

/** Statuses whose wording may say more than the status does. */
const wordingCounts: ReadonlySet<number> = new Set([400, 403, 413, 422, 500]);

/** How the vendors say that a prompt is too long, in lower case. */
const contextWindowWords: readonly string[] = [
  'context_length_exceeded',
  'maximum context length',
  'maximum context limit',
  "longer than the model's context length",
  'exceeds the context window',
  'exceed the configured limit',
  'reduce the length of the messages',
  'reduce the length of the prompt',
  'reduce your prompt',
  'string too long. expected a string with maximum length',
  'prompt is too long',
  'exceed context limit',
  'exceeds the maximum number of tokens',
  'input is too long for requested model',
  'too many input tokens',
  'too many tokens:',
  'too large for model with',
  'max_new_tokens` must be <=',
  'exceed_context_size',
  'exceeds the available context size',
  'exceeds the context length',
  'exceeds context length',
  'greater than the context length',
  'context the overflows',
  'maximum prompt length',
  'exceeded model token limit',
  'exceeds max length',
  'range of input length should be',
  'must have less than',
];

/** How the vendors say that the content was refused, in lower case. */
const contentPolicyWords: readonly string[] = [
  'content_policy',
  'content policy',
  'content_filter',
  'content filtering policy',
  'content management policy',
  'contentfilter',
  'responsibleaipolicyviolation',
  'our safety system',
  'violating our usage policy',
  'violates usage guidelines',
  'requires moderation',
  'data_inspection_failed',
  'datainspectionfailed',
  'inappropriate content',
  'content exists risk',
  'considered high risk',
  'prohibited_content',
  'unsafe or sensitive content',
];

/** LiteLLM's class of a failure: its clients look for these names in the message (contracts section 10.2). */
const classByCode: Readonly<Partial<Record<ErrorCode, string>>> = {
  upstream_bad_request: 'BadRequestError',
  upstream_context_window: 'ContextWindowExceededError',
  upstream_content_policy: 'ContentPolicyViolationError',
  upstream_unauthorized: 'AuthenticationError',
  upstream_forbidden: 'PermissionDeniedError',
  upstream_not_found: 'NotFoundError',
  upstream_timeout: 'Timeout',
  upstream_unprocessable: 'UnprocessableEntityError',
  upstream_busy: 'RateLimitError',
  upstream_failed: 'InternalServerError',
  upstream_bad_gateway: 'BadGatewayError',
  upstream_unavailable: 'ServiceUnavailableError',
  upstream_garbled: 'APIError',
};

/** What an error inside a stream calls itself → the status it would have had as an answer. */
const statusByType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  bad_request_error: 400,
  context_length_exceeded: 400,
  content_filter: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  permission_denied_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  too_many_requests: 429,
  overloaded_error: 529,
  service_unavailable_error: 503,
  timeout_error: 504,
};

/**
 * Takes the provider's name and its refusal: status, headers (lower case) and text. Returns the failure in our codes, with
 * the provider's sentence in LiteLLM's form and the wait it asks for.
 */
export function upstreamFailure(
  provider: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): GatewayError {
  const parsed = jsonOf(body);
  const sentence = sentenceOf(parsed) ?? plainText(body) ?? `status ${status}`;
  const code = codeOf(status, `${sentence} ${namesIn(parsed)}`.toLowerCase());
  const wait = retryAfterMs(status, headers, parsed);
  return new GatewayError(code, {
    sentence: worded(provider, code, sentence),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

/** Takes the provider's name and the error a stream carried (an object or a text); returns the failure in our codes. */
export function failureInStream(provider: string, error: JsonValue): GatewayError {
  const body = JSON.stringify(isObject(error) && error.error !== undefined ? error : { error });
  return upstreamFailure(provider, statusInStream(error), {}, body);
}

/** Takes the provider's name and what was wrong with its answer; returns upstream_garbled. */
export function garbled(provider: string, what: string): GatewayError {
  return new GatewayError('upstream_garbled', { sentence: worded(provider, 'upstream_garbled', what) });
}

/** Takes text of a provider; returns it with everything that looks like a key replaced by `[masked]`. */
export function maskCredentials(text: string): string {
  return text
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=*-]{6,}/gi, '$1 [masked]')
    .replace(/\bAIza[\w*-]{8,}/g, '[masked]')
    .replace(/\b(?:sk|csk|pk|pplx|xai|nvapi|pa)-[\w*-]{8,}/gi, '[masked]')
    .replace(/\b(?:gsk|hf|r8|fw|jina|tgp|ghp|github_pat)_[\w*-]{8,}/gi, '[masked]')
    .replace(/\b(api[ _-]?key[^:=\n]{0,24}[:=]\s*["']?)(?=[^\s"']*[\d*])[^\s"',.;)]{6,}/gi, '$1[masked]')
    .replace(/\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{32,}\b/gi, '[masked]');
}

function codeOf(status: number, text: string): ErrorCode {
  if (wordingCounts.has(status)) {
    if (status === 413 && text.includes('rate_limit_exceeded')) return 'upstream_busy';
    if (contentPolicyWords.some((words) => text.includes(words))) return 'upstream_content_policy';
    if (contextWindowWords.some((words) => text.includes(words))) return 'upstream_context_window';
  }
  return codeByStatus[status] ?? codeByHundred(status);
}

/** What a refusal calls itself (code, type, status); never what it echoes of the request. */
function namesIn(body: JsonValue | undefined): string {
  const outer = Array.isArray(body) ? body[0] : body;
  if (!isObject(outer)) return '';
  const error = isObject(outer.error) ? outer.error : outer;
  const inner = isObject(error.innererror) ? error.innererror : {};
  return [error.code, error.type, error.status, inner.code].filter((name) => typeof name === 'string').join(' ');
}

function codeByHundred(status: number): ErrorCode {
  if (status >= 500) return 'upstream_failed';
  if (status >= 400) return 'upstream_bad_request';
  return status >= 300 ? 'upstream_not_found' : 'upstream_garbled';
}

function worded(provider: string, code: ErrorCode, sentence: string): string {
  const name = classByCode[code] ?? 'APIError';
  const who = provider === 'openai' ? 'OpenAI' : provider.charAt(0).toUpperCase() + provider.slice(1);
  const text = maskCredentials(sentence.slice(0, 4 * longestMessage)).slice(0, longestMessage);
  return `litellm.${name}: ${name}: ${who}Exception - ${text}`;
}

function statusInStream(error: JsonValue): number {
  const inner = isObject(error) && isObject(error.error) ? error.error : error;
  if (!isObject(inner)) return 500;
  for (const field of [inner.code, inner.status_code, inner.status]) {
    const status = Number(field);
    if (status >= 400 && status <= 599) return status;
  }
  return statusByType[textOf(inner.type) ?? ''] ?? statusByType[textOf(inner.code) ?? ''] ?? 500;
}

function jsonOf(body: string): JsonValue | undefined {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    // A refusal need not be JSON: proxies in front of providers answer in HTML or plain text.
    return undefined;
  }
}

/** The sentence of a refusal, wherever this vendor keeps it; undefined when there is none. */
function sentenceOf(body: JsonValue | undefined): string | undefined {
  if (Array.isArray(body)) return sentenceOf(body[0]);
  if (typeof body === 'string') return body === '' ? undefined : body;
  if (!isObject(body)) return undefined;
  const found =
    sentenceOfError(body.error) ??
    filled(body.message) ??
    sentenceOfDetail(body.detail) ??
    filled(body.error_message) ??
    filled(body.msg) ??
    sentenceOf(listOf(body.errors)[0]);
  return found ?? (isObject(body.message) ? sentenceOf(body.message) : undefined);
}

function sentenceOfError(error: JsonValue | undefined): string | undefined {
  if (!isObject(error)) return filled(error);
  const message =
    filled(error.message) ?? sentenceOf(error.message) ?? sentenceOfDetail(error.detail) ?? filled(error.code);
  const raw = isObject(error.metadata) ? filled(error.metadata.raw) : undefined;
  return raw === undefined ? message : `${message ?? ''}: ${sentenceOf(jsonOf(raw)) ?? raw}`;
}

/** FastAPI's `detail`: a text, or a list of { loc, msg }. */
function sentenceOfDetail(detail: JsonValue | undefined): string | undefined {
  if (isObject(detail)) return sentenceOf(detail);
  if (!Array.isArray(detail)) return filled(detail);
  const parts = detail.filter(isObject).map(sentenceOfComplaint);
  return parts.length === 0 ? undefined : parts.join('; ');
}

function sentenceOfComplaint(complaint: JsonObject): string {
  const where = listOf(complaint.loc).filter((step) => textOf(step) ?? numberOf(step) !== undefined);
  return `${where.join('.')}: ${textOf(complaint.msg) ?? 'invalid'}`;
}

function filled(value: JsonValue | undefined): string | undefined {
  const text = textOf(value)?.trim();
  return text === '' ? undefined : text;
}

/** A body that is not JSON: its words without markup, or undefined when nothing is left. */
function plainText(body: string): string | undefined {
  const start = body.slice(0, 4 * longestMessage);
  const text = start
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  return filled(text);
}
