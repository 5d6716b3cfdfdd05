// LiteLLM's spend log → usage rows, a page at a time. Invariants: memory does not grow with the log; a row is brought once, and whatever
// ends a run, the next goes on.
import { bringUsage, makeDay } from '../store/adopted-usage.ts';
import type { Database } from '../store/database.ts';
import { litellmUsage } from '../store/litellm/litellm-usage.ts';
import type { LitellmDatabase } from '../store/litellm/open-litellm.ts';
import { usageOf } from './usage-of.ts';

export interface HistoryCounts {
  readonly found: number;
  readonly brought: number;
}

const dayMs = 86_400_000;

/** Takes both databases, since when and until when (milliseconds), and whom to tell; brings the rows over that are not here yet. */
export async function bringHistory(
  litellm: LitellmDatabase,
  database: Database,
  { since, until }: { readonly since: number; readonly until: number },
  tell: (sofar: HistoryCounts) => void,
): Promise<HistoryCounts> {
  let sofar: HistoryCounts = { found: 0, brought: 0 };
  const made = new Set<number>();
  for await (const page of litellmUsage(litellm, since)) {
    const rows = page.map(usageOf).filter((row) => row !== undefined);
    const days = new Set(rows.map(({ startedAt }) => Math.floor(Math.min(startedAt, until) / dayMs)));
    for (const day of days) {
      if (!made.has(day)) await makeDay(database, day * dayMs);
      made.add(day);
    }
    const brought = rows.length === 0 ? 0 : await bringUsage(database, rows);
    sofar = { found: sofar.found + page.length, brought: sofar.brought + brought };
    tell(sofar);
  }
  return sofar;
}
