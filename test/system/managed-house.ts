// A house whose models stand in a database in memory, followed as a gateway follows its own: what the management API changes is served.

import type { Config } from '../../src/config/options.ts';
import { routerSettings, type VirtualKey } from '../../src/core/records.ts';
import { silentLog } from '../../src/kit/log.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/index.ts';
import { openLive } from '../../src/store/live.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { completion, type House, openHouse, type Told, type Upstream } from './house.ts';

export interface ManagedHouse {
  readonly house: House;
  readonly database: Database;
  /** Sends a body with a method and reads the answer; the master key asks. */
  readonly send: (method: string, path: string, body?: unknown) => Promise<Told>;
  readonly close: () => Promise<void>;
}

export interface ManagedOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly options?: Config;
  readonly upstream?: Upstream;
  readonly keys?: readonly VirtualKey[];
}

/** The keys of this house, to store by and to read what was stored. */
export const sealer = openSealer(new Secret('salt-of-the-test-house'));

/** Opens it, empty. */
export async function openManagedHouse(given: ManagedOptions = {}): Promise<ManagedHouse> {
  const database = await pgliteDatabase({ log: silentLog });
  await migrate(database);
  const live = await openLive(database, silentLog);
  const house = openHouse({
    upstream: () => ({ body: completion('yes') }),
    ...given,
    database,
    rows: () => ({
      aliases: live.aliases(),
      deployments: live.deployments(),
      credentials: live.credentials(),
      router: routerSettings(live.router()),
    }),
    refresh: () => live.refresh(),
  });
  live.onChange((part) => part === 'configuration' && house.site.reload());
  return {
    house,
    database,
    send: (method, path, body) => {
      const [route = '', query = ''] = path.split('?');
      return house.ask(route, body, { method, query });
    },
    close: async () => {
      await live.close();
      await database.close();
    },
  };
}
