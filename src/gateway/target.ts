// What a name leads to: an alias, and the deployments it may be sent to, ready to be called.
import type { Price } from '../core/prices.ts';
import type { DeploymentRecord, StrategyName } from '../core/records.ts';
import type { Secret } from '../kit/secret.ts';
import type { Provider, Upstream } from '../providers/provider.ts';

/** A deployment ready to be called. */
export interface Target {
  readonly record: DeploymentRecord;
  readonly provider: Provider;
  readonly upstream: Upstream;
  /** Scheme, host and port of the base address, and the path below them. */
  readonly origin: string;
  readonly basePath: string;
  /** The base address as anyone may see it: without credentials and query. */
  readonly shownAddress: string;
  readonly price: Price | null;
  /** Headers the deployment adds to each call; secret ones come from its credential. */
  readonly headers: Readonly<Record<string, string | Secret>>;
}

/** As much of a deployment as those need to know who watch the calls to it. */
export type Called = Pick<Target, 'record' | 'provider' | 'upstream'>;

/** A name clients call, with everything needed to choose. */
export interface Alias {
  readonly name: string;
  readonly hidden: boolean;
  readonly strategy: StrategyName;
  readonly targets: readonly Target[];
  readonly fallbacks: readonly string[];
  readonly contextWindowFallbacks: readonly string[];
  readonly contentPolicyFallbacks: readonly string[];
  readonly retryPolicy: Readonly<Record<string, number>>;
}
