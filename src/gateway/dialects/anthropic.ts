// Anthropic's Messages dialect: what a client of api.anthropic.com asks, is answered and is told of failures.
// Each direction has its own file; this one joins them and writes errors.
import type { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { writeEvent } from '../../kit/sse.ts';
import { encodeMessage } from './anthropic-answer.ts';
import { anthropicEncoder } from './anthropic-encoder.ts';
import { decodeRequest } from './anthropic-request.ts';
import type { Dialect } from './dialect.ts';

export const anthropic: Dialect = {
  name: 'anthropic',
  decode: (body: JsonObject, dropped: string[] = []) => decodeRequest(body, dropped),
  encode: encodeMessage,
  encoder: anthropicEncoder,
  encodeError,
  streamError: (error, requestId) => writeEvent(JSON.stringify(encodeError(error, requestId)), 'error'),
  ping: 'event: ping\ndata: {"type": "ping"}\n\n',
};

/** https://docs.anthropic.com/en/api/errors; a status that is not listed is theirs for a request or for a failure. */
const errorTypes: Readonly<Record<number, string>> = {
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
};

function encodeError(error: GatewayError, requestId: string): JsonObject {
  return { type: 'error', error: { type: errorType(error), message: error.message }, request_id: requestId };
}

function errorType(error: GatewayError): string {
  if (error.code === 'upstream_unavailable' || error.code === 'draining') return 'overloaded_error';
  if (error.kind === 'AuthenticationError' && error.status !== 403) return 'authentication_error';
  return errorTypes[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error');
}
