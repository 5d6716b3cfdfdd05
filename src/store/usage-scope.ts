// Which usage rows a report is about, as conditions of a query.
import { timeText } from './sql-values.ts';

/** Which rows count. A list allows any of its values; an empty list allows none. */
export interface UsageScope {
  /** Milliseconds; rows that began at or after. */
  readonly from?: number | undefined;
  /** Milliseconds; rows that began before. */
  readonly until?: number | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly providers?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
  readonly customers?: readonly string[] | undefined;
  /** Rows that carry any of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Rows that have one at all. */
  readonly having?: 'team' | 'customer' | 'tag' | undefined;
  readonly requestIds?: readonly string[] | undefined;
  readonly sessions?: readonly string[] | undefined;
  readonly deployments?: readonly string[] | undefined;
  readonly isSuccess?: boolean | undefined;
  /** US dollars, both ends included. */
  readonly leastCost?: number | undefined;
  readonly mostCost?: number | undefined;
}

const filters: readonly (readonly [keyof UsageScope, string])[] = [
  ['keys', 'key_hash'],
  ['aliases', 'alias'],
  ['models', 'model'],
  ['providers', 'provider'],
  ['users', 'user_id'],
  ['teams', 'team_id'],
  ['customers', 'end_user'],
  ['requestIds', 'request_id'],
  ['sessions', 'session'],
  ['deployments', 'deployment_id'],
];

const present = {
  team: 'team_id is not null',
  customer: 'end_user is not null',
  tag: 'cardinality(tags) > 0',
} as const;

/** How a table tells time: rows by the moment they began, sums by their day. */
const times = {
  rows: { from: 'started_at >= ?::timestamptz', until: 'started_at < ?::timestamptz' },
  days: {
    from: `day >= (?::timestamptz at time zone 'UTC')::date`,
    until: `day < (?::timestamptz at time zone 'UTC')::date`,
  },
} as const;

/**
 * Takes which rows count, the values of a statement so far (to which its own are added) and how the table tells time; returns
 * a where clause, empty when all count.
 */
export function usageConditions(scope: UsageScope, values: unknown[], time: keyof typeof times = 'rows'): string {
  const needed: string[] = [];
  const need = (condition: string, value: unknown): void => {
    values.push(value);
    needed.push(condition.replace('?', `$${values.length}`));
  };
  if (scope.from !== undefined) need(times[time].from, timeText(scope.from));
  if (scope.until !== undefined) need(times[time].until, timeText(scope.until));
  for (const [field, column] of filters) {
    if (scope[field] !== undefined) need(`${column} = any(?::text[])`, scope[field]);
  }
  if (scope.tags !== undefined) need('tags && ?::text[]', scope.tags);
  if (scope.having !== undefined) needed.push(present[scope.having]);
  if (scope.isSuccess !== undefined) need(`(outcome = 'success') = ?::boolean`, scope.isSuccess);
  if (scope.leastCost !== undefined) need('cost >= ?::numeric', scope.leastCost);
  if (scope.mostCost !== undefined) need('cost <= ?::numeric', scope.mostCost);
  return needed.length === 0 ? '' : `where ${needed.join(' and ')}`;
}
