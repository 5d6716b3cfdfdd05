// How long a provider asks to be left alone. Pure: a date is measured against the answer's own Date header.
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../core/json.ts';

type Headers = Readonly<Record<string, string>>;

/** Statuses that may ask for a wait. */
const waiting: ReadonlySet<number> = new Set([408, 413, 425, 429, 498, 500, 502, 503, 504, 529]);

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Takes a refusal: status, headers (lower case) and parsed body. Returns the wait in milliseconds, or undefined when none is
 * asked for. In order: retry-after-ms (OpenAI), Retry-After (RFC 9110, section 10.2.3), the reset of the limit that is used
 * up, and what the body says (Google's RetryInfo, OpenAI's and Groq's "try again in 7.66s").
 */
export function retryAfterMs(status: number, headers: Headers, body: JsonValue | undefined): number | undefined {
  if (!waiting.has(status)) return undefined;
  const wait =
    positive(headers['retry-after-ms'], 1) ?? retryAfter(headers) ?? resetOfUsedUp(headers) ?? saidInBody(body);
  return wait === undefined ? undefined : Math.max(0, Math.ceil(wait));
}

/** Takes a duration as vendors write it (`20s`, `6m0s`, `1.5s`, `120ms`, `7`); returns milliseconds, or undefined. */
export function durationMs(text: string): number | undefined {
  const plain = positive(text, 1_000);
  if (plain !== undefined) return plain;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0);
}

function positive(text: string | undefined, unit: number): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) * unit : undefined;
}

function retryAfter(headers: Headers): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  return durationMs(text.trim()) ?? untilMs(Date.parse(text), headers);
}

/** Milliseconds from the answer's Date to a moment of the calendar. */
function untilMs(at: number, headers: Headers): number | undefined {
  const now = Date.parse(headers['date'] ?? '');
  return Number.isFinite(at) && Number.isFinite(now) ? Math.max(0, at - now) : undefined;
}

/** The reset of a limit whose remainder is 0 (OpenAI's, Groq's and Anthropic's pairs of headers; OpenRouter's single one). */
function resetOfUsedUp(headers: Headers): number | undefined {
  const waits: number[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!/^(?:anthropic|x)-ratelimit-.*reset/.test(name)) continue;
    if (headers[name.replace('reset', 'remaining')]?.trim() !== '0') continue;
    const wait = resetMs(value.trim(), headers);
    if (wait !== undefined) waits.push(wait);
  }
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** A reset is a duration, or a moment: seconds or milliseconds of the calendar, or an ISO date. */
function resetMs(value: string, headers: Headers): number | undefined {
  const number = positive(value, 1);
  if (number !== undefined && number > 1e12) return untilMs(number, headers);
  if (number !== undefined && number > 1e9) return untilMs(number * 1_000, headers);
  return durationMs(value) ?? untilMs(Date.parse(value), headers);
}

function saidInBody(body: JsonValue | undefined): number | undefined {
  const outer = Array.isArray(body) ? body[0] : body;
  const error = isObject(outer) ? outer.error : undefined;
  if (!isObject(error)) return undefined;
  return retryInfo(error) ?? triedAgain(textOf(error.message) ?? '');
}

function retryInfo(error: JsonObject): number | undefined {
  for (const detail of listOf(error.details)) {
    const delay = isObject(detail) ? textOf(detail.retryDelay) : undefined;
    if (delay !== undefined) return durationMs(delay);
  }
  return undefined;
}

function triedAgain(message: string): number | undefined {
  const said = /try again in ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)/i.exec(message)?.[1];
  return said === undefined ? undefined : durationMs(said);
}
