// Rows that belong to somebody: a file, the environment, the management API. Invariant: an owner's declaration replaces
// that owner's rows and no others; a name that somebody else holds is refused. But what the API has stored keeps nobody from starting:
// a name that it holds goes over to whoever declares it, and a row that others' rows need stays, as the API's.
import { GatewayError } from '../core/errors.ts';
import type { Owner } from '../core/records.ts';
import type { Queries } from './database.ts';

/** What a declaration did, by name. A second run of the same changes nothing. */
export interface Replaced {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  /** No longer declared, and the API's now, because rows of others need them. Absent: none. */
  readonly passedOn?: readonly string[];
}

/** How the rows of a table are declared: its key and its other columns, each with its type. */
export interface OwnedTable {
  /** Singular, for people: `alias`. */
  readonly noun: string;
  readonly table: string;
  readonly key: string;
  readonly columns: Readonly<Record<string, string>>;
  /** SQL over `held` and `excluded`: which of the API's rows go over to whoever declares them. Absent: all. */
  readonly goesOver?: string;
  /** SQL over `held`, its owner as $1, the names that stay as $2: which rows others' rows need. Absent: none. */
  readonly needed?: string;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Takes a table, an owner and all rows it declares (by column); makes them the rows of that owner, or, when nothing is to be
 * pruned, adds them to its rows. Run it in a transaction.
 */
export async function replaceOwnedRows(
  queries: Queries,
  shape: OwnedTable,
  owner: Owner,
  rows: readonly Row[],
  prunes = true,
): Promise<Replaced> {
  const names = rows.map((row) => String(row[shape.key]));
  refuseTwice(shape, names);
  const written = await queries.query<{ name: string; isNew: boolean }>(upsert(shape), [JSON.stringify(rows), owner]);
  await refuseForeign(queries, shape, owner, names);
  const passedOn = prunes ? await passOn(queries, shape, owner, names) : [];
  const removed = prunes ? await removeOthers(queries, shape, owner, names) : [];
  return {
    added: written.filter((row) => row.isNew).map((row) => row.name),
    changed: written.filter((row) => !row.isNew).map((row) => row.name),
    removed: removed.map((row) => row.name),
    unchanged: names.length - written.length,
    ...(passedOn.length === 0 ? {} : { passedOn: passedOn.map((row) => row.name) }),
  };
}

/** What is passed on needs rows in its turn, which go with it. */
async function passOn(
  queries: Queries,
  { table, key, needed }: OwnedTable,
  owner: Owner,
  names: readonly string[],
): Promise<{ name: string }[]> {
  if (needed === undefined || owner === 'api') return [];
  const passed: { name: string }[] = [];
  for (;;) {
    const rows = await queries.query<{ name: string }>(
      `update ${table} as held set owner = 'api', updated_at = now()
       where owner = $1 and not (${key} = any($2::text[])) and (${needed}) returning ${key} as name`,
      [owner, names],
    );
    if (rows.length === 0) return passed;
    passed.push(...rows);
  }
}

function removeOthers(
  queries: Queries,
  shape: OwnedTable,
  owner: Owner,
  names: readonly string[],
): Promise<{ name: string }[]> {
  return queries.query<{ name: string }>(
    `delete from ${shape.table} where owner = $1 and not (${shape.key} = any($2::text[])) returning ${shape.key} as name`,
    [owner, names],
  );
}

/** Rows that are as declared already are not touched: nobody is told of a change that is none. */
function upsert({ table, key, columns, goesOver = 'true' }: OwnedTable): string {
  const names = Object.keys(columns);
  const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  const of = (row: string) => names.map((name) => `${row}.${name}`).join(', ');
  return `insert into ${table} as held (${key}, owner, ${names.join(', ')})
    select declared.${key}, $2, ${of('declared')}
    from jsonb_to_recordset($1::jsonb) as declared(${[`${key} text`, ...typed].join(', ')})
    on conflict (${key}) do update
    set owner = excluded.owner, ${names.map((name) => `${name} = excluded.${name}`).join(', ')}, updated_at = now()
    where (held.owner = excluded.owner or (held.owner = 'api' and ${goesOver}))
      and (held.owner, ${of('held')}) is distinct from (excluded.owner, ${of('excluded')})
    returning ${key} as name, xmax = 0 as "isNew"`;
}

function refuseTwice(shape: OwnedTable, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new GatewayError('field_invalid', {
    message: `the ${shape.noun} "${twice}" is declared twice`,
    field: shape.key,
  });
}

async function refuseForeign(
  queries: Queries,
  shape: OwnedTable,
  owner: Owner,
  names: readonly string[],
): Promise<void> {
  const [foreign] = await queries.query<{ name: string; owner: string }>(
    `select ${shape.key} as name, owner from ${shape.table} where ${shape.key} = any($1::text[]) and owner <> $2 limit 1`,
    [names, owner],
  );
  if (foreign === undefined) return;
  throw new GatewayError('field_invalid', {
    message: `the ${shape.noun} "${foreign.name}" belongs to the ${foreign.owner}, so the ${owner} cannot declare it`,
    field: shape.key,
  });
}
