// Fields of LiteLLM's rows, opened: every layer off, each proven by its key. Invariant: what reads like a sealed text and does not open
// is never handed on as a value; it is a finding with table, row and field.
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { LitellmOpener } from '../kit/litellm-seal.ts';
import type { Finding } from './item.ts';

/** How the values were sealed. */
export interface SealCounts {
  /** Values that were opened. */
  readonly opened: number;
  /** Of those, values that were sealed more than once. */
  readonly peeled: number;
  /** Layers that were too many, over all values. */
  readonly layers: number;
  readonly unopened: number;
  /** Name of the key → values whose outermost layer it opened. */
  readonly byKey: Readonly<Record<string, number>>;
}

export interface OpenedFields {
  /** In the clear: hand it on, never print it. */
  readonly fields: JsonObject;
  readonly findings: readonly Finding[];
  /** False: a value is missing because it does not open. */
  readonly isWhole: boolean;
}

export class FieldOpener {
  readonly #opener: LitellmOpener;
  readonly #byKey = new Map<string, number>();
  #opened = 0;
  #peeled = 0;
  #layers = 0;
  #unopened = 0;

  constructor(opener: LitellmOpener) {
    this.#opener = opener;
  }

  get counts(): SealCounts {
    const byKey = Object.fromEntries(this.#byKey);
    const [opened, peeled, layers, unopened] = [this.#opened, this.#peeled, this.#layers, this.#unopened];
    return { opened, peeled, layers, unopened, byKey };
  }

  /** Takes a stored object and where it stands; returns it with its texts opened. Only texts at its top are ever sealed by LiteLLM. */
  open(stored: unknown, at: Pick<Finding, 'table' | 'row' | 'field'>): OpenedFields {
    const object = asObject(stored);
    if (object === undefined)
      return {
        fields: {},
        findings: [{ ...at, says: 'it is no object', mend: 'correct it in LiteLLM' }],
        isWhole: false,
      };
    const fields: [string, JsonValue][] = [];
    const findings: Finding[] = [];
    let isWhole = true;
    for (const [name, value] of Object.entries(object)) {
      if (value === undefined) continue;
      const place = { ...at, field: at.field === '' ? name : `${at.field}.${name}` };
      const opened = typeof value === 'string' ? this.#openText(value, name, place) : { value, finding: undefined };
      if (opened.finding !== undefined) findings.push(opened.finding);
      if (opened.value === undefined) isWhole = false;
      else fields.push([name, opened.value]);
    }
    return { fields: Object.fromEntries(fields), findings, isWhole };
  }

  #openText(
    stored: string,
    name: string,
    at: Pick<Finding, 'table' | 'row' | 'field'>,
  ): { readonly value: JsonValue | undefined; readonly finding: Finding | undefined } {
    const { text, layers, keys, looksSealed } = this.#opener.open(stored);
    if (layers > 0) {
      this.#opened += 1;
      this.#layers += layers - 1;
      if (layers > 1) this.#peeled += 1;
      const [outermost = ''] = keys;
      this.#byKey.set(outermost, (this.#byKey.get(outermost) ?? 0) + 1);
    }
    if (!looksSealed) return { value: text, finding: undefined };
    if (layers === 0 || /^v\d:/.test(text) || name === 'model') {
      this.#unopened += 1;
      const says =
        layers === 0
          ? 'it reads like a sealed text, and none of the given keys opens it'
          : `${layers} layers open, and what is below reads like a sealed text that none of the given keys opens`;
      return {
        value: undefined,
        finding: { ...at, says, mend: 'give the key it was sealed with, or set the value anew' },
      };
    }
    const says = `it opens (${layers} layers), and what it holds still reads like a sealed text; it is taken as it is`;
    return { value: text, finding: { ...at, says, mend: 'look at it should calls be refused with 401' } };
  }
}

/** Takes a column of JSON, which may hold its object as a text; returns the object, or undefined. */
export function asObject(stored: unknown): JsonObject | undefined {
  if (typeof stored !== 'string') return isObject(stored) ? stored : undefined;
  try {
    const parsed: unknown = JSON.parse(stored);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined; // no JSON, so no object
  }
}

/** Takes a value of a row; true when it says yes. */
export function saysTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
