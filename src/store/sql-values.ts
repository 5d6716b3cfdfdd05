// How PostgreSQL's values become ours, the same through every driver: whole numbers (int8) become numbers and fail beyond
// 2^53 instead of rounding; numeric becomes a number (money in dollars fits with 15 digits); times become milliseconds
// since 1970; dates stay text; JSON is parsed.

type Parse = (text: string) => unknown;

/** Type numbers of pg_type.dat. Connections run in UTC, so times come with the offset `+00`. */
const int8 = 20;
const numeric = 1700;
const timestamptz = 1184;
const date = 1082;
const json = 114;
const jsonb = 3802;

export const parsers: Readonly<Record<number, Parse>> = {
  [int8]: parseWhole,
  [numeric]: Number,
  [timestamptz]: parseTime,
  [date]: (text) => text,
  [json]: JSON.parse,
  [jsonb]: JSON.parse,
};

function parseWhole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`the whole number ${text} is beyond 2^53`);
  return value;
}

/** `2026-11-23 05:27:00.123+00` → milliseconds. */
function parseTime(text: string): number {
  const value = Date.parse(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, 'Z')}`);
  if (Number.isNaN(value)) throw new RangeError(`the time ${text} is not understood`);
  return value;
}

/** Takes milliseconds since 1970 or null; returns the time as PostgreSQL reads it: a year beyond 9999 without ISO's sign and zero. */
export function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().replace(/^\+0*/, '');
}
