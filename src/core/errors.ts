// Every way to fail, in one table. Codes are forever: pinned, documented, never reused.
// `type` is what LiteLLM's clients see in error.type; statuses are LiteLLM's (docs/litellm-differences.md names the exceptions).

/** What a failed try means for the next: give up, try another deployment, or try again (this one or another). */
export type Retry = 'never' | 'elsewhere' | 'again';

/** The classes LiteLLM's retry_policy and allowed_fails_policy speak of. */
export type FailureKind =
  | 'BadRequestError'
  | 'AuthenticationError'
  | 'TimeoutError'
  | 'RateLimitError'
  | 'ContentPolicyViolationError'
  | 'InternalServerError';

interface ErrorRow {
  readonly status: number;
  readonly type: string;
  readonly retry: Retry;
  readonly kind: FailureKind;
  readonly says: string;
}

const asked = { type: 'invalid_request_error', retry: 'never', kind: 'BadRequestError' } as const;
const denied = { type: 'auth_error', retry: 'never', kind: 'AuthenticationError' } as const;
const broken = { type: 'api_error', retry: 'again', kind: 'InternalServerError' } as const;

export const errors = {
  body_not_json: { ...asked, status: 400, says: 'The request body is not valid JSON' },
  body_not_utf8: { ...asked, status: 400, says: 'The request body is not valid UTF-8' },
  body_not_object: { ...asked, status: 400, says: 'The request body must be a JSON object' },
  body_empty: { ...asked, status: 400, says: 'The request body is empty; send a JSON object' },
  body_duplicate_field: { ...asked, status: 400, says: 'A field of the request body is given twice' },
  body_too_deep: { ...asked, status: 400, says: 'The request body is nested too deeply' },
  body_too_large: { ...asked, status: 413, says: 'The request body is too large' },
  body_encoding_unsupported: { ...asked, status: 415, says: 'The content-encoding of the request is not supported' },
  field_missing: { ...asked, status: 400, says: 'A required field is missing' },
  field_invalid: { ...asked, status: 400, says: 'A field has an invalid value' },
  field_unsupported: { ...asked, status: 400, retry: 'elsewhere', says: 'The provider does not support a parameter' },
  dialect_wrong: { ...asked, status: 400, says: 'The body is in another dialect than the route' },
  header_invalid: { ...asked, status: 400, says: 'A request header has an invalid value' },
  request_malformed: { ...asked, status: 400, says: 'The request cannot be read as HTTP' },
  request_too_slow: { ...asked, status: 408, type: 'timeout_error', says: 'The request did not arrive in time' },
  headers_too_large: { ...asked, status: 431, says: 'The request headers are too large' },
  route_unknown: { ...asked, status: 404, type: 'not_found_error', says: 'There is no such route' },
  method_not_allowed: { ...asked, status: 405, says: 'The route does not take this method' },
  model_unknown: { ...asked, status: 400, says: 'Invalid model name passed' },
  model_not_found: { ...asked, status: 404, type: 'not_found_error', says: 'There is no such model' },
  model_forbidden: {
    ...denied,
    status: 401,
    type: 'key_model_access_denied',
    says: 'key not allowed to access model',
  },
  operation_unsupported: { ...asked, status: 400, says: 'The model cannot serve this kind of request' },
  tags_unmatched: { ...denied, status: 401, says: 'Not allowed to access model due to tags configuration' },
  key_missing: { ...denied, status: 401, says: 'Authentication Error, No api key passed in' },
  key_malformed: { ...denied, status: 401, says: 'Authentication Error, LiteLLM Virtual Key expected' },
  key_invalid: {
    ...denied,
    status: 401,
    type: 'token_not_found_in_db',
    says: 'Authentication Error, Invalid proxy server token passed',
  },
  key_expired: { ...denied, status: 400, type: 'expired_key', says: 'Authentication Error - Expired Key' },
  key_blocked: { ...denied, status: 401, says: 'Authentication Error, Key is blocked' },
  key_not_found: { ...asked, status: 404, type: 'not_found_error', says: 'Key not found in database' },
  owned_elsewhere: { ...asked, status: 400, says: 'Its owner would undo this change' },
  credential_not_found: { ...asked, status: 404, type: 'not_found_error', says: 'There is no such credential' },
  key_exists: { ...asked, status: 400, says: 'A key with this alias or secret exists already' },
  route_forbidden: {
    ...denied,
    status: 401,
    says: 'Authentication Error, Only proxy admin can be used to call this route',
  },
  info_forbidden: { ...denied, status: 403, says: 'A key may look at itself, not at others' },
  identity_unavailable: {
    ...broken,
    status: 503,
    says: 'The database is away, so this key cannot be looked up; known keys are still served',
  },
  store_unavailable: { ...broken, status: 503, says: 'The database is away' },
  table_missing: { ...broken, status: 503, says: 'A table of the database is missing' },
  report_too_large: { ...asked, status: 400, says: 'The report covers too much' },
  feature_unavailable: { ...asked, status: 501, says: 'This is understood but not built yet' },
  draining: { ...broken, status: 503, says: 'The gateway is shutting down' },
  deployments_resting: {
    ...broken,
    status: 429,
    type: 'throttling_error',
    retry: 'never',
    kind: 'RateLimitError',
    says: 'No deployments available for selected model',
  },
  upstream_bad_request: { ...asked, status: 400, retry: 'elsewhere', says: 'The provider refused the request' },
  upstream_context_window: { ...asked, status: 400, says: 'The prompt does not fit the context window of the model' },
  upstream_content_policy: {
    ...asked,
    status: 400,
    kind: 'ContentPolicyViolationError',
    says: 'The provider refused the content',
  },
  upstream_unauthorized: {
    ...denied,
    status: 401,
    retry: 'elsewhere',
    says: "The provider refused the gateway's credential",
  },
  upstream_forbidden: {
    ...denied,
    status: 403,
    type: 'permission_error',
    retry: 'elsewhere',
    says: "The provider forbids this to the gateway's credential",
  },
  upstream_not_found: {
    ...asked,
    status: 404,
    type: 'not_found_error',
    retry: 'elsewhere',
    says: 'The provider does not know the model or route',
  },
  upstream_timeout: {
    ...broken,
    status: 408,
    type: 'timeout_error',
    kind: 'TimeoutError',
    says: 'The provider took too long',
  },
  upstream_unprocessable: {
    ...asked,
    status: 422,
    retry: 'elsewhere',
    says: 'The provider could not process the request',
  },
  upstream_busy: {
    ...broken,
    status: 429,
    type: 'throttling_error',
    kind: 'RateLimitError',
    says: 'The provider is limiting the rate',
  },
  upstream_failed: { ...broken, status: 500, says: 'The provider failed' },
  upstream_unreachable: { ...broken, status: 500, says: 'The provider could not be reached' },
  upstream_bad_gateway: { ...broken, status: 502, says: 'A gateway in front of the provider failed' },
  upstream_unavailable: { ...broken, status: 503, says: 'The provider is unavailable' },
  upstream_garbled: { ...broken, status: 502, says: 'The answer of the provider could not be understood' },
  upstream_cut: { ...broken, status: 502, says: 'The answer of the provider ended before it was complete' },
  upstream_too_large: { ...broken, status: 502, retry: 'elsewhere', says: 'The answer of the provider is too large' },
  client_gone: { ...asked, status: 499, says: 'The client went away' },
  internal: { ...broken, status: 500, retry: 'never', says: 'Something went wrong in the gateway' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errors;

export interface ErrorDetails {
  /** The sentence for the client, after `says`: what is wrong and how to mend it. Never a secret, a stack or a path. */
  readonly message?: string;
  /** The whole sentence for the client, in place of `says`. */
  readonly sentence?: string;
  /** The field of the request at fault. */
  readonly field?: string;
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** For the log only. */
  readonly cause?: unknown;
}

/** A failure that may cross the wire. Anything else that is thrown is a bug in us and ends as `internal`. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { message, sentence, cause } = details;
    super(sentence ?? (message === undefined ? errors[code].says : `${errors[code].says}: ${message}`), { cause });
    this.name = 'GatewayError';
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
  }

  get status(): number {
    return errors[this.code].status;
  }

  get type(): string {
    return errors[this.code].type;
  }

  get retry(): Retry {
    return errors[this.code].retry;
  }

  get kind(): FailureKind {
    return errors[this.code].kind;
  }

  /** Takes anything thrown; returns it as a GatewayError, `internal` when it is not one. */
  static from(thrown: unknown): GatewayError {
    return thrown instanceof GatewayError ? thrown : new GatewayError('internal', { cause: thrown });
  }
}
