// Settings of the management API; in the caller's transaction.
import type { RouterSettings } from '../core/records.ts';
import { holdOwnRow } from './api-row.ts';
import type { Queries } from './database.ts';
import { replaceRouterSettings } from './tables/settings.ts';

/** Takes routing settings; stores them. Throws owned_elsewhere. */
export async function setRouterSettings(queries: Queries, settings: Partial<RouterSettings>): Promise<void> {
  for (const name of Object.keys(settings)) await holdOwnRow(queries, 'setting', `router.${name}`);
  await replaceRouterSettings(queries, 'api', settings, false);
}
