// The response headers clients of LiteLLM rely on (contracts 10.1), and our own.
import type { Answer } from '../attempt.ts';
import type { Parts, Resolved } from '../exchange.ts';
import type { Trail } from '../trail.ts';

/** Takes an answer and its cost in US dollars (null: not known yet, or never); returns the headers of the reply. */
export function replyHeaders(
  asked: Resolved,
  answer: Answer,
  cost: number | null,
  parts: Parts,
  trail: Trail,
): Record<string, string> {
  const { id, callId } = asked.arrived;
  const { totalMs, overheadMs } = trail.times();
  const attempts = String(trail.attempts);
  const overhead = overheadMs.toFixed(3);
  const headers: Record<string, string> = {
    'x-litellm-call-id': callId,
    'x-litellm-model-id': answer.target.record.id,
    'x-litellm-model-api-base': answer.target.upstream.baseUrl,
    'x-litellm-model-group': trail.group ?? asked.model,
    'x-litellm-version': parts.version,
    'x-litellm-attempted-retries': String(Math.max(0, trail.attempts - 1)),
    'x-litellm-attempted-fallbacks': String(trail.fallbacks),
    'x-litellm-response-duration-ms': totalMs.toFixed(3),
    'x-litellm-overhead-duration-ms': overhead,
    'x-plumbline-request-id': id,
    'x-plumbline-deployment': answer.target.record.id,
    'x-plumbline-attempts': attempts,
    'x-plumbline-overhead-ms': overhead,
  };
  if (cost !== null) {
    headers['x-litellm-response-cost'] = String(cost);
    headers['x-plumbline-cost'] = String(cost);
  }
  if (trail.dropped.length > 0) headers['x-plumbline-dropped-parameters'] = trail.dropped.join(', ');
  for (const name in answer.headers) {
    if (name.startsWith('x-ratelimit-')) headers[name] = headers[`llm_provider-${name}`] = answer.headers[name] ?? '';
  }
  return headers;
}
