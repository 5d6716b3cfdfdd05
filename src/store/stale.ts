// What the database has told to have changed and the live view has not read yet.

const configurationTables = new Set(['aliases', 'canary', 'credentials', 'deployments', 'settings']);

/** What has been told and not been read yet. */
export interface Stale {
  configuration: boolean;
  everyKey: boolean;
  readonly hashes: Set<string>;
}

/** Returns that nothing is. */
export function nothingStale(): Stale {
  return { configuration: false, everyKey: false, hashes: new Set() };
}

/** Takes what is; true when it is anything. */
export function isStale(stale: Stale): boolean {
  return stale.configuration || stale.everyKey || stale.hashes.size > 0;
}

/** Takes two; returns what is in either. */
export function both(one: Stale, other: Stale): Stale {
  return {
    configuration: one.configuration || other.configuration,
    everyKey: one.everyKey || other.everyKey,
    hashes: one.hashes.union(other.hashes),
  };
}

/** Takes a payload: a table's name, `keys:` and a hash, nothing new, or undefined for everything. Other tables are not ours. */
export function markStale(stale: Stale, payload: string | undefined): void {
  const [table, row] = payload?.split(':') ?? [];
  if (payload === undefined || configurationTables.has(payload)) stale.configuration = true;
  if (payload === undefined || payload === 'keys') stale.everyKey = true;
  if (table === 'keys' && row !== undefined) stale.hashes.add(row);
}
