// What stands in our database before an adoption, also where it has no schema of ours yet. Changes nothing.
import type { Queries } from './database.ts';
import { type AdoptedRow, readAdopted } from './tables/adopted.ts';

export interface AdoptionState {
  readonly before: readonly AdoptedRow[];
  /** Names that can be called. */
  readonly names: readonly string[];
}

export const nothingAdopted: AdoptionState = { before: [], names: [] };

/** Takes our database, of any version; returns what was brought before and which names there are. */
export async function adoptionState(queries: Queries): Promise<AdoptionState> {
  const [found] = await queries.query<{ adopted: boolean; aliases: boolean }>(
    `select to_regclass('plumbline.adopted') is not null as adopted, to_regclass('plumbline.aliases') is not null as aliases`,
  );
  const before = found?.adopted === true ? await readAdopted(queries) : [];
  const names =
    found?.aliases === true ? await queries.query<{ name: string }>('select name from plumbline.aliases') : [];
  return { before, names: names.map(({ name }) => name) };
}
