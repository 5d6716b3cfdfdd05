// A usage report for spreadsheets, as RFC 4180 says. Invariant: what clients wrote (tags, names) stays text: no cell begins
// like a formula.
import type { JsonObject, JsonValue } from '../core/json.ts';

const figures = [
  'requests',
  'successes',
  'failures',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'cost',
  'unpriced_requests',
] as const;

/** Takes what it is by and its groups; returns lines with a heading. An unknown cost is an empty cell. */
export function usageCsv(by: readonly string[], groups: readonly JsonObject[]): string {
  const columns = [...by, ...(by.includes('key') ? ['key_name'] : []), ...figures];
  const lines = groups.map((group) => columns.map((name) => cell(group[name])).join(','));
  return [columns.join(','), ...lines].join('\r\n');
}

function cell(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return plain(value);
  const text = String(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Takes a number; returns it without an exponent, which spreadsheets of some languages do not read. */
function plain(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '');
}
