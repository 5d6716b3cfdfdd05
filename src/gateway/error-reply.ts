// A failure as a whole reply: its status, its headers, and its body in the words of a dialect. Nobody else writes one.
import type { GatewayError } from '../core/errors.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import type { Dialect } from './dialects/dialect.ts';

/** Takes a failure, the dialect it is told in, and the ids of the request; returns the reply. */
export function errorReply(
  error: GatewayError,
  dialect: Dialect,
  { id, callId }: Pick<Arrived, 'id' | 'callId'>,
): Reply & { readonly body: string } {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-litellm-call-id': callId,
    'x-plumbline-request-id': id,
    'x-plumbline-error': error.code,
  };
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000));
  return { status: error.status, headers, body: JSON.stringify(dialect.encodeError(error, id)) };
}
