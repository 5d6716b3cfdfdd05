// What was last read from the database, kept in a file for a start without it: keys by their hashes, models, credentials as
// they are sealed; never a secret in the clear. Invariants: the file is whole or not there, and readable by its owner only.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Live } from './live.ts';
import type { LiveRows } from './live-rows.ts';

export interface SnapshotPlace {
  readonly path: string;
  /** Tells one database from another (Store.mark): the keys of one are none of the other's. */
  readonly database: string;
}

export interface Snapshot {
  readonly rows: LiveRows;
  /** Milliseconds since 1970. */
  readonly takenAt: number;
}

interface Head {
  readonly version: number;
  readonly database: string;
  readonly takenAt: number;
  readonly router: LiveRows['router'];
  readonly canary: LiveRows['canary'];
}

const version = 2;
const afterChangeMs = 500;
/** Lines made in one go; between them the gateway serves. */
const linesAtOnce = 200;
const kinds = ['keys', 'aliases', 'deployments', 'credentials'] as const;

/** Takes a place; returns what was kept there, undefined when there is nothing, it is another database's, or it is damaged (which is logged). */
export function readSnapshot({ path, database }: SnapshotPlace, log: Log): Snapshot | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error('what was last known cannot be read', { path, error });
    return undefined;
  }
  try {
    return parse(text, database);
  } catch (error) {
    log.error('what was last known is damaged and not used', { path, error });
    return undefined;
  }
}

function parse(text: string, database: string): Snapshot | undefined {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const head = JSON.parse(first) as Head;
  if (head.version !== version || head.database !== database) return undefined;
  const end = JSON.parse(rest.pop() ?? '') as { readonly lines?: number };
  if (end.lines !== rest.length) throw new Error('it is not whole');
  const found: Record<(typeof kinds)[number], unknown[]> = { keys: [], aliases: [], deployments: [], credentials: [] };
  for (const line of rest) {
    const [kind, row] = JSON.parse(line) as [(typeof kinds)[number], unknown];
    found[kind].push(row);
  }
  return { rows: { ...found, router: head.router, canary: head.canary } as LiveRows, takenAt: head.takenAt };
}

/** Takes what is followed and a place; writes it there after each change, until the returned function is called. */
export function keepSnapshot(place: SnapshotPlace, live: Live, clock: Clock, log: Log): () => Promise<void> {
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
  const write = (): void => {
    cancel = undefined;
    writing = writing.then(() => attempt(place, live, clock, log));
  };
  const soon = (): void => {
    cancel ??= clock.after(afterChangeMs, write);
  };
  const forget = live.onChange(soon);
  if (live.state().fresh) soon();
  return async () => {
    forget();
    cancel?.();
    await writing;
  };
}

async function attempt(place: SnapshotPlace, live: Live, clock: Clock, log: Log): Promise<void> {
  const draft = `${place.path}.${randomUUID()}`;
  try {
    await mkdir(dirname(place.path), { recursive: true });
    await writeFile(draft, linesOf(place, live.rows(), clock.now()), { mode: 0o600 });
    await rename(draft, place.path);
  } catch (error) {
    log.warn('what is known cannot be kept for a start without the database', { path: place.path, error });
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function* linesOf({ database }: SnapshotPlace, rows: LiveRows, takenAt: number): Generator<string> {
  const head: Head = { version, database, takenAt, router: rows.router, canary: rows.canary };
  yield `${JSON.stringify(head)}\n`;
  let lines = 0;
  for (const kind of kinds) {
    for (let from = 0; from < rows[kind].length; from += linesAtOnce) {
      const some = rows[kind].slice(from, from + linesAtOnce);
      lines += some.length;
      yield some.map((row) => `${JSON.stringify([kind, row])}\n`).join('');
    }
  }
  yield `${JSON.stringify({ lines })}\n`;
}
