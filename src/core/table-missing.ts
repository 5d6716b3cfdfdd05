// What is said wherever a table of ours is gone: which, and how it comes back.
import { GatewayError } from './errors.ts';

/** Takes a table's name without its schema; returns the refusal of whatever needs it. */
export function tableMissing(table: string, cause?: unknown): GatewayError {
  return new GatewayError('table_missing', {
    message: `plumbline.${table}. Bring it back from a backup (pg_restore --schema=plumbline --table=${table}); the gateway goes on with it by itself, and serves the rest meanwhile`,
    retryAfterMs: 5_000,
    ...(cause === undefined ? {} : { cause }),
  });
}
