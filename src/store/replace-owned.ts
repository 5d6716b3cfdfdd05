// A declaration (a file's, the environment's) brought into the tables: all of it or nothing, and twice is as once.
import { GatewayError } from '../core/errors.ts';
import type { Declaration } from '../core/records.ts';
import type { Sealer } from '../kit/seal.ts';
import { constraintOf, type Database, type Queries, sqlStateOf, sqlStates } from './database.ts';
import type { Replaced } from './owned-rows.ts';
import { replaceAliases } from './tables/aliases.ts';
import { replaceCredentials } from './tables/credentials.ts';
import { replaceDeployments } from './tables/deployments.ts';
import { replaceRouterSettings } from './tables/settings.ts';
import { replaceToolServers } from './tables/tool-servers.ts';

/** What became of a declaration, by kind. */
export interface ReplacedKinds {
  readonly credentials: Replaced;
  readonly aliases: Replaced;
  readonly deployments: Replaced;
  readonly settings: Replaced;
  readonly toolServers: Replaced;
}

/**
 * Takes a declaration and the sealer for its secrets; replaces the rows of its owner, and only those, in one transaction.
 * Throws field_invalid when a name is declared twice or belongs to somebody else, or when something would be left pointing
 * at nothing (an alias another owner's deployment stands under).
 */
export function replaceOwned(
  database: Database,
  declaration: Declaration,
  sealer: Sealer,
  options: ReplaceOptions = {},
): Promise<ReplacedKinds> {
  return database.transaction((queries) => replaceKinds(queries, declaration, sealer, options));
}

/** What a declaration is written to, and what tells under which key. */
export const ownedTables = ['credentials', 'aliases', 'deployments', 'settings', 'tool_servers', 'canary'] as const;

export interface ReplaceOptions {
  /** False: rows of the owner that it does not declare stay. */
  readonly prunes?: boolean;
  /** Tables that are not there: what is declared for them is left out. */
  readonly without?: ReadonlySet<string>;
}

/** What a rehearsal throws to have everything taken back. */
class TakenBack extends Error {}

/** Takes what replaceOwned takes; returns what it would do, and changes nothing. Throws what it would throw. */
export async function rehearseOwned(
  database: Database,
  declaration: Declaration,
  sealer: Sealer,
  options: ReplaceOptions = {},
): Promise<ReplacedKinds> {
  let result: ReplacedKinds | undefined;
  try {
    await database.transaction(async (queries) => {
      result = await replaceKinds(queries, declaration, sealer, options);
      throw new TakenBack();
    });
  } catch (thrown) {
    if (result === undefined || !(thrown instanceof TakenBack)) throw thrown;
  }
  if (result === undefined) throw new Error('the rehearsal came to no end');
  return result;
}

const untouched: Replaced = { added: [], changed: [], removed: [], unchanged: 0 };

async function replaceKinds(
  queries: Queries,
  declaration: Declaration,
  sealer: Sealer,
  { prunes = true, without = new Set() }: ReplaceOptions,
): Promise<ReplacedKinds> {
  const { owner } = declaration;
  // What nobody needs any more is known only where all are that might; tools need none of it.
  const prunesNeeded = prunes && [...without].every((table) => table === 'tool_servers');
  const sealsOnto = (table: 'credentials' | 'tool_servers'): typeof table | 'canary' =>
    without.has('canary') ? 'canary' : table;
  const onto = (table: (typeof ownedTables)[number], replace: () => Promise<Replaced>): Promise<Replaced> =>
    without.has(table) ? Promise.resolve(untouched) : replace();
  const credentials = await onto(sealsOnto('credentials'), () =>
    replaceCredentials(queries, owner, declaration.credentials, sealer, prunesNeeded),
  );
  const aliases = await onto('aliases', () => replaceAliases(queries, owner, declaration.aliases, prunesNeeded));
  const deployments = await onto('deployments', () =>
    replaceDeployments(queries, owner, declaration.deployments, prunes),
  );
  const settings = await onto('settings', () => replaceRouterSettings(queries, owner, declaration.router, prunes));
  const toolServers = await onto(sealsOnto('tool_servers'), () =>
    replaceToolServers(queries, owner, declaration.toolServers, sealer, prunes),
  );
  await refuseDangling(queries, owner);
  return { credentials, aliases, deployments, settings, toolServers };
}

/** References and fingerprints are looked at when all is written, so that the order of rows and kinds does not matter. */
async function refuseDangling(queries: Queries, owner: string): Promise<void> {
  try {
    await queries.query('set constraints all immediate');
  } catch (thrown) {
    const wrong = flaws.get(constraintOf(thrown) ?? '') ?? flaws.get(sqlStateOf(thrown) ?? '');
    if (wrong === undefined) throw thrown;
    const detail = (thrown as { detail?: string }).detail ?? '';
    throw new GatewayError('field_invalid', {
      message: `what the ${owner} declares ${wrong}. ${detail}`,
      cause: thrown,
    });
  }
}

const flaws: ReadonlyMap<string, string> = new Map([
  ['tool_servers_prefix', 'gives the tools of two servers the same beginning'],
  [sqlStates.foreignKeyViolation, 'would leave something pointing at nothing'],
  [sqlStates.uniqueViolation, 'holds the same deployment twice under one alias'],
]);
