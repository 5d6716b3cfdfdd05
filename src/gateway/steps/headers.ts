// The response headers clients of LiteLLM rely on (contracts 10.1), and our own. Invariant: no value can end its line.
import type { Answer } from '../attempt.ts';
import type { Parts, Resolved } from '../exchange.ts';
import type { Target } from '../target.ts';
import type { Trail } from '../trail.ts';

/**
 * Takes an answer and its cost in US dollars (null: not known yet, or never); returns the headers of the reply as they go out. One
 * text, because twenty headers told one by one cost more than routing the request.
 */
export function replyLines(asked: Resolved, answer: Answer, cost: number | null, parts: Parts, trail: Trail): string {
  const { id, callId } = asked.arrived;
  const { totalMs, overheadMs } = trail.times();
  const { attempts } = trail;
  const overhead = thousandths(overheadMs);
  let lines = `${standing(answer.target, parts.version)}x-litellm-call-id: ${callId}\r
x-litellm-model-group: ${headerText(trail.group ?? asked.model)}\r
x-litellm-attempted-retries: ${Math.max(0, attempts - 1)}\r
x-litellm-attempted-fallbacks: ${trail.fallbacks}\r
x-litellm-response-duration-ms: ${thousandths(totalMs)}\r
x-litellm-overhead-duration-ms: ${overhead}\r
x-plumbline-request-id: ${id}\r
x-plumbline-attempts: ${attempts}\r
x-plumbline-overhead-ms: ${overhead}\r
`;
  if (cost !== null) lines += `x-litellm-response-cost: ${cost}\r\nx-plumbline-cost: ${cost}\r\n`;
  if (trail.dropped.length > 0) lines += `x-plumbline-dropped-parameters: ${namesIn(trail.dropped)}\r\n`;
  for (const name in answer.headers) {
    if (!name.startsWith('x-ratelimit-')) continue;
    const value = headerText(answer.headers[name] ?? '');
    lines += `${name}: ${value}\r\nllm_provider-${name}: ${value}\r\n`;
  }
  return lines;
}

/** What is the same in every answer of a deployment. */
const told = new WeakMap<Target, string>();

function standing(target: Target, version: string): string {
  const known = told.get(target);
  if (known !== undefined) return known;
  const deployment = headerText(target.record.id);
  const lines = [
    `x-litellm-model-id: ${deployment}`,
    `x-litellm-model-api-base: ${headerText(target.shownAddress)}`,
    `x-litellm-version: ${version}`,
    `x-plumbline-deployment: ${deployment}`,
    '',
  ].join('\r\n');
  told.set(target, lines);
  return lines;
}

/** Milliseconds with three decimals. */
function thousandths(ms: number): string {
  const all = Math.round(ms * 1000);
  const whole = Math.floor(all / 1000);
  return `${whole}.${String(all - whole * 1000).padStart(3, '0')}`;
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
