// What people call a key whose hash stands in a report: its alias, else what is left visible of its secret.
import type { Caller } from '../core/caller.ts';
import { keysByHash } from '../store/tables/keys.ts';
import type { UsageGroup } from '../store/usage-reports.ts';
import type { ReportParts } from './asked-usage.ts';

export interface KeyName {
  readonly alias: string | null;
  /** `sk-...` and the last four characters; null for the master key and for keys that were deleted. */
  readonly preview: string | null;
  readonly teamId: string | null;
  /** One word for people. */
  readonly shown: string;
}

/** Takes groups with a key each and the caller; returns hash → name for every one of them, deleted keys included. */
export async function keyNames(
  groups: readonly UsageGroup[],
  caller: Caller,
  parts: ReportParts,
): Promise<ReadonlyMap<string, KeyName>> {
  const hashes = [...new Set(groups.map(({ key }) => key).filter((hash) => typeof hash === 'string'))];
  const keys = await keysByHash(parts.reports, hashes);
  const known = new Map(keys.map((key) => [key.hash, key]));
  return new Map(
    hashes.map((hash) => {
      const key = known.get(hash);
      const isMaster = caller.isMaster && caller.hash === hash;
      const gone = isMaster ? 'master key' : `deleted ${hash.slice(0, 8)}`;
      const { alias = null, preview = null, teamId = null } = key ?? {};
      return [hash, { alias, preview, teamId, shown: alias ?? preview ?? gone }];
    }),
  );
}
