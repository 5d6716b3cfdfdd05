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
  const deployment = headerText(answer.target.record.id);
  const overhead = overheadMs.toFixed(3);
  const headers: Record<string, string> = {
    'x-litellm-call-id': callId,
    'x-litellm-model-id': deployment,
    'x-litellm-model-api-base': answer.target.shownAddress,
    'x-litellm-model-group': headerText(trail.group ?? asked.model),
    'x-litellm-version': parts.version,
    'x-litellm-attempted-retries': String(Math.max(0, trail.attempts - 1)),
    'x-litellm-attempted-fallbacks': String(trail.fallbacks),
    'x-litellm-response-duration-ms': totalMs.toFixed(3),
    'x-litellm-overhead-duration-ms': overhead,
    'x-plumbline-request-id': id,
    'x-plumbline-deployment': deployment,
    'x-plumbline-attempts': attempts,
    'x-plumbline-overhead-ms': overhead,
  };
  if (cost !== null) {
    headers['x-litellm-response-cost'] = String(cost);
    headers['x-plumbline-cost'] = String(cost);
  }
  if (trail.dropped.length > 0) headers['x-plumbline-dropped-parameters'] = namesIn(trail.dropped);
  for (const name in answer.headers) {
    if (name.startsWith('x-ratelimit-'))
      headers[name] = headers[`llm_provider-${name}`] = headerText(answer.headers[name] ?? '');
  }
  return headers;
}

const longestText = 256;
const beyondHeaders = /[^\x20-\x7e]/;

/** Takes text of a client, an operator or a provider; returns its beginning as a header can hold it: anything but printable ASCII in percent form. */
function headerText(text: string): string {
  const start = text.length > longestText ? text.slice(0, longestText) : text;
  if (!beyondHeaders.test(start)) return start;
  return start.toWellFormed().replace(/[^\x20-\x7e]+/g, encodeURIComponent);
}

const mostNames = 20;
const longestList = 1_500;

/** Clients refuse headers beyond a few KB, so of many names the first are listed and the rest counted. */
function namesIn(names: readonly string[]): string {
  const listed = names.slice(0, mostNames).map(headerText).join(', ').slice(0, longestList);
  return names.length > mostNames ? `${listed} and ${names.length - mostNames} more` : listed;
}
