// When each deployment was stored, and when it last changed: for those who look, not for those who serve.
import type { Queries } from './database.ts';

/** Milliseconds since 1970. */
export interface ModelTimes {
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Returns the times of every deployment, by id. */
export async function readModelTimes(queries: Queries): Promise<ReadonlyMap<string, ModelTimes>> {
  const rows = await queries.query<ModelTimes & { id: string }>(
    `select id, extract(epoch from created_at)::float8 * 1000 as "createdAt",
       extract(epoch from updated_at)::float8 * 1000 as "updatedAt"
     from plumbline.deployments`,
  );
  return new Map(rows.map(({ id, ...times }) => [id, times]));
}
