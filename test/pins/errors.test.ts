import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, GatewayError } from '../../src/core/errors.ts';
import { anthropic } from '../../src/gateway/dialects/anthropic.ts';
import { openai } from '../../src/gateway/dialects/openai.ts';

/** Code, status, type, what the next try may do, LiteLLM's kind. Others rely on these: a red pin is told in changes/, not loosened. */
const pinned = [
  ['body_not_json', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_not_utf8', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_not_object', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_empty', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_duplicate_field', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_too_deep', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_too_large', 413, 'invalid_request_error', 'never', 'BadRequestError'],
  ['body_encoding_unsupported', 415, 'invalid_request_error', 'never', 'BadRequestError'],
  ['field_missing', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['field_invalid', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['field_unsupported', 400, 'invalid_request_error', 'elsewhere', 'BadRequestError'],
  ['dialect_wrong', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['header_invalid', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['route_unknown', 404, 'not_found_error', 'never', 'BadRequestError'],
  ['method_not_allowed', 405, 'invalid_request_error', 'never', 'BadRequestError'],
  ['model_unknown', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['model_not_found', 404, 'not_found_error', 'never', 'BadRequestError'],
  ['model_forbidden', 401, 'key_model_access_denied', 'never', 'AuthenticationError'],
  ['operation_unsupported', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['tags_unmatched', 401, 'auth_error', 'never', 'AuthenticationError'],
  ['key_missing', 401, 'auth_error', 'never', 'AuthenticationError'],
  ['key_malformed', 401, 'auth_error', 'never', 'AuthenticationError'],
  ['key_invalid', 401, 'token_not_found_in_db', 'never', 'AuthenticationError'],
  ['key_expired', 400, 'expired_key', 'never', 'AuthenticationError'],
  ['key_blocked', 401, 'auth_error', 'never', 'AuthenticationError'],
  ['key_not_found', 404, 'not_found_error', 'never', 'BadRequestError'],
  ['owned_elsewhere', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['credential_not_found', 404, 'not_found_error', 'never', 'BadRequestError'],
  ['key_exists', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['route_forbidden', 401, 'auth_error', 'never', 'AuthenticationError'],
  ['info_forbidden', 403, 'auth_error', 'never', 'AuthenticationError'],
  ['identity_unavailable', 503, 'api_error', 'again', 'InternalServerError'],
  ['store_unavailable', 503, 'api_error', 'again', 'InternalServerError'],
  ['table_missing', 503, 'api_error', 'again', 'InternalServerError'],
  ['report_too_large', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['feature_unavailable', 501, 'invalid_request_error', 'never', 'BadRequestError'],
  ['draining', 503, 'api_error', 'again', 'InternalServerError'],
  ['deployments_resting', 429, 'throttling_error', 'never', 'RateLimitError'],
  ['upstream_bad_request', 400, 'invalid_request_error', 'elsewhere', 'BadRequestError'],
  ['upstream_context_window', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['upstream_content_policy', 400, 'invalid_request_error', 'never', 'ContentPolicyViolationError'],
  ['upstream_unauthorized', 401, 'auth_error', 'elsewhere', 'AuthenticationError'],
  ['upstream_forbidden', 403, 'permission_error', 'elsewhere', 'AuthenticationError'],
  ['upstream_not_found', 404, 'not_found_error', 'elsewhere', 'BadRequestError'],
  ['upstream_timeout', 408, 'timeout_error', 'again', 'TimeoutError'],
  ['upstream_unprocessable', 422, 'invalid_request_error', 'elsewhere', 'BadRequestError'],
  ['upstream_busy', 429, 'throttling_error', 'again', 'RateLimitError'],
  ['upstream_failed', 500, 'api_error', 'again', 'InternalServerError'],
  ['upstream_unreachable', 500, 'api_error', 'again', 'InternalServerError'],
  ['upstream_bad_gateway', 502, 'api_error', 'again', 'InternalServerError'],
  ['upstream_unavailable', 503, 'api_error', 'again', 'InternalServerError'],
  ['upstream_garbled', 502, 'api_error', 'again', 'InternalServerError'],
  ['upstream_cut', 502, 'api_error', 'again', 'InternalServerError'],
  ['upstream_too_large', 502, 'api_error', 'elsewhere', 'InternalServerError'],
  ['request_malformed', 400, 'invalid_request_error', 'never', 'BadRequestError'],
  ['request_too_slow', 408, 'timeout_error', 'never', 'BadRequestError'],
  ['headers_too_large', 431, 'invalid_request_error', 'never', 'BadRequestError'],
  ['client_gone', 499, 'invalid_request_error', 'never', 'BadRequestError'],
  ['internal', 500, 'api_error', 'never', 'InternalServerError'],
] as const;

test('every error keeps its code, status, type, retry and kind', () => {
  const actual = Object.entries(errors).map(([code, row]) => [code, row.status, row.type, row.retry, row.kind]);
  assert.deepEqual(actual.toSorted(), pinned.toSorted());
});

const busy = new GatewayError('upstream_busy', { message: 'try later', field: 'model' });

test("an error body keeps OpenAI's shape for OpenAI's clients", () => {
  assert.deepEqual(openai.encodeError(busy, 'r-1'), {
    error: {
      message: 'The provider is limiting the rate: try later',
      type: 'throttling_error',
      param: 'model',
      code: '429',
      reason: 'upstream_busy',
      request_id: 'r-1',
    },
  });
});

test("an error body keeps Anthropic's shape for Anthropic's clients", () => {
  assert.deepEqual(anthropic.encodeError(busy, 'r-1'), {
    type: 'error',
    error: { type: 'rate_limit_error', message: 'The provider is limiting the rate: try later' },
    request_id: 'r-1',
  });
});

test('an error inside a stream keeps the shape by which clients notice it', () => {
  const gone = new GatewayError('upstream_cut');
  assert.equal(
    openai.streamError(gone, 'r-1'),
    'data: {"error":{"message":"The answer of the provider ended before it was complete","type":"api_error",' +
      '"param":null,"code":"502","reason":"upstream_cut","request_id":"r-1"}}\n\n',
  );
  assert.equal(
    anthropic.streamError(gone, 'r-1'),
    'event: error\ndata: {"type":"error","error":{"type":"api_error",' +
      '"message":"The answer of the provider ended before it was complete"},"request_id":"r-1"}\n\n',
  );
});
