// Rows of the management API's own. Invariant: what a file or the environment holds is never written by it, for its owner would undo that.
import { GatewayError } from '../core/errors.ts';
import type { Owner } from '../core/records.ts';
import { type Queries, sqlStateOf, sqlStates } from './database.ts';

interface Place {
  readonly noun: string;
  readonly table: string;
  readonly key: string;
}

const places = {
  deployment: { noun: 'deployment', table: 'plumbline.deployments', key: 'id' },
  alias: { noun: 'alias', table: 'plumbline.aliases', key: 'name' },
  credential: { noun: 'credential', table: 'plumbline.credentials', key: 'name' },
  setting: { noun: 'setting', table: 'plumbline.settings', key: 'name' },
} as const satisfies Record<string, Place>;

export type RowKind = keyof typeof places;

/**
 * Takes a transaction, what is meant and its name; returns true when there is such a row, which is the API's and is held until the
 * transaction ends, false when there is none. Throws owned_elsewhere.
 */
export async function holdOwnRow(queries: Queries, kind: RowKind, name: string): Promise<boolean> {
  const { noun, table, key } = places[kind];
  const [row] = await queries.query<{ owner: Owner }>(`select owner from ${table} where ${key} = $1 for update`, [
    name,
  ]);
  if (row !== undefined && row.owner !== 'api') throw ownedElsewhere(noun, name, row.owner);
  return row !== undefined;
}

const homes = {
  file: 'the configuration file; change it there',
  environment: 'what was found in the environment at the start; change that, or start with a configuration file',
  api: 'the management API',
} as const;

function ownedElsewhere(noun: string, name: string, owner: Owner): GatewayError {
  return new GatewayError('owned_elsewhere', {
    message: `the ${noun} ${name} belongs to ${homes[owner]}`,
    field: noun,
  });
}

/** Takes a transaction; returns when nobody else changes models until it ends, so that what is looked for and what is stored agree. */
export async function aloneWithModels(queries: Queries): Promise<void> {
  await queries.query('lock table plumbline.aliases, plumbline.deployments in share row exclusive mode');
}

/**
 * Takes a transaction in which all is written; returns when references and fingerprints hold, which are looked at when it ends, and so
 * never in a rehearsal. Throws field_invalid with what the database says.
 */
export async function settleRows(queries: Queries): Promise<void> {
  try {
    await queries.query('set constraints all immediate');
  } catch (thrown) {
    const wrong = flaws.get(sqlStateOf(thrown) ?? '');
    if (wrong === undefined) throw thrown;
    const detail = (thrown as { detail?: string }).detail ?? '';
    throw new GatewayError('field_invalid', { message: `this ${wrong}. ${detail}`, cause: thrown });
  }
}

const flaws: ReadonlyMap<string, string> = new Map([
  [sqlStates.foreignKeyViolation, 'would leave something pointing at nothing'],
  [sqlStates.uniqueViolation, 'is there already'],
]);
