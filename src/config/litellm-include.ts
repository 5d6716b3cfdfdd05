// A file and the files it includes → one tree. As in LiteLLM: paths are relative to the including file, lists are
// joined, any other key is replaced whole, and an included file cannot include.
import { dirname, isAbsolute, join } from 'node:path';
import type { Findings, Located } from './notices.ts';
import { type Dictionary, type Entry, readYaml, type Tree } from './yaml-source.ts';
import { entryOf, isNothing, Reader } from './yaml-values.ts';

export interface Joined {
  readonly top: Dictionary | undefined;
  /** Every file that was read, the first the one named. */
  readonly files: readonly string[];
}

/** Takes a path, and how to read a file's text (throws when it cannot); returns the tree with its includes joined in. */
export function readWithIncludes(path: string, findings: Findings, readText: (path: string) => string): Joined {
  const start: Located = { place: { file: path, line: 1, column: 1 }, path: '' };
  const main = load(path, start, findings, readText);
  const include = entryOf(main, 'include');
  if (main === undefined || include === undefined || isNothing(include.value)) return { top: main, files: [path] };
  const files = [path];
  const entries = new Map(main.entries.filter((entry) => entry !== include).map((entry) => [entry.key, entry]));
  for (const item of new Reader(findings).list(include.value) ?? []) {
    const name = new Reader(findings).text(item);
    if (name === undefined) continue;
    const included = isAbsolute(name) ? name : join(dirname(path), name);
    if (files.includes(included))
      findings.error(item, `${name} is included twice, or includes itself`, 'include it once');
    else lay(load(included, item, findings, readText), entries, findings);
    files.push(included);
  }
  return { top: { ...main, entries: [...entries.values()] }, files };
}

function load(
  path: string,
  at: Located,
  findings: Findings,
  readText: (path: string) => string,
): Dictionary | undefined {
  let text: string;
  try {
    text = readText(path);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    findings.error(at, `cannot read ${path}: ${code}`, 'check the path and who may read it');
    return undefined;
  }
  const tree = readYaml(text, path, findings);
  if (tree === undefined) return undefined;
  if (tree.kind === 'dictionary') return tree;
  if (isNothing(tree)) findings.warning(tree, 'the file is empty', 'write a model_list');
  else findings.error(tree, `expected a dictionary, found a ${tree.kind}`, 'begin with "model_list:"');
  return undefined;
}

/** Lays an included file's entries over what is there. */
function lay(included: Dictionary | undefined, entries: Map<string, Entry>, findings: Findings): void {
  for (const entry of included?.entries ?? []) {
    const before = entries.get(entry.key);
    if (entry.key === 'include')
      findings.error(entry, 'an included file cannot include another', 'list every file in the first one');
    else if (before?.value.kind === 'list' && entry.value.kind === 'list')
      entries.set(entry.key, { ...before, value: joined(before.value, entry.value) });
    else {
      if (before !== undefined) sayReplaced(entry, before, findings);
      entries.set(entry.key, entry);
    }
  }
}

function joined(one: Tree & { kind: 'list' }, other: Tree & { kind: 'list' }): Tree {
  return { ...one, items: [...one.items, ...other.items] };
}

function sayReplaced(entry: Entry, before: Entry, findings: Findings): void {
  const { file, line, column } = before.place;
  const says = `this replaces the whole of ${entry.key} at ${file}:${line}:${column}; the two are not merged`;
  findings.warning(entry, says, 'keep the section in one file');
}
