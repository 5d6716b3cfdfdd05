// Typed readings of a tree's values. A wrong type is reported once, with its place and shape, and reads as undefined.
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { type Reference, referenceIn } from '../kit/reference.ts';
import { suggestion } from './did-you-mean.ts';
import { isSecretField, isSecretHeader } from './litellm-keys.ts';
import type { Findings, Located } from './notices.ts';
import { durationMs, shapeOf, yesNo } from './parse-option.ts';
import { lookUp, type ReferenceSources, type Unresolved } from './references.ts';
import type { Dictionary, Entry, Scalar, Tree } from './yaml-source.ts';

/** Takes a tree; true when it says nothing: null, or nothing at all. */
export function isNothing(tree: Tree | undefined): boolean {
  return tree === undefined || (tree.kind === 'scalar' && tree.value === null);
}

/** Takes a tree; true when it is off or empty, so that not honouring it changes nothing. */
export function isIdle(tree: Tree): boolean {
  if (tree.kind === 'list') return tree.items.length === 0;
  if (tree.kind === 'dictionary') return tree.entries.length === 0;
  return tree.value === null || tree.value === false || tree.value === '';
}

/** Takes a dictionary (or not) and a key; returns the entry, or undefined. */
export function entryOf(tree: Tree | undefined, key: string): Entry | undefined {
  return tree?.kind === 'dictionary' ? tree.entries.find((entry) => entry.key === key) : undefined;
}

/** Takes a tree; returns it as JSON. */
export function jsonOf(tree: Tree): JsonValue {
  if (tree.kind === 'list') return tree.items.map(jsonOf);
  return tree.kind === 'dictionary' ? jsonObjectOf(tree) : tree.value;
}

/** Takes a dictionary; returns it as a JSON object. */
export function jsonObjectOf(tree: Dictionary): JsonObject {
  return Object.fromEntries(tree.entries.map((entry) => [entry.key, jsonOf(entry.value)]));
}

/** Takes a tree that is a name; returns it fit to print: a value from the environment as its reference, long ones cut. */
export function shown(tree: Tree): string {
  if (tree.kind !== 'scalar') return `a ${tree.kind}`;
  if (tree.origin !== undefined) return tree.origin;
  const text = String(tree.value);
  if (/^(sk-|Bearer |[A-Za-z]{2,}_[A-Za-z0-9]{20,})/.test(text)) return 'a secret';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** What a tree is, for a complaint; never the value. */
function found(tree: Tree): string {
  if (tree.kind !== 'scalar') return `a ${tree.kind}`;
  const origin = originOf(tree);
  if (typeof tree.value === 'string') return `a text of ${shapeOf(tree.value)}${origin}`;
  return `${tree.value === null ? 'nothing' : typeof tree.value === 'boolean' ? 'yes or no' : 'a number'}${origin}`;
}

function originOf({ reference, origin }: Scalar): string {
  if (reference !== undefined) return ` (from the variable ${reference})`;
  return origin === undefined ? '' : ` (from ${origin})`;
}

export class Reader {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** A text; a number or yes/no must be quoted to be one. */
  text(tree: Tree): string | undefined {
    if (tree.kind === 'scalar' && typeof tree.value === 'string' && tree.value !== '') return tree.value;
    const mend = tree.kind === 'scalar' && tree.value !== '' && tree.value !== null ? 'quote it' : 'write a text';
    return this.#wrong(tree, 'a text', mend);
  }

  /** A text, or a number as its text. */
  loose(tree: Tree): string | undefined {
    if (tree.kind === 'scalar' && typeof tree.value === 'number') return String(tree.value);
    return this.text(tree);
  }

  /** A number not below `least`; numbers in quotes count (LiteLLM takes both). */
  number(tree: Tree, least = 0): number | undefined {
    const value = numberIn(tree);
    if (value !== undefined && value >= least) return value;
    return this.#wrong(tree, value === undefined ? 'a number' : `a number from ${least}`, 'write a number');
  }

  /** A whole number from 0. */
  whole(tree: Tree): number | undefined {
    const value = numberIn(tree);
    if (value !== undefined && Number.isInteger(value) && value >= 0) return value;
    return this.#wrong(tree, 'a whole number from 0', 'write a whole number');
  }

  /** Seconds, or a duration with a unit; returned in milliseconds. */
  seconds(tree: Tree): number | undefined {
    const value = numberIn(tree);
    const text = tree.kind === 'scalar' && typeof tree.value === 'string' ? durationMs(tree.value, 1000) : undefined;
    const ms = value === undefined ? text : value * 1000;
    if (ms !== undefined && ms >= 0) return Math.round(ms);
    return this.#wrong(tree, 'seconds', 'write a number of seconds, or a number with ms, s, m, h or d');
  }

  /** Yes or no; the words in quotes count. */
  yesNo(tree: Tree): boolean | undefined {
    const value = tree.kind === 'scalar' ? yesNo(String(tree.value)) : undefined;
    return value ?? this.#wrong(tree, 'true or false', 'write true or false');
  }

  /** A list of texts. */
  texts(tree: Tree): string[] | undefined {
    if (tree.kind !== 'list') return this.#wrong(tree, 'a list of texts', 'write [one, two]');
    return tree.items.map((item) => this.loose(item)).filter((item) => item !== undefined);
  }

  /** A dictionary of texts; numbers and yes/no count as texts. */
  textMap(tree: Tree): Record<string, string> | undefined {
    const dictionary = this.dictionary(tree);
    if (dictionary === undefined) return undefined;
    const pairs: [string, string][] = [];
    for (const { key, value } of dictionary.entries) {
      if (value.kind !== 'scalar') this.#wrong(value, 'a text', 'write a text');
      else if (value.value !== null) pairs.push([key, String(value.value)]);
    }
    return Object.fromEntries(pairs);
  }

  dictionary(tree: Tree): Dictionary | undefined {
    return tree.kind === 'dictionary' ? tree : this.#wrong(tree, 'a dictionary', 'write key: value lines below it');
  }

  list(tree: Tree): readonly Tree[] | undefined {
    return tree.kind === 'list' ? tree.items : this.#wrong(tree, 'a list', 'begin each item with "- "');
  }

  object(tree: Tree): JsonObject | undefined {
    const value = this.dictionary(tree) === undefined ? undefined : jsonOf(tree);
    return isObject(value) ? value : undefined;
  }

  /** One of a table's words; returns what the word stands for. */
  choice<Meaning>(tree: Tree, words: Readonly<Record<string, Meaning>>, what: string): Meaning | undefined {
    const word = this.text(tree);
    if (word === undefined) return undefined;
    const meaning = Object.hasOwn(words, word) ? words[word] : undefined;
    if (meaning !== undefined) return meaning;
    const all = Object.keys(words).join(', ');
    const mend = [suggestion(word, Object.keys(words)), `known are ${all}`].filter((part) => part !== '').join(' ');
    this.#findings.error(tree, `unknown ${what} ${shown(tree)}`, mend);
    return undefined;
  }

  #wrong(tree: Tree, expected: string, mend: string): undefined {
    const isReported = tree.kind === 'scalar' && tree.value === null && tree.origin !== undefined;
    if (!isReported) this.#findings.error(tree, `expected ${expected}, found ${found(tree)}`, mend);
    return undefined;
  }
}

