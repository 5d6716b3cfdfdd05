// YAML (and JSON) text → a tree in which every value knows its file, line, column and path. Never throws for content.
// Reads as PyYAML does where the two YAML versions differ and a LiteLLM file shows it: yes/no/on/off, 1_000, merge keys.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import type { Findings, Located, Place } from './notices.ts';

export interface Scalar extends Located {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** The variable the value came from, when it was written os.environ/NAME. */
  readonly reference?: string;
  /** The reference it was written as, when it was one: fit to print, as the value is not. */
  readonly origin?: string;
}
export interface List extends Located {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}
export interface Entry extends Located {
  readonly key: string;
  readonly value: Tree;
}
export interface Dictionary extends Located {
  readonly kind: 'dictionary';
  /** Keys are unique. */
  readonly entries: readonly Entry[];
}
export type Tree = Scalar | List | Dictionary;

const mostValues = 200_000;
const mostDepth = 64;

/** Takes a file's text and name; returns its tree, or undefined after reporting why there is none. Every fault is reported. */
export function readYaml(text: string, file: string, findings: Findings): Tree | undefined {
  const lines = new LineCounter();
  const start: Located = { place: { file, line: 1, column: 1 }, path: '' };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, strict: true });
    const placeOf = (offset: number): Place => {
      const { line, col } = lines.linePos(offset);
      return { file, line: Math.max(1, line), column: Math.max(1, col) };
    };
    for (const fault of [...document.errors, ...document.warnings])
      findings.error(
        { place: placeOf(fault.pos[0]), path: '' },
        faults[fault.code] ?? faultUnnamed,
        faultMends[fault.code] ?? '',
      );
    if (document.errors.length > 0) return undefined;
    return new Builder(document, placeOf, findings).build(document.contents, '', start.place);
  } catch (thrown) {
    // The parser recurses, so a hostile nesting ends in a RangeError; anything else is its bug, and the file is not read.
    const deep = thrown instanceof RangeError;
    findings.error(start, deep ? 'the file is nested too deeply' : 'the file cannot be parsed', 'simplify it');
    return undefined;
  }
}

const aliasFault = 'this alias (*name) has no anchor (&name) before it';
const faultUnnamed = 'this is not valid YAML';
/** Our words for the parser's codes: its own messages may quote the file, secrets included. */
const faults: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used for indentation',
  BAD_INDENT: 'the indentation does not fit what is around it',
  MISSING_CHAR: 'a character is missing here, such as a closing quote, bracket, colon or comma',
  UNEXPECTED_TOKEN: 'this does not belong here',
  MULTIPLE_DOCS: 'a second document begins here',
  BAD_ALIAS: aliasFault,
  BAD_SCALAR_START: 'a plain value cannot begin with this character',
  BLOCK_AS_IMPLICIT_KEY: 'a nested key or list cannot stand on this line',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line',
  TAG_RESOLVE_FAILED: 'this tag (!name) is not understood',
  BAD_DQ_ESCAPE: 'this escape is not known in a double-quoted text',
};
const faultMends: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'use blanks',
  BAD_INDENT: 'align it with its neighbours',
  MULTIPLE_DOCS: 'keep one document a file',
  BAD_SCALAR_START: 'quote the value',
  TAG_RESOLVE_FAILED: 'write the value without it',
  UNEXPECTED_TOKEN: 'look at the line and the one before',
};

/** Turns the parser's nodes into our tree, aliases and merge keys resolved. */
class Builder {
  readonly #document: Document;
  readonly #placeOf: (offset: number) => Place;
  readonly #findings: Findings;
  #values = 0;
  #depth = 0;

  constructor(document: Document, placeOf: (offset: number) => Place, findings: Findings) {
    this.#document = document;
    this.#placeOf = placeOf;
    this.#findings = findings;
  }

