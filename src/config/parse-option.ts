// One option's text → its value, or what is wrong with it. Complaints tell the shape of a bad value, never the value.
import { Secret } from '../kit/secret.ts';
import type { OptionKind, OptionRow } from './options.ts';

export type Parsed = { readonly value: unknown } | { readonly says: string };

/** Takes an option's row and a text that is not empty; returns the value in the option's type and unit, or what is wrong. */
export function parseOption(row: OptionRow, text: string): Parsed {
  return parsers[row.kind](row, text);
}

/** Takes a text; returns its shape for a complaint: how long, and of what. */
export function shapeOf(text: string): string {
  if (text === '') return 'an empty text';
  const made = /^\d+$/.test(text) ? 'digits' : /^[\w.-]+$/.test(text) ? 'letters and digits' : 'characters';
  return `${text.length} ${made}`;
}

const parsers: Readonly<Record<OptionKind, (row: OptionRow, text: string) => Parsed>> = {
  text: (row, text) => begun(row, text, text),
  path: (_, text) => ({ value: text }),
  names: (_, text) => ({ value: text.split(/[\s,]+/).filter((name) => name !== '') }),
  host: (_, text) =>
    /^([0-9a-f.]*:[0-9a-f:.]*|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)$/i.test(text)
      ? { value: text }
      : expected('an address or a host name', text),
  whole: (row, text) => bounded(row, /^\d+$/.test(text) ? Number(text) : undefined, text, 'a whole number'),
  duration: (row, text) => bounded(row, durationMs(text, 1), text, 'milliseconds, or a number with ms, s, m, h or d'),
  bytes: (row, text) => bounded(row, bytesOf(text), text, 'bytes, or a number with kb, mb or gb'),
  choice: (row, text) => {
    const word = text.toLowerCase();
    const meant = row.synonyms?.[word] ?? word;
    return row.choices?.includes(meant) ? { value: meant } : expected(`one of ${row.choices?.join(', ')}`, text);
  },
  'yes-no': (_, text) => {
    const value = yesNo(text);
    return value === undefined ? expected('yes or no', text) : { value };
  },
  secret: (row, text) => {
    if (/\s/.test(text)) return expected('one word without blanks', text);
    return begun(row, text, new Secret(text));
  },
};

function begun(row: OptionRow, text: string, value: unknown): Parsed {
  if (row.begins === undefined || row.begins.some((start) => text.startsWith(start))) return { value };
  return expected(`a text that begins with ${row.begins.join(' or ')}`, text);
}

/** Takes a text; returns the yes or no it says (true, 1, on …), or undefined. */
export function yesNo(text: string): boolean | undefined {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  return /^(false|no|off|0)$/i.test(text) ? false : undefined;
}

/** Takes a text and what a bare number counts in milliseconds; returns milliseconds, or undefined. */
export function durationMs(text: string, bareMs: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  const unitMs = match[2] === undefined ? bareMs : unitsMs[match[2]];
  return unitMs === undefined ? undefined : Math.round(Number(match[1]) * unitMs);
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function bytesOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|kib|mib|gib)?$/i.exec(text);
  if (match === null) return undefined;
  const power = ['b', 'k', 'm', 'g'].indexOf((match[2] ?? 'b').toLowerCase().charAt(0));
  return Math.round(Number(match[1]) * 1024 ** power);
}

function bounded(row: OptionRow, value: number | undefined, text: string, what: string): Parsed {
  if (value === undefined) return expected(what, text);
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = row;
  return value >= least && value <= most ? { value } : { says: `expected ${least} to ${most}, found ${value}` };
}

function expected(what: string, text: string): Parsed {
  return { says: `expected ${what}, found ${shapeOf(text)}` };
}
