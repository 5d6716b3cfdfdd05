// Trees of our own form, put into the shape of LiteLLM's. Invariant: whatever is put somewhere else keeps its place and its path in the file.
import type { Desk } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { Words } from './plumbline-words.ts';
import type { Dictionary, Entry, List, Tree } from './yaml-source.ts';
import { isNothing } from './yaml-values.ts';

/** Takes a place and entries by key; returns a dictionary of them that stands there. */
export function dictionaryAt({ place, path }: Located, entries: readonly Entry[]): Dictionary {
  return { kind: 'dictionary', entries, place, path };
}

/** Takes a place and items; returns a list of them that stands there. */
export function listAt({ place, path }: Located, items: readonly Tree[]): List {
  return { kind: 'list', items, place, path };
}

/** Takes a place and a text; returns the text standing there. */
export function textAt({ place, path }: Located, value: string): Tree {
  return { kind: 'scalar', value, place, path };
}

/** Takes a key, its value, and where it stands if elsewhere; returns the entry. */
export function entryAt(key: string, value: Tree, at: Located = value): Entry {
  return { key, value, place: at.place, path: at.path };
}

/** Takes a scalar that stands for a whole dictionary and the key it is short for; returns it as if that had been written. */
export function asField(tree: Tree, key: string): Tree {
  return { ...tree, path: `${tree.path}.${key}` };
}

/** Takes a tree (absent: none) that should be a dictionary; returns its entries that say something. */
export function entriesOf(desk: Desk, tree: Tree | undefined): readonly Entry[] {
  if (tree === undefined || isNothing(tree)) return [];
  return (desk.read.dictionary(tree)?.entries ?? []).filter(({ value }) => !isNothing(value));
}

/** Takes entries in our words; returns them in LiteLLM's. A word that is none of ours is an error with the one that is meant. */
export function inTheirWords(desk: Desk, entries: readonly Entry[], words: Words): Entry[] {
  return entries.flatMap((entry) => {
    const theirs = Object.hasOwn(words, entry.key) ? words[entry.key] : undefined;
    if (theirs === undefined) unknownWord(desk, entry, words);
    return theirs === undefined ? [] : [{ ...entry, key: theirs }];
  });
}

/** Takes an entry whose key is none of the words; reports it. LiteLLM's word for one of ours is answered with ours. */
export function unknownWord(desk: Desk, entry: Entry, words: Words): void {
  const ours = Object.keys(words).find((word) => words[word] === entry.key);
  if (ours === undefined) desk.findings.unknown(entry, 'key', entry.key, Object.keys(words));
  else desk.findings.refuse(entry, `unknown key ${entry.key}`, `did you mean ${ours}?`);
}

/** Takes a tree that is a list, or one item of it alone; returns the items. */
export function listOrOne(desk: Desk, tree: Tree): readonly Tree[] {
  return tree.kind === 'scalar' ? [tree] : (desk.read.list(tree) ?? []);
}
