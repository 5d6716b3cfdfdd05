// Reads one section by its table: gives back what is honoured, with references resolved, and reports all the rest.
import type { KeyRow, KeyTable } from './litellm-keys.ts';
import type { Findings } from './notices.ts';
import type { Dictionary, Entry, Tree } from './yaml-source.ts';
import { isIdle, isNothing, type Reader, resolveReferences } from './yaml-values.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What every reader of the file works with. */
export interface Desk {
  readonly findings: Findings;
  readonly read: Reader;
  /** The environment, with the file's environment_variables laid over it. */
  readonly variables: Variables;
  /** Reads a file that a reference names; throws when it cannot. */
  readonly readText: (path: string) => string;
}

/** The honoured entries of a section, by key. */
export type Section = ReadonlyMap<string, Tree>;

export const emptySection: Section = new Map();

/**
 * Takes a section's tree, its table and what it is called; returns the honoured entries, and those that are read although they are not in
 * force yet. Keys that say nothing (null) are left out. Unknown keys go to `other`, or are reported when there is none.
 */
export function readSection(
  desk: Desk,
  tree: Tree | undefined,
  rows: KeyTable,
  other?: (entry: Entry) => void,
): Section {
  if (tree === undefined || isNothing(tree)) return emptySection;
  const dictionary: Dictionary | undefined = desk.read.dictionary(tree);
  const section = new Map<string, Tree>();
  for (const entry of dictionary?.entries ?? []) {
    const row = Object.hasOwn(rows, entry.key) ? rows[entry.key] : undefined;
    if (row === undefined && other !== undefined) other(entry);
    else if (row === undefined) desk.findings.unknown(entry, 'key', entry.key, Object.keys(rows));
    else if (row.status === 'honoured') honour(desk, entry, row, section);
    else reportRow(desk, entry, row);
    if (row?.status === 'not-yet' && row.isSection === true) honour(desk, entry, row, section);
  }
  return section;
}

function honour(desk: Desk, entry: Entry, row: KeyRow, section: Map<string, Tree>): void {
  const value = row.isSection === true ? entry.value : resolve(desk, entry.value);
  if (!isNothing(value)) section.set(entry.key, value);
}

function reportRow(desk: Desk, entry: Entry, row: KeyRow): void {
  const isOff = isIdle(entry.value);
  if (row.status === 'already' || isNothing(entry.value) || (isOff && row.offMatters !== true)) return;
  if (row.isSection !== true)
    resolveReferences(entry.value, desk, (at, { says }) =>
      desk.findings.warning(at, says, 'nothing here needs it yet'),
    );
  if (row.status === 'refused') desk.findings.refuse(entry, `not in force: ${row.says}`, '');
  else desk.findings.notYet(entry, `not in force: ${row.says}`, '');
}

/** Takes a tree; returns it with its references resolved; one that stands for nothing is an error. */
export function resolve(desk: Desk, tree: Tree): Tree {
  return resolveReferences(tree, desk, (at, { says, mend }) => desk.findings.error(at, says, mend));
}
