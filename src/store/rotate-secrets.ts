// Every sealed value under a new salt key, and how many stand under which. Invariants: a row changes whole or not at all, and
// in its ciphertext only; whatever ends a rotation, the next one goes on where it stopped; a value is counted as done only
// after it was opened.
import { holdsSealed, keyIdOf, type Sealer } from '../kit/seal.ts';
import type { Secret } from '../kit/secret.ts';
import { readCanary, sealerOf, turnCanary } from './canary.ts';
import type { Database } from './database.ts';
import { compare } from './index.ts';
import { type SealedColumn, type SealedRow, sealedColumns, sealedRows, writeSealed } from './sealed-columns.ts';
import { StartRefused } from './start-refused.ts';

/** A value that cannot be moved to another key, and why. */
export interface SecretFinding {
  readonly table: string;
  readonly row: string;
  readonly field: string;
  readonly says: string;
}

export interface SecretSurvey {
  /** The key the database is sealed under; null: nothing was ever sealed. */
  readonly canary: string | null;
  /** Key id → values sealed under it. */
  readonly values: Readonly<Record<string, number>>;
  readonly findings: readonly SecretFinding[];
}

export interface Rotation {
  /** Values sealed under the new key now; of a rehearsal, that would be. */
  readonly sealed: number;
  /** Values that stood under it already. */
  readonly already: number;
  readonly findings: readonly SecretFinding[];
}

/** Takes what was done so far, after each page of rows; the next waits for it. */
export type Progress = (sofar: Rotation) => void | Promise<void>;

const rowsAtOnce = 50;
const unreadable = 'unreadable';
const nothingDone: Rotation = { sealed: 0, already: 0, findings: [] };

/** Takes a database and the keys of this process; says how many values stand under which key and which do not open. Changes nothing. */
export async function surveySecrets(database: Database, sealer: Sealer): Promise<SecretSurvey> {
  return database.transaction(
    async (queries) => {
      const canary = await readCanary(queries);
      const values: Record<string, number> = {};
      const findings: SecretFinding[] = [];
      for (const column of sealedColumns) {
        for (const { name, sealed } of await sealedRows(queries, column)) {
          for (const [field, text] of Object.entries(sealed)) {
            const id = keyIdOf(text) ?? unreadable;
            values[id] = (values[id] ?? 0) + 1;
            const opened = open(sealer, column, { name, field, text });
            if ('says' in opened) findings.push(opened);
          }
        }
      }
      return { canary: canary === null ? null : (keyIdOf(canary) ?? unreadable), values, findings };
    },
    { snapshot: true },
  );
}

/**
 * Takes a database and keys of which the first is the new one; seals every value under it. From the first moment on whoever
 * writes seals under the new key too. Throws StartRefused when no key opens what the database is sealed under, or a newer gateway may
 * keep secrets in it that this one does not know of.
 */
export async function rotateSecrets(database: Database, next: Sealer, progress: Progress): Promise<Rotation> {
  await refuseNewer(database);
  await database.transaction((queries) => turnCanary(queries, next));
  let sofar = nothingDone;
  for (const column of sealedColumns) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = await rotatePage(database, column, after, next);
      after = page.last;
      sofar = together(sofar, page.done);
      await progress(sofar);
    }
  }
  return sofar;
}

/** Takes what `rotateSecrets` takes; says what it would do, and changes nothing. Throws as it does. */
export async function rehearseRotation(database: Database, next: Sealer): Promise<Rotation> {
  await refuseNewer(database);
  return database.transaction(
    async (queries) => {
      const canary = await readCanary(queries);
      if (canary !== null) sealerOf(canary, next);
      let sofar = nothingDone;
      for (const column of sealedColumns) {
        for (const row of await sealedRows(queries, column)) sofar = together(sofar, resealed(column, row, next).done);
      }
      return sofar;
    },
    { snapshot: true },
  );
}

/** What an older gateway cannot know it would leave under the old key, and then say that all is done. */
async function refuseNewer(database: Database): Promise<void> {
  const { beside } = await compare(database);
  if (beside.length === 0) return;
  throw new StartRefused(
    `a newer gateway has changed this database (${beside.join(', ')}) and may keep secrets in it that this one does not know of; nothing was sealed anew`,
    'run this command of the newer gateway',
  );
}

/** Takes a database that this process has one connection to; returns how many others gateways and their commands have. */
export async function otherConnections(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where application_name = 'plumbline' and datname = current_database() and pid <> pg_backend_pid()`,
  );
  return row?.count ?? 0;
}

/** Holds the canary meanwhile: a writer that has read a row has written it before, or reads it after. */
function rotatePage(
  database: Database,
  column: SealedColumn,
  after: string,
  next: Sealer,
): Promise<{ readonly last: string | undefined; readonly done: Rotation }> {
  return database.transaction(async (queries) => {
    await turnCanary(queries, next);
    const rows = await sealedRows(queries, column, { after, size: rowsAtOnce });
    let done = nothingDone;
    for (const row of rows) {
      const { sealed, ...counts } = resealed(column, row, next);
      done = together(done, counts.done);
      if (counts.done.sealed > 0) await writeSealed(queries, column, { id: row.id, sealed });
    }
    return { last: rows.length < rowsAtOnce ? undefined : rows.at(-1)?.id, done };
  });
}

function resealed(
  column: SealedColumn,
  { name, sealed }: SealedRow,
  next: Sealer,
): { readonly sealed: Readonly<Record<string, string>>; readonly done: Rotation } {
  const written: Record<string, string> = {};
  let done = nothingDone;
  for (const [field, text] of Object.entries(sealed)) {
    const opened = open(next, column, { name, field, text });
    const isDone = keyIdOf(text) === next.keyId;
    written[field] = 'says' in opened || isDone ? text : next.seal(opened.secret, column.place(name, field));
    if ('says' in opened) done = together(done, { ...nothingDone, findings: [opened] });
    else done = together(done, { sealed: isDone ? 0 : 1, already: isDone ? 1 : 0, findings: [] });
  }
  return { sealed: written, done };
}

interface Value {
  readonly name: string;
  readonly field: string;
  readonly text: string;
}

function open(
  sealer: Sealer,
  column: SealedColumn,
  { name, field, text }: Value,
): { readonly secret: Secret } | SecretFinding {
  const finding = (says: string): SecretFinding => ({ table: column.table, row: name, field, says });
  try {
    const secret = sealer.unseal(text, column.place(name, field));
    return holdsSealed(secret) ? finding('it opens to something that is sealed again') : { secret };
  } catch (thrown) {
    const id = keyIdOf(text);
    if (id === undefined) return finding('it is no whole sealed text');
    if (!sealer.keyIds.includes(id)) return finding(`it is sealed under a salt key that is not given (${id})`);
    return finding(`it does not open (${thrown instanceof Error ? thrown.message : 'unknown reason'})`);
  }
}

function together(one: Rotation, other: Rotation): Rotation {
  return {
    sealed: one.sealed + other.sealed,
    already: one.already + other.already,
    findings: [...one.findings, ...other.findings],
  };
}
