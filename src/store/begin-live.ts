// The beginning of what is served: the schema made right, what is declared brought in, all of it read and followed. Invariant: a table
// that is gone, or a database that is away, costs what needs it and nothing else.
import { GatewayError } from '../core/errors.ts';
import type { Declaration } from '../core/records.ts';
import type { Log } from '../kit/log.ts';
import type { Sealer } from '../kit/seal.ts';
import { refuseWrongKey } from './canary.ts';
import type { Database } from './database.ts';
import { compare, migrate, type Store } from './index.ts';
import { type Live, openLive, openLiveFrom } from './live.ts';
import { declaredOver, noRows } from './live-rows.ts';
import { missingTables } from './present-tables.ts';
import { ownedTables, type ReplacedKinds, replaceOwned } from './replace-owned.ts';
import { readSnapshot, type SnapshotPlace } from './snapshot.ts';
import { lostFallbacks } from './tables/aliases.ts';

/**
 * Takes a database, what is declared, the keys that seal, and where what was last known is kept (null: nowhere); returns what is
 * served, kept fresh. With the database away that is what was last known and what is declared. Throws StartRefused, field_invalid.
 */
export async function beginLive(
  store: Store,
  declaration: Declaration,
  sealer: Sealer,
  place: SnapshotPlace | null,
  log: Log,
): Promise<Live> {
  const prepare = async (): Promise<void> => {
    await refuseWrongKey(store.database, sealer);
    await migrate(store.database);
    await tellOfNewer(store, log);
    if (declaration.owner === 'file') await bringIn(nothingFound, store.database, sealer, log);
    const changes = await bringIn(declaration, store.database, sealer, log);
    log.info('declared models are in the tables', { owner: declaration.owner, ...changes });
    await tellOfLost(store, log);
  };
  try {
    await prepare();
    return await openLive(store.database, log);
  } catch (thrown) {
    const isAway = thrown instanceof GatewayError && thrown.code === 'store_unavailable';
    if (!isAway || place === null) throw thrown;
    const known = readSnapshot(place, log);
    log.error('the database is away at the start; what was last known is served until it is there', {
      knownAt: known === undefined ? null : new Date(known.takenAt).toISOString(),
      error: thrown.cause,
    });
    const rows = declaredOver(known?.rows ?? noRows, declaration, sealer);
    return openLiveFrom({ rows, known: known !== undefined, prepare }, store.database, log);
  }
}

async function tellOfNewer({ database }: Store, log: Log): Promise<void> {
  const { beside } = await compare(database);
  if (beside.length > 0)
    log.info('a newer gateway has added to the tables; this one runs beside it', { steps: beside });
}

/** The database takes no fallback that leads nowhere; what was stored before it looked is told. */
async function tellOfLost({ database }: Store, log: Log): Promise<void> {
  if ((await missingTables(database, ownedTables)).size > 0) return;
  for (const { source, name } of await lostFallbacks(database)) {
    const subject = source === null ? 'the default fallbacks name' : `the alias ${source} falls back on`;
    const mend = 'add that model, or take the name out of the fallbacks';
    log.warn(`${subject} ${name}, and there is no such model; nothing falls back there`, { alias: source, name, mend });
  }
}

/** A file takes the place of what an earlier start found by itself. */
const nothingFound: Declaration = {
  owner: 'environment',
  aliases: [],
  deployments: [],
  credentials: [],
  router: {},
  toolServers: [],
};

/**
 * Takes a declaration and the sealer; brings it into the tables (replaceOwned), as far as they are there: what is declared for a missing one
 * is left out, which is logged. Rows of the management API stay as they are.
 */
export async function bringIn(
  declaration: Declaration,
  database: Database,
  sealer: Sealer,
  log: Log,
): Promise<ReplacedKinds> {
  const without = await missingTables(database, ownedTables);
  const changes = await replaceOwned(database, declaration, sealer, { without });
  if (without.size > 0)
    log.error('tables are missing: what is declared for them is left out', { missing: [...without] });
  return changes;
}