  build(node: unknown, path: string, above: Place): Tree {
    const place = this.#place(node, above);
    this.#values += 1;
    if (this.#values > mostValues || this.#depth > mostDepth) return this.#tooMuch(path, place);
    this.#depth += 1;
    try {
      if (isAlias(node)) return this.#aliased(node, path, place);
      if (isSeq(node)) return this.#list(node.items, path, place);
      if (isMap(node)) return this.#dictionary(node.items, path, place);
      return { kind: 'scalar', value: isScalar(node) ? plainValue(node) : null, place, path };
    } finally {
      this.#depth -= 1;
    }
  }

  #aliased(alias: Alias, path: string, place: Place): Tree {
    const node = alias.resolve(this.#document);
    if (node === undefined) this.#findings.error({ place, path: '' }, aliasFault, 'define the anchor first');
    return this.build(node, path, place);
  }

  #list(items: readonly unknown[], path: string, place: Place): List {
    const trees = items.map((item, index) => this.build(item, `${path}[${index}]`, place));
    return { kind: 'list', items: trees, place, path };
  }

  #dictionary(pairs: readonly Pair[], path: string, place: Place): Dictionary {
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of pairs) {
      const at = this.#place(pair.key, place);
      const key = this.#key(pair.key, path, at);
      if (key === undefined) continue;
      const inner = path === '' ? key : `${path}.${key}`;
      const before = entries.get(key);
      if (key === '<<') merged.push(...this.#merge(pair.value, path, at));
      else if (before !== undefined) this.#givenTwice({ place: at, path: inner }, before.place);
      else entries.set(key, { key, value: this.build(pair.value, inner, at), place: at, path: inner });
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    return { kind: 'dictionary', entries: [...entries.values()], place, path };
  }

  #givenTwice(at: Located, before: Place): void {
    const says = `this key is given twice, first at ${before.file}:${before.line}:${before.column}`;
    this.#findings.error(at, says, 'keep one');
  }

  #key(node: unknown, path: string, place: Place): string | undefined {
    const resolved = isAlias(node) ? node.resolve(this.#document) : node;
    if (isScalar(resolved)) return resolved.value === null ? 'null' : (resolved.source ?? String(resolved.value));
    this.#findings.error({ place, path }, 'a list or a dictionary cannot be a key', 'use a text');
    return undefined;
  }

  /** `<<: *anchor` or `<<: [*one, *two]`: the entries of what it names, the earlier winning. */
  #merge(node: unknown, path: string, place: Place): Entry[] {
    const tree = this.build(node, path, place);
    const sources = tree.kind === 'list' ? tree.items : [tree];
    const bad = sources.find((source) => source.kind !== 'dictionary');
    if (bad !== undefined)
      this.#findings.error(bad, 'only a dictionary can be merged', 'name an anchor of a dictionary');
    return sources.flatMap((source) => (source.kind === 'dictionary' ? source.entries : []));
  }

  #tooMuch(path: string, place: Place): Tree {
    const says = this.#depth > mostDepth ? 'this is nested too deeply' : 'the file holds too many values';
    this.#findings.error({ place, path: '' }, says, 'simplify it; look for an alias (*name) inside its own anchor');
    return { kind: 'scalar', value: null, place, path };
  }

  #place(node: unknown, above: Place): Place {
    const offset = (node as Node | null)?.range?.[0];
    return offset === undefined ? above : this.#placeOf(offset);
  }
}

/** A scalar's value as PyYAML (YAML 1.1) would read it. */
function plainValue(node: { value: unknown; type?: string; source?: string }): Scalar['value'] {
  const { value } = node;
  if (typeof value === 'string' && node.type === 'PLAIN') {
    if (/^(yes|Yes|YES|on|On|ON)$/.test(value)) return true;
    if (/^(no|No|NO|off|Off|OFF)$/.test(value)) return false;
    if (/^[-+]?[1-9]\d*(_\d+)+$/.test(value)) return Number(value.replaceAll('_', ''));
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  return typeof value === 'number' ? value : String(value);
}
