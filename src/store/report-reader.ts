// Reports beside the traffic: they only read, are given up after a while, and few run at once, so that neither the
// database nor the connections that usage is written through are taken up by a dashboard.
import { GatewayError } from '../core/errors.ts';
import { type Database, type Queries, sqlStateOf, sqlStates } from './database.ts';

export interface ReportOptions {
  /** Reports that run at the same time; the rest wait. */
  readonly atOnce?: number;
  /** Milliseconds the database may work on one. */
  readonly patienceMs?: number;
}

const queryCanceled = '57014';

/**
 * Takes a database; returns queries that read from it as reports do. They throw report_too_large when given up, field_invalid
 * when what they are asked for is nothing the database knows (a day before the first, say).
 */
export function openReportReader(database: Pick<Database, 'transaction'>, options: ReportOptions = {}): Queries {
  const { atOnce = 2, patienceMs = 20_000 } = options;
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
  };
  /** The place goes to who waits longest; with nobody waiting it is free. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
  return {
    query: async (sql, values, how) => {
      await enter();
      try {
        return await database.transaction(
          async (queries) => {
            await queries.query(`set local statement_timeout = ${patienceMs}`);
            return queries.query(sql, values, how);
          },
          { snapshot: true },
        );
      } catch (thrown) {
        throw understood(thrown);
      } finally {
        leave();
      }
    },
  };
}

function understood(thrown: unknown): unknown {
  const state = sqlStateOf(thrown) ?? '';
  if (state === queryCanceled) return tooLarge(thrown);
  if (!state.startsWith(sqlStates.dataException)) return thrown;
  return new GatewayError('field_invalid', { message: 'a value is beyond what can be looked for', cause: thrown });
}

function tooLarge(cause: unknown): GatewayError {
  const message = 'the database was at it for too long; ask for fewer days, or for whole days';
  return new GatewayError('report_too_large', { message, cause });
}
