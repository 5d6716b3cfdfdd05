// A declaration (a file's, the environment's) brought into the tables: all of it or nothing, and twice is as once.
import { GatewayError } from '../core/errors.ts';
import type { Declaration } from '../core/records.ts';
import type { Sealer } from '../kit/seal.ts';
import { type Database, type Queries, sqlStateOf, sqlStates } from './database.ts';
import type { Replaced } from './owned-rows.ts';
import { replaceAliases } from './tables/aliases.ts';
import { replaceCredentials } from './tables/credentials.ts';
import { replaceDeployments } from './tables/deployments.ts';
import { replaceRouterSettings } from './tables/settings.ts';

/** What became of a declaration, by kind. */
export interface ReplacedKinds {
  readonly credentials: Replaced;
  readonly aliases: Replaced;
  readonly deployments: Replaced;
  readonly settings: Replaced;
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
  { prunes = true }: ReplaceOptions = {},
): Promise<ReplacedKinds> {
  return database.transaction((queries) => replaceKinds(queries, declaration, sealer, prunes));
}

export interface ReplaceOptions {
  /** False: rows of the owner that it does not declare stay. */
  readonly prunes?: boolean;
}

/** What a rehearsal throws to have everything taken back. */
class TakenBack extends Error {}

/** Takes what replaceOwned takes; returns what it would do, and changes nothing. Throws what it would throw. */
export async function rehearseOwned(
  database: Database,
  declaration: Declaration,
  sealer: Sealer,
  { prunes = true }: ReplaceOptions = {},
): Promise<ReplacedKinds> {
  let result: ReplacedKinds | undefined;
  try {
    await database.transaction(async (queries) => {
      result = await replaceKinds(queries, declaration, sealer, prunes);
      throw new TakenBack();
    });
  } catch (thrown) {
    if (result === undefined || !(thrown instanceof TakenBack)) throw thrown;
  }
  if (result === undefined) throw new Error('the rehearsal came to no end');
  return result;
}

async function replaceKinds(
  queries: Queries,
  declaration: Declaration,
  sealer: Sealer,
  prunes: boolean,
): Promise<ReplacedKinds> {
  const { owner } = declaration;
  const credentials = await replaceCredentials(queries, owner, declaration.credentials, sealer, prunes);
  const aliases = await replaceAliases(queries, owner, declaration.aliases, prunes);
  const deployments = await replaceDeployments(queries, owner, declaration.deployments, prunes);
  const settings = await replaceRouterSettings(queries, owner, declaration.router, prunes);
  await refuseDangling(queries, owner);
  return { credentials, aliases, deployments, settings };
}

/** References and fingerprints are looked at when all is written, so that the order of rows and kinds does not matter. */
async function refuseDangling(queries: Queries, owner: string): Promise<void> {
  try {
    await queries.query('set constraints all immediate');
  } catch (thrown) {
    const wrong = flaws.get(sqlStateOf(thrown) ?? '');
    if (wrong === undefined) throw thrown;
    const detail = (thrown as { detail?: string }).detail ?? '';
    throw new GatewayError('field_invalid', {
      message: `what the ${owner} declares ${wrong}. ${detail}`,
      cause: thrown,
    });
  }
}

const flaws: ReadonlyMap<string, string> = new Map([
  [sqlStates.foreignKeyViolation, 'would leave something pointing at nothing'],
  [sqlStates.uniqueViolation, 'holds the same deployment twice under one alias'],
]);
