// What was surveyed, compared with what was brought before: as a plan, or carried out. Invariants: each item and the note of it are
// written in one transaction; one that the tables refuse is a finding and stops no other; what is unchanged is not touched.
import { GatewayError } from '../core/errors.ts';
import type { Sealer } from '../kit/seal.ts';
import { setBalance } from '../store/adopted-usage.ts';
import { constraintOf, type Database, type Queries, sqlStateOf, sqlStates } from '../store/database.ts';
import { type AdoptedRow, noteAdopted, readAdopted } from '../store/tables/adopted.ts';
import { updateKey } from '../store/tables/keys.ts';
import type { Counts, Finding, Item, Kind } from './item.ts';
import { kinds } from './item.ts';
import { keyTable, type Spent } from './keys.ts';
import { modelTable } from './models.ts';
import type { Survey } from './survey.ts';

/** What became of a survey, or would. */
export interface Outcome {
  readonly counts: Readonly<Record<Kind, Counts>>;
  /** Keys whose spend so far was brought, or changed there. */
  readonly balances: number;
  readonly findings: readonly Finding[];
  /** `model chat (openai/gpt-4o)`: what is new or changed. */
  readonly changes: readonly string[];
}

type Tally = { -readonly [Field in keyof Counts]: Counts[Field] };

/** Takes a survey and what was brought before; says what would be done. */
export function planned(survey: Survey, before: readonly AdoptedRow[]): Outcome {
  const tally = tallyOf(survey);
  const changes: string[] = [];
  const noted = notesOf(before);
  for (const item of survey.gathered.items) {
    const isSame = noted.get(`${item.kind}:${item.id}`)?.checksum === item.checksum;
    tally[item.kind][isSame ? 'unchanged' : 'brought'] += 1;
    if (item.isDisabled) tally[item.kind].disabled += 1;
    if (!isSame) changes.push(`${item.kind} ${item.name}`);
  }
  const balances = survey.spent.filter((spent) => balanceOf(spent, noted) !== undefined).length;
  return { counts: tally, balances, findings: [...survey.gathered.findings, ...gone(survey, before)], changes };
}

/** Takes our database, a survey and the keys; brings over what is new or changed. Throws store_unavailable. */
export async function carryOut(database: Database, survey: Survey, sealer: Sealer): Promise<Outcome> {
  const before = await readAdopted(database);
  const noted = notesOf(before);
  const tally = tallyOf(survey);
  const findings = [...survey.gathered.findings];
  const changes: string[] = [];
  for (const item of survey.gathered.items) {
    const row = noted.get(`${item.kind}:${item.id}`);
    const tell = (says: string): void => void findings.push({ ...placeOf(item), says, mend: '' });
    const done = row?.checksum === item.checksum ? 'unchanged' : await bring({ database, sealer, tell }, item, row);
    if (typeof done === 'string') tally[item.kind][done] += 1;
    else {
      tally[item.kind].refused += 1;
      findings.push(done);
    }
    if (done === 'brought') changes.push(`${item.kind} ${item.name}`);
    if (item.isDisabled && (done === 'brought' || done === 'unchanged')) tally[item.kind].disabled += 1;
  }
  const left = gone(survey, before);
  for (const { row } of left.filter(({ table }) => table === 'key')) await disable(database, row);
  const balances = await bringBalances(database, survey.spent);
  return { counts: tally, balances, findings: [...findings, ...left], changes };
}

function tallyOf({ gathered }: Survey): Record<Kind, Tally> {
  const tally = (kind: Kind): Tally => ({
    found: gathered.found[kind],
    brought: 0,
    unchanged: 0,
    merged: gathered.merged[kind],
    refused: gathered.refused[kind],
    disabled: 0,
  });
  return Object.fromEntries(kinds.map((kind) => [kind, tally(kind)])) as Record<Kind, Tally>;
}

function notesOf(before: readonly AdoptedRow[]): ReadonlyMap<string, AdoptedRow> {
  return new Map(before.map((row) => [`${row.kind}:${row.sourceId}`, row]));
}

