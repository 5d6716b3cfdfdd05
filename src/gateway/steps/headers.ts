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
  const overhead = thousandths(overheadMs);
  let lines = `${standing(answer.target, asked.model, parts.version, trail)}x-litellm-call-id: ${callId}\r
x-litellm-response-duration-ms: ${thousandths(totalMs)}\r
x-litellm-overhead-duration-ms: ${overhead}\r
x-plumbline-overhead-ms: ${overhead}\r
x-plumbline-request-id: ${id}\r
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

/** What a deployment's last answer said of where it came from, and by how many tries. */
interface Standing {
  readonly group: string;
  readonly attempts: number;
  readonly fallbacks: number;
  readonly lines: string;
}

const told = new WeakMap<Target, Standing>();

/** Most answers of a deployment say the same of all that. */
function standing(target: Target, model: string, version: string, trail: Trail): string {
  const { attempts, fallbacks } = trail;
  const group = trail.group ?? model;
  const last = told.get(target);
  if (last?.group === group && last.attempts === attempts && last.fallbacks === fallbacks) return last.lines;
  const deployment = headerText(target.record.id);
  const lines = [
    `x-litellm-model-id: ${deployment}`,
    `x-litellm-model-api-base: ${headerText(target.shownAddress)}`,
    `x-litellm-version: ${version}`,
    `x-plumbline-deployment: ${deployment}`,
    `x-litellm-model-group: ${headerText(group)}`,
    `x-litellm-attempted-retries: ${Math.max(0, attempts - 1)}`,
    `x-litellm-attempted-fallbacks: ${fallbacks}`,
    `x-plumbline-attempts: ${attempts}`,
    '',
  ].join('\r\n');
  told.set(target, { group, attempts, fallbacks, lines });
  return lines;
}

/** Milliseconds with three decimals. */
function thousandths(ms: number): string {
  const all = Math.round(ms * 1000);
  const whole = Math.floor(all / 1000);
  return `${whole}.${String(all - whole * 1000).padStart(3, '0')}`;
}

const longestText = 256;

/** Takes text of a client, an operator or a provider; returns its beginning as a header can hold it: anything but printable ASCII in percent form. */
function headerText(text: string): string {
  const start = text.length > longestText ? text.slice(0, longestText) : text;
  if (isPrintable(start)) return start;
  return start.toWellFormed().replace(/[^\x20-\x7e]+/g, encodeURIComponent);
}

/** Letter by letter: a regular expression costs more where it is not often asked. */
function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

const mostNames = 20;
const longestList = 1_500;

/** Clients refuse headers beyond a few KB, so of many names the first are listed and the rest counted. */
function namesIn(names: readonly string[]): string {
  const listed = names.slice(0, mostNames).map(headerText).join(', ').slice(0, longestList);
  return names.length > mostNames ? `${listed} and ${names.length - mostNames} more` : listed;
}
