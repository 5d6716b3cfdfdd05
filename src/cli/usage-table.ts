// A usage report for people: aligned columns, the total at the end, and what has no known price marked, never shown as 0.
// Invariant: nothing that clients wrote reaches the terminal as a control character.
import { type JsonObject, numberOf } from '../core/json.ts';
import { columns, printable } from '../kit/table.ts';

const longestName = 48;

/** Takes a report, what it is by and its groups; returns lines. */
export function usageTable(report: JsonObject, by: readonly string[], groups: readonly JsonObject[]): string {
  const total = report.total as JsonObject;
  const head = `${spanOf(report)} (UTC), by ${by.join(' and ')}`;
  if (numberOf(total.requests) === 0) return `${head}\n\nno requests`;
  const isCached = (numberOf(total.cache_read_tokens) ?? 0) > 0;
  const heading = [...by, 'requests', 'failed', 'input', 'output', ...(isCached ? ['cached'] : []), 'cost'];
  const decimals = decimalsFor([...groups, total].map((sums) => numberOf(sums.cost) ?? 0));
  const figuresOf = (sums: JsonObject): string[] => [
    ...['requests', 'failures', 'input_tokens', 'output_tokens'].map((name) => whole(sums[name])),
    ...(isCached ? [whole(sums.cache_read_tokens)] : []),
    costOf(sums, decimals),
  ];
  const rows = groups.map((group) => [...by.map((name) => nameOf(group, name)), ...figuresOf(group)]);
  const last = [...by.map((_, index) => (index === 0 ? 'total' : '')), ...figuresOf(total)];
  const table = columns(heading, [...rows, last], by.length);
  return [head, '', table, ...notesOn(total)].join('\n');
}

/** The first and the last moment, as days where they are whole ones. */
function spanOf({ since, until }: JsonObject): string {
  const [from, to] = [String(since), String(until)];
  const isWhole = [from, to].every((text) => text.endsWith('T00:00:00.000Z'));
  if (!isWhole) return `${from} to ${to}`;
  const first = from.slice(0, 10);
  const last = new Date(Date.parse(to) - 1).toISOString().slice(0, 10);
  return first === last ? first : `${first} to ${last}`;
}

function nameOf(group: JsonObject, name: string): string {
  const value = name === 'key' ? group.key_name : group[name];
  if (value === null || value === undefined) return '-';
  const text = printable(String(value));
  return text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text;
}

const grouped = new Intl.NumberFormat('en-US');

function whole(value: unknown): string {
  return grouped.format(numberOf(value) ?? 0);
}

/** A star says that more was asked than what the sum is of. */
function costOf(sums: JsonObject, decimals: number): string {
  const cost = numberOf(sums.cost);
  if (cost === undefined) return 'unknown*';
  const text = cost.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return `$${text}${numberOf(sums.unpriced_requests) === 0 ? ' ' : '*'}`;
}

const fewestDecimals = 2;
const mostDecimals = 9;

/** So many decimals for all costs that the smallest shows two digits of its own. */
function decimalsFor(costs: readonly number[]): number {
  const smallest = Math.min(...costs.filter((cost) => cost > 0), 1);
  return Math.min(mostDecimals, Math.max(fewestDecimals, 1 - Math.floor(Math.log10(smallest))));
}

function notesOn(total: JsonObject): string[] {
  const unpriced = numberOf(total.unpriced_requests) ?? 0;
  if (unpriced === 0) return [];
  const verb = unpriced === 1 ? 'request has' : 'requests have';
  return ['', `* ${whole(unpriced)} ${verb} no known price and no part in the cost; the option priceFile sets prices`];
}
