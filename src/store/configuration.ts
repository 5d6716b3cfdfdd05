// What requests are routed by: aliases, deployments, credentials and settings. Invariant: read together, they are of one moment.
import type { AliasRecord, CredentialRecord, DeploymentRecord, RouterSettings } from '../core/records.ts';
import { readCanary } from './canary.ts';
import type { Database } from './database.ts';
import type { LiveRows } from './live-rows.ts';
import { missingTables } from './present-tables.ts';
import { readAliases } from './tables/aliases.ts';
import { readCredentials } from './tables/credentials.ts';
import { readDeployments } from './tables/deployments.ts';
import { readRouterSettings } from './tables/settings.ts';

/** What requests are routed by, as of one moment. */
export interface Configuration {
  readonly aliases: ReadonlyMap<string, AliasRecord>;
  readonly deployments: readonly DeploymentRecord[];
  readonly deploymentsByAlias: ReadonlyMap<string, readonly DeploymentRecord[]>;
  readonly credentials: ReadonlyMap<string, CredentialRecord>;
  readonly router: Partial<RouterSettings>;
  /** Sealed; tells which salt key the credentials are sealed under. */
  readonly canary: string | null;
  /** Tables that were not there: of what they hold, what was known before is in force. */
  readonly missing: ReadonlySet<string>;
}

const needed = ['aliases', 'deployments', 'credentials', 'settings', 'canary'] as const;
/** Looked for too, so that it is told when it is gone; no request needs it yet. */
const unserved = ['tool_servers'] as const;

/** Nothing is configured. */
export const noConfiguration: Configuration = {
  aliases: new Map(),
  deployments: [],
  deploymentsByAlias: new Map(),
  credentials: new Map(),
  router: {},
  canary: null,
  missing: new Set(),
};

/** Takes a database and what was known before; returns all of it as of one moment, so that a deployment never meets a credential of another time. */
export function readConfiguration(database: Database, before: Configuration = noConfiguration): Promise<Configuration> {
  return database.transaction(
    async (queries) => {
      const missing = await missingTables(queries, [...needed, ...unserved]);
      const isThere = (table: (typeof needed)[number]): boolean => !missing.has(table);
      const aliases = isThere('aliases') ? await readAliases(queries) : [...before.aliases.values()];
      const deployments = isThere('deployments') ? await readDeployments(queries) : before.deployments;
      const credentials = isThere('credentials') ? await readCredentials(queries) : [...before.credentials.values()];
      const router = isThere('settings') ? await readRouterSettings(queries) : before.router;
      const canary = isThere('canary') ? await readCanary(queries) : before.canary;
      return { ...configurationOf({ aliases, deployments, credentials, router, canary }), missing };
    },
    { snapshot: true },
  );
}

/** Takes its rows; returns it. */
export function configurationOf(rows: Omit<LiveRows, 'keys'>): Configuration {
  return {
    aliases: new Map(rows.aliases.map((alias) => [alias.name, alias])),
    deployments: rows.deployments,
    deploymentsByAlias: Map.groupBy(rows.deployments, (deployment) => deployment.alias),
    credentials: new Map(rows.credentials.map((credential) => [credential.name, credential])),
    router: rows.router,
    canary: rows.canary,
    missing: new Set(),
  };
}
