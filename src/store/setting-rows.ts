// The settings as rows, with whom each belongs to.
import type { Owner } from '../core/records.ts';
import type { Queries } from './database.ts';

export interface SettingRow {
  /** `router.timeoutMs` */
  readonly name: string;
  readonly owner: Owner;
}

/** Returns every setting that is stored. */
export function readSettingRows(queries: Queries): Promise<SettingRow[]> {
  return queries.query<SettingRow>('select name, owner from plumbline.settings order by name');
}
