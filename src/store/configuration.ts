// What requests are routed by: aliases, deployments, credentials and settings. Invariant: read together, they are of one moment.
import type { AliasRecord, CredentialRecord, DeploymentRecord, RouterSettings } from '../core/records.ts';
import { readCanary } from './canary.ts';
import type { Database } from './database.ts';
import type { LiveRows } from './live-rows.ts';
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
}

/** Nothing is configured. */
export const noConfiguration: Configuration = {
  aliases: new Map(),
  deployments: [],
  deploymentsByAlias: new Map(),
  credentials: new Map(),
  router: {},
  canary: null,
};

/** All of it as of one moment, so that a deployment never meets a credential of another time. */
export function readConfiguration(database: Database): Promise<Configuration> {
  return database.transaction(
    async (queries) => {
      const aliases = await readAliases(queries);
      const deployments = await readDeployments(queries);
      const credentials = await readCredentials(queries);
      const router = await readRouterSettings(queries);
      const canary = await readCanary(queries);
      return configurationOf({ aliases, deployments, credentials, router, canary });
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
  };
}
