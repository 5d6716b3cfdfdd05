// Which salt key a database is sealed under. A word sealed at the first start is opened at each later one, so that a wrong key
// is noticed before anything is served or written. Invariant: whoever writes sealed values does so in a transaction that has
// asked `sealerFor`; it holds the canary until its end, so a rotation never falls between a writer's reading and its writing.
import { keyIdOf, type Sealer } from '../kit/seal.ts';
import { Secret } from '../kit/secret.ts';
import type { Queries } from './database.ts';
import { sealedColumns, sealedRows } from './sealed-columns.ts';
import { StartRefused } from './start-refused.ts';

const place = 'canary/only/sealed';
const word = new Secret('plumbline');

/** Returns the canary, or null when there is none yet. */
export async function readCanary(queries: Queries): Promise<string | null> {
  const [row] = await queries.query<{ sealed: string }>('select sealed from plumbline.canary');
  return row?.sealed ?? null;
}

/** Takes a database of any schema and the keys of this process; throws StartRefused when none opens its canary. Writes nothing. */
export async function refuseWrongKey(queries: Queries, sealer: Sealer): Promise<void> {
  const [found] = await queries.query<{ isThere: boolean }>(
    `select to_regclass('plumbline.canary') is not null as "isThere"`,
  );
  const canary = found?.isThere === true ? await readCanary(queries) : null;
  if (canary !== null) sealerOf(canary, sealer);
}

/**
 * Takes a transaction and the keys of this process; returns a sealer that seals under the key the database is sealed under,
 * which stays so until the transaction ends. Makes the canary when there is none. Throws StartRefused when no key opens it.
 */
export async function sealerFor(queries: Queries, sealer: Sealer): Promise<Sealer> {
  return sealerOf((await held(queries, 'share')) ?? (await make(queries, sealer)), sealer);
}

/** Takes a canary and the keys of this process; returns a sealer that seals under the canary's. Throws StartRefused when none opens it. */
export function sealerOf(canary: string, sealer: Sealer): Sealer {
  let opened: Secret | undefined;
  try {
    opened = sealer.unseal(canary, place);
  } catch (thrown) {
    throw wrongKey(canary, sealer, thrown);
  }
  const writing = sealer.under(keyIdOf(canary) ?? '');
  if (writing === undefined || !opened.equals(word)) throw wrongKey(canary, sealer);
  return writing;
}

/**
 * Takes a transaction and keys of which the first is to seal from now on; seals the canary under it and holds it alone until
 * the transaction ends: writers wait. Throws StartRefused when no key opens it.
 */
export async function turnCanary(queries: Queries, next: Sealer): Promise<void> {
  const found = (await held(queries, 'update')) ?? (await make(queries, next));
  if (sealerOf(found, next).keyId === next.keyId) return;
  await queries.query('update plumbline.canary set sealed = $1', [next.seal(word, place)]);
}

async function held(queries: Queries, how: 'share' | 'update'): Promise<string | undefined> {
  const [row] = await queries.query<{ sealed: string }>(`select sealed from plumbline.canary for ${how}`);
  return row?.sealed;
}

/** Of two that begin at once one makes it; the other finds it. */
async function make(queries: Queries, sealer: Sealer): Promise<string> {
  await refuseForeignRows(queries, sealer);
  const sealed = sealer.seal(word, place);
  await queries.query('insert into plumbline.canary (sealed) values ($1) on conflict do nothing', [sealed]);
  const found = await held(queries, 'share');
  if (found === undefined) throw new Error('the canary is not there although it was written');
  return found;
}

/** A database of before the canary: a key that opens nothing of what is stored is the wrong one. */
async function refuseForeignRows(queries: Queries, sealer: Sealer): Promise<void> {
  for (const column of sealedColumns) {
    for (const { name, sealed } of await sealedRows(queries, column)) {
      const values = Object.entries(sealed);
      if (values.some(([field, text]) => opens(sealer, text, column.place(name, field)))) return;
      const [first] = values;
      if (first !== undefined) throw wrongKey(first[1], sealer);
    }
  }
}

function opens(sealer: Sealer, sealed: string, at: string): boolean {
  try {
    sealer.unseal(sealed, at);
    return true;
  } catch {
    return false; // which of its reasons it is makes no difference: another value is tried
  }
}

function wrongKey(sealed: string, sealer: Sealer, cause?: unknown): StartRefused {
  const [id, known] = [keyIdOf(sealed) ?? 'unreadable', sealer.keyIds.join(', ')];
  return new StartRefused(
    known.includes(id)
      ? `the database's proof of its salt key (${id}) is damaged: it does not open with this salt key`
      : `the database is sealed under the salt key ${id} and does not open with this salt key (${known}); nothing was changed`,
    'start with the salt key it was sealed under (PLUMBLINE_SALT_KEY, or the file salt-key of the data folder); to change to a new one, give the old one as PLUMBLINE_SALT_KEY_PREVIOUS and run `plumbline secrets rotate` (docs/secrets.md)',
    { cause },
  );
}
