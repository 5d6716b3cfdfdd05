// Contents on their way to the database: by a journal of their own, so that they take neither the disk nor the memory of usage.
// While the disk takes none they are lost, and counted.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Contents } from '../core/records.ts';
import type { Database } from './database.ts';
import { type JournalOptions, type JournalState, openLineJournal } from './journal.ts';
import { contentsLine, writeContents } from './write-contents.ts';

const folder = 'contents';

export interface ContentsJournalOptions
  extends Pick<JournalOptions, 'dataDir' | 'limitBytes' | 'clock' | 'log' | 'outbox'> {
  /** False: nothing new is kept; what waits from before is delivered. */
  readonly isOn: boolean;
  readonly database: Pick<Database, 'query'>;
}

export interface ContentsJournal {
  readonly append: (contents: Contents) => void;
  readonly state: () => JournalState;
  readonly drain: (deadlineMs: number) => Promise<number>;
}

/** Takes where to keep them; returns their journal, or undefined where none are kept and none wait. */
export async function openContentsJournal(options: ContentsJournalOptions): Promise<ContentsJournal | undefined> {
  const { isOn, database, ...given } = options;
  if (!isOn && !existsSync(join(given.dataDir, folder))) return undefined;
  const write = (lines: Uint8Array) => writeContents(database, lines);
  const journal = await openLineJournal({ ...given, folder, what: 'contents', capacity: 0, write });
  return {
    append: (contents) => journal.append(contentsLine(contents)),
    state: () => journal.state(),
    drain: (deadlineMs) => journal.drain(deadlineMs),
  };
}
