// The page that Prometheus reads, and who may read it. Invariant: labels are names of the model map and of keys, read anew
// whenever the map is another.
import { requireMaster } from '../access/rights.ts';
import { type Caller, tokenOf } from '../core/caller.ts';
import type { DeploymentRecord, VirtualKey } from '../core/records.ts';
import { type Arrived, header, type Reply } from '../core/wire.ts';
import type { ModelMap } from '../gateway/model-map.ts';
import type { Traffic } from '../gateway/traffic.ts';
import { exposition, expositionType } from '../telemetry/exposition.ts';
import type { Snapshot } from '../telemetry/family.ts';
import type { DeploymentState, Sources } from '../telemetry/house-families.ts';
import type { Names } from '../telemetry/ledger.ts';
import { merge } from '../telemetry/merge.ts';
import { Metrics } from '../telemetry/metrics.ts';

/** What the metrics need of the rest of the house. */
export interface MetricsParts extends Omit<Sources, 'deployments' | 'build'> {
  /** True: LiteLLM's names as well. */
  readonly litellmNames: boolean;
  /** `anyone`; `local`: without a key, unless a proxy passes the request on; `key`: the master key. */
  readonly readers: 'anyone' | 'local' | 'key';
  /** Takes what this process counts; returns what the other workers count, and those that have ended. Absent: there is one process. */
  readonly others?: (own: Snapshot) => Promise<Snapshot>;
}

/** The house around the metrics. */
export interface MetricsHouse {
  readonly models: () => ModelMap;
  readonly traffic: Traffic;
  readonly keyByHash: (hash: string) => VirtualKey | undefined;
  readonly build: Sources['build'];
}

/** Takes the parts and the house; returns the metrics of this process. */
export function openMetrics(parts: MetricsParts, house: MetricsHouse): Metrics {
  const { traffic, models, build } = house;
  const deployments = (): readonly DeploymentState[] =>
    deploymentsOf(models()).map(({ id, alias, provider, model }) => {
      return { id, alias, provider, model, inFlight: traffic.seen(id).inFlight, rests: traffic.rests(id) };
    });
  return new Metrics(namesOf(house), { ...parts, deployments, build }, { litellmNames: parts.litellmNames });
}

/** Takes the metrics, the parts and who reads a key; returns the handler of the page. */
export function metricsPage(
  metrics: Metrics,
  { readers, others }: MetricsParts,
  identify: (token: string) => Caller,
): (arrived: Arrived) => Promise<Reply> {
  return async (arrived) => {
    const isFree = readers === 'anyone' || (readers === 'local' && !isPassedOn(arrived));
    if (!isFree) requireMaster(identify(tokenOf(arrived)), arrived.path);
    const own = metrics.snapshot();
    const body = exposition(others === undefined ? own : merge([own, await others(own)]));
    return { status: 200, headers: { 'content-type': expositionType }, body };
  };
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** A proxy on the same machine would open the page to whomever it serves. */
function isPassedOn(arrived: Arrived): boolean {
  return proxyHeaders.some((name) => header(arrived, name) !== undefined);
}

function deploymentsOf(models: ModelMap): DeploymentRecord[] {
  const byId = new Map(models.aliases.flatMap(({ targets }) => targets.map(({ record }) => [record.id, record])));
  return [...byId.values()];
}

function namesOf({ models, keyByHash }: MetricsHouse): Names {
  let read: ModelMap | undefined;
  let aliases: ReadonlySet<string> = new Set();
  let deployments: ReadonlyMap<string, DeploymentRecord> = new Map();
  const fresh = (): void => {
    const now = models();
    if (now === read) return;
    read = now;
    aliases = new Set(now.aliases.map(({ name }) => name));
    deployments = new Map(deploymentsOf(now).map((record) => [record.id, record]));
  };
  return {
    isAlias: (name) => {
      fresh();
      return aliases.has(name);
    },
    deployment: (id) => {
      fresh();
      return deployments.get(id);
    },
    key: (hash) => {
      const key = keyByHash(hash);
      return key?.alias ?? key?.preview;
    },
  };
}