interface Hands {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly tell: (says: string) => void;
}

async function bring(
  { database, sealer, tell }: Hands,
  item: Item,
  before: AdoptedRow | undefined,
): Promise<'brought' | 'merged' | Finding> {
  try {
    const { isMerged = false, note } = await database.transaction(async (queries) => {
      const written = await item.write(queries, sealer, before?.ourId);
      const { kind, id: sourceId, checksum } = item;
      await noteAdopted(queries, { kind, sourceId, ourId: written.ourId, checksum });
      return written;
    });
    if (note !== undefined) tell(note);
    return isMerged ? 'merged' : 'brought';
  } catch (thrown) {
    const says = refusalIn(thrown);
    if (says === undefined) throw thrown;
    return { ...placeOf(item), says, mend: 'mend that and run this again' };
  }
}

function placeOf({ kind, name }: Item): Pick<Finding, 'table' | 'row' | 'field'> {
  return { table: kind, row: name, field: '' };
}

/** What our tables say no to; anything else that is thrown is no verdict on the item. */
function refusalIn(thrown: unknown): string | undefined {
  if (thrown instanceof GatewayError) return thrown.code === 'store_unavailable' ? undefined : thrown.message;
  const state = sqlStateOf(thrown) ?? '';
  const isVerdict = state.startsWith(sqlStates.dataException) || state.startsWith(sqlStates.constraintViolation);
  return isVerdict ? `the tables do not take it (${constraintOf(thrown) ?? state})` : undefined;
}

/** What was brought before and would not be brought now. A table that is not there says nothing about its rows. */
function gone({ gathered, missing }: Survey, before: readonly AdoptedRow[]): Finding[] {
  const there = new Set(gathered.items.map(({ kind, id }) => `${kind}:${id}`));
  const left = before.filter(({ kind, sourceId }) => !there.has(`${kind}:${sourceId}`));
  const models = missing.includes(modelTable) ? [] : left.filter(({ kind }) => kind === 'model');
  const keys = missing.includes(keyTable) ? [] : left.filter(({ kind }) => kind === 'key');
  return [
    ...models.map(({ ourId }) => ({
      table: 'model',
      row: ourId,
      field: '',
      says: 'it was brought over before; in LiteLLM it is gone, decommissioned, one with another or not readable now; it stays here',
      mend: `\`plumbline models rm ${ourId}\``,
    })),
    ...keys.map(({ ourId }) => ({
      table: 'key',
      row: ourId,
      field: '',
      says: 'it is no longer in LiteLLM; it is disabled here',
      mend: 'delete it',
    })),
  ];
}

async function disable(queries: Queries, hash: string): Promise<void> {
  await updateKey(queries, hash, { blocked: true });
}

/** What a key had spent beyond the rows of its history that were brought; undefined when that stands here already. */
function balanceOf(
  { keyHash, dollars, since }: Spent,
  noted: ReadonlyMap<string, AdoptedRow>,
): { readonly day: string; readonly cost: number } | undefined {
  const before = noted.get(`spend:${keyHash}`);
  const inRows = noted.get(`history:${keyHash}`)?.amount ?? 0;
  const cost = Math.max(0, Math.round((dollars - inRows) * 1e12) / 1e12);
  if (before === undefined ? cost === 0 : before.checksum === String(cost)) return undefined;
  return { day: before?.ourId ?? new Date(since ?? 0).toISOString().slice(0, 10), cost };
}

/** After the history, whose rows are part of what was spent. */
async function bringBalances(database: Database, spent: readonly Spent[]): Promise<number> {
  const noted = notesOf(await readAdopted(database));
  let count = 0;
  for (const one of spent) {
    const balance = balanceOf(one, noted);
    if (balance === undefined) continue;
    const { keyHash, userId, teamId } = one;
    await database.transaction(async (queries) => {
      await setBalance(queries, { keyHash, userId, teamId, ...balance });
      await noteAdopted(queries, {
        kind: 'spend',
        sourceId: keyHash,
        ourId: balance.day,
        checksum: String(balance.cost),
      });
    });
    count += 1;
  }
  return count;
}