function numberIn(tree: Tree): number | undefined {
  if (tree.kind !== 'scalar' || tree.value === null || typeof tree.value === 'boolean') return undefined;
  const value = typeof tree.value === 'string' && tree.value.trim() !== '' ? Number(tree.value) : tree.value;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * Takes a tree and where to look; returns it with its references replaced by what they stand for: `os.environ/NAME` wherever
 * it stands, `env:NAME`, `file:/path` and `cred:NAME` where a secret or an address does. What cannot be resolved is reported
 * and reads as nothing.
 */
export function resolveReferences(
  tree: Tree,
  sources: ReferenceSources,
  report: (at: Located, why: Unresolved) => void,
): Tree {
  if (tree.kind === 'list')
    return { ...tree, items: tree.items.map((item) => resolveReferences(item, sources, report)) };
  if (tree.kind === 'dictionary') {
    const entries = tree.entries.map((entry) => ({ ...entry, value: resolveReferences(entry.value, sources, report) }));
    return { ...tree, entries };
  }
  const reference = referenceOf(tree);
  if (reference === undefined) return tree;
  const found = lookUp(reference, sources);
  if ('says' in found) report(tree, found);
  return {
    ...tree,
    value: 'says' in found ? null : found.text,
    origin: reference.written,
    ...(reference.kind === 'variable' ? { reference: reference.name } : {}),
  };
}

function referenceOf(tree: Scalar): Reference | undefined {
  const isPlain = typeof tree.value === 'string' && tree.origin === undefined;
  const reference = isPlain ? referenceIn(String(tree.value)) : undefined;
  return reference?.written.startsWith('os.environ/') || holdsSecret(tree.path) ? reference : undefined;
}

/** A tag may well read env:production; a key may not. */
function holdsSecret(path: string): boolean {
  const [, above = '', name = ''] = /^(.*?)\.?([^.[\]]*)$/.exec(path) ?? [];
  if (/^(api_base|base_url|database_url|address)$/i.test(name) || /^mcp_servers\..+\.url$/.test(path)) return true;
  return isSecretField(name) || (above.endsWith('headers') && isSecretHeader(name));
}
