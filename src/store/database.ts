// What the store asks of a database: queries, transactions, news. One dialect, PostgreSQL 14 and later; members are a pool
// of connections (postgres-database.ts) and PGlite (pglite-database.ts).
import type { GatewayError } from '../core/errors.ts';

export interface QueryOptions {
  /** Prepares the statement under this name, once a connection. */
  readonly name?: string;
  /** How long to wait for the answer before the database counts as away; 30 s when not given. */
  readonly patienceMs?: number;
}

export interface Queries {
  /**
   * Takes SQL with $1, $2 … and its values; returns the rows (values as sql-values.ts says). Throws GatewayError
   * store_unavailable when the database is away; else what the database said, with its SQLSTATE in `code`.
   */
  query<Row>(sql: string, values?: readonly unknown[], options?: QueryOptions): Promise<Row[]>;
}

export interface TransactionOptions {
  /** True: reads only, and every query sees the same moment. */
  readonly snapshot?: boolean;
}

export interface ListenHandlers {
  readonly onPayload: (payload: string) => void;
  /** News may have been missed: called when listening has begun, and again each time it has begun anew. */
  readonly onGap: () => void;
  /** Listening has broken off; it is tried again by itself. */
  readonly onLost: (reason: GatewayError) => void;
}

export interface Database extends Queries {
  readonly kind: 'postgres' | 'pglite';
  /** Commits what the function did when it resolves, takes it back when it throws. */
  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Listens on a channel until the returned function is called; a lost connection is made again by itself. */
  listen(channel: string, handlers: ListenHandlers): () => Promise<void>;
  /** Ends all connections. Queries after that fail with store_unavailable. */
  close(): Promise<void>;
}

/** SQLSTATE values the store acts upon (PostgreSQL's manual, appendix A). */
export const sqlStates = {
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  checkViolation: '23514',
  undefinedTable: '42P01',
  deadlock: '40P01',
  serialization: '40001',
  /** A class: every state that begins so. */
  dataException: '22',
  /** A class: every state that begins so. */
  constraintViolation: '23',
} as const;

/** Takes anything thrown; returns its SQLSTATE, or undefined when the database did not say it. */
export function sqlStateOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) ? code : undefined;
}

/** Takes anything thrown by a query; returns the table of ours that is not there, or undefined when it is something else. */
export function missingTableOf(thrown: unknown): string | undefined {
  if (sqlStateOf(thrown) !== sqlStates.undefinedTable) return undefined;
  return /"plumbline\.([a-z_]+)"/.exec((thrown as Error).message)?.[1];
}

/** Takes anything thrown by a query; returns the constraint that was violated, or undefined. */
export function constraintOf(thrown: unknown): string | undefined {
  const constraint = thrown instanceof Error ? (thrown as { constraint?: unknown }).constraint : undefined;
  return typeof constraint === 'string' ? constraint : undefined;
}
