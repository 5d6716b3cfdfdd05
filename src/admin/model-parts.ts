// What the rooms of models, aliases and credentials are handed.
import type { Environment } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import type { AliasRecord, CredentialRecord, DeploymentRecord, ModelInfo, RouterSettings } from '../core/records.ts';
import type { IncomingAnswer } from '../kit/incoming.ts';
import type { Sealer } from '../kit/seal.ts';
import type { Secret } from '../kit/secret.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import type { PriceTable } from '../providers/prices.ts';
import type { Provider, Upstream } from '../providers/provider.ts';
import type { Database } from '../store/database.ts';

/** A deployment that is ready to be called. */
export interface ReadyModel {
  readonly record: DeploymentRecord;
  readonly provider: Provider;
  readonly upstream: Upstream;
  /** Scheme, host and port of the base address, and the path below them. */
  readonly origin: string;
  readonly basePath: string;
  /** Headers the deployment adds to each call. */
  readonly headers: Readonly<Record<string, string | Secret>>;
}

/** The way out, as calls to models take it: where addresses that came through the API may lead is looked after. */
export type SendToModel = (request: OutgoingRequest, model: ReadyModel) => Promise<IncomingAnswer>;

/** What a server said of a model. `away`: it did not answer. `untold`: it did, but not of this. `unasked`: there is no way to ask. */
export interface BackendAnswer {
  readonly state: 'told' | 'untold' | 'away' | 'unasked';
  readonly info: ModelInfo;
  /** Milliseconds of the calendar; null: never. */
  readonly askedAt: number | null;
}

/** What is served, as of one moment. */
export interface ServedRows {
  readonly aliases: readonly AliasRecord[];
  readonly deployments: readonly DeploymentRecord[];
  readonly credentials: readonly CredentialRecord[];
  readonly router: RouterSettings;
}

/** What the management of models is handed. */
export interface ModelParts {
  readonly rows: () => ServedRows;
  /** Those of the deployments that could be built. */
  readonly ready: () => readonly ReadyModel[];
  /** Takes a deployment that is ready; returns what its server tells of it, within two seconds. */
  readonly about: (model: ReadyModel) => Promise<BackendAnswer>;
  /** Prices and sizes of a file, over the shipped ones. */
  readonly prices: PriceTable;
  /** The boot options in force. */
  readonly options: Config;
  readonly database: Pick<Database, 'query' | 'transaction'>;
}

/** What changes of models are handed. */
export interface WriteParts extends ModelParts {
  readonly sealer: Sealer;
  /** Where a provider's own variables are looked for, by name. */
  readonly environment: Environment;
  /** Resolves when what was just written is what the gateway serves. */
  readonly refresh: () => Promise<void>;
}
