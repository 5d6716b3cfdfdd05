// What a configuration file says wrong, or says in vain: one notice each, with its place. Notices never hold a secret:
// values are shown only where they are names, and a value from the environment is shown as its reference.
import { suggestion } from './did-you-mean.ts';

/** error: the gateway does not start. warning: it starts, look at it. not-yet: understood, but not in force. */
export type Severity = 'error' | 'warning' | 'not-yet';

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface Notice extends Place {
  readonly severity: Severity;
  /** Where in the tree: `model_list[3].litellm_params.rpm`. */
  readonly path: string;
  readonly says: string;
  readonly mend: string;
}

/** Something that has a place in the file and a path in its tree. */
export interface Located {
  readonly place: Place;
  readonly path: string;
}

/** Collects notices. The same thing said of the same place is kept once. */
export class Findings {
  readonly #notices = new Map<string, Notice>();
  readonly #accepted: readonly string[];
  readonly #used = new Set<string>();

  /** Takes the paths (list positions left out) whose refusals were accepted at start; a path covers all below it. */
  constructor(accepted: readonly string[]) {
    this.#accepted = accepted;
  }

  error(at: Located, says: string, mend: string): void {
    this.#add('error', at, says, mend);
  }

  warning(at: Located, says: string, mend: string): void {
    this.#add('warning', at, says, mend);
  }

  notYet(at: Located, says: string, mend: string): void {
    this.#add('not-yet', at, says, mend);
  }

  /** An error that the operator may accept by path; accepted, it is listed as not in force. */
  refuse(at: Located, says: string, mend: string): void {
    const path = acceptPath(at.path);
    const accepted = this.#accepted.find((name) => path === name || path.startsWith(`${name}.`));
    if (accepted !== undefined) {
      this.#used.add(accepted);
      this.#add('not-yet', at, says, 'accepted at start');
    } else this.#add('error', at, says, `${mend === '' ? 'remove it' : mend}, or start with --accept-not-yet ${path}`);
  }

  /** Takes any accepted paths that nothing in the file needed; they are reported at the given place. */
  reportUnused(at: Located): void {
    for (const name of this.#accepted.filter((accepted) => !this.#used.has(accepted)))
      this.#add(
        'warning',
        { ...at, path: name },
        'accepted at start, but nothing here needs it',
        'leave it out of --accept-not-yet',
      );
  }

  /** A name that is not one of the known: an error with the nearest known one. */
  unknown(at: Located, what: string, name: string, known: Iterable<string>): void {
    const meant = suggestion(name, known);
    this.refuse(at, `unknown ${what} ${name}`, meant);
  }

  /** All notices, by file in the order of first mention, then by place. */
  list(): Notice[] {
    const notices = [...this.#notices.values()];
    const files = [...new Set(notices.map((notice) => notice.file))];
    return notices.sort(
      (one, other) =>
        files.indexOf(one.file) - files.indexOf(other.file) || one.line - other.line || one.column - other.column,
    );
  }

  #add(severity: Severity, at: Located, says: string, mend: string): void {
    const key = JSON.stringify([at.place, says]);
    if (!this.#notices.has(key)) this.#notices.set(key, { severity, ...at.place, path: at.path, says, mend });
  }
}

/** Takes a path; returns it as `--accept-not-yet` takes it, positions in lists left out. */
export function acceptPath(path: string): string {
  return path.replace(/\[\d+\]/g, '');
}

/** Takes notices; returns them as a compiler would print them, one a line, with a count at the end. */
export function renderNotices(notices: readonly Notice[]): string {
  const lines = notices.map(
    ({ file, line, column, severity, path, says, mend }) =>
      `${file}:${line}:${column} ${severity} ${path === '' ? '' : `${path}: `}${says}${mend === '' ? '' : `; ${mend}`}`,
  );
  return [...lines, countsOf(notices)].map((line) => line.replace(/\p{Cc}/gu, '?')).join('\n');
}

/** Takes notices; returns how many there are of each severity, in words. */
export function countsOf(notices: readonly Notice[]): string {
  const count = (severity: Severity): number => notices.filter((notice) => notice.severity === severity).length;
  return `${count('error')} errors, ${count('warning')} warnings, ${count('not-yet')} not yet in force`;
}

/** Takes notices; returns them for programs, with the verdict. */
export function noticesAsJson(notices: readonly Notice[]): string {
  return JSON.stringify({ ok: !hasErrors(notices), notices }, null, 2);
}

/** Takes notices; true when the gateway must not start with this file. */
export function hasErrors(notices: readonly Notice[]): boolean {
  return notices.some((notice) => notice.severity === 'error');
}
