// A change by the management API: in one transaction, in force here before it is answered, or rehearsed and taken back.
import type { JsonObject } from '../core/json.ts';
import { settleRows } from '../store/api-row.ts';
import type { Queries } from '../store/database.ts';
import type { WriteParts } from './model-parts.ts';

/** How a change is asked for. */
export interface Asking {
  /** True: say what would be done, and do nothing. */
  readonly isRehearsal: boolean;
}

/** What a rehearsal throws to have everything taken back. */
class TakenBack extends Error {}

/** Takes parts, how it is asked for, and the change; returns what the change returns. Throws what it throws, and then nothing was changed. */
export async function changed<Result>(
  parts: WriteParts,
  { isRehearsal }: Asking,
  change: (queries: Queries) => Promise<Result>,
): Promise<Result> {
  const done: Result[] = [];
  try {
    await parts.database.transaction(async (queries) => {
      done.push(await change(queries));
      await settleRows(queries);
      if (isRehearsal) throw new TakenBack();
    });
  } catch (thrown) {
    if (!(thrown instanceof TakenBack)) throw thrown;
  }
  const [result] = done.slice(-1);
  if (result === undefined) throw new Error('a change came to no end');
  if (!isRehearsal) await parts.refresh();
  return result;
}

/** Takes how it was asked for, what was done (`added`, `there-already`, …) and notes; returns what the answer says of it. */
export function asTold({ isRehearsal }: Asking, did: string, notes: readonly string[] = []): JsonObject {
  return { plumbline: { did, dry_run: isRehearsal, ...(notes.length === 0 ? {} : { notes: [...notes] }) } };
}
