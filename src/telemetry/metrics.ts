// The metrics of a process: rows and failures come in, a snapshot goes out. Invariants: every counter only grows; labels are
// names of the configuration and of keys, never a secret, a hash of one, an end user or a text a client made up.
import type { ErrorCode } from '../core/errors.ts';
import type { UsageRow } from '../core/records.ts';
import { Failures } from './failures.ts';
import type { Snapshot } from './family.ts';
import { counter, houseFamilies, type Sources } from './house-families.ts';
import { Ledger, type Names } from './ledger.ts';
import { litellmFamilies, litellmStates } from './litellm-families.ts';
import { ProcessMeter } from './process-meter.ts';
import { requestFamilies } from './request-families.ts';

export interface MetricsOptions {
  /** True: LiteLLM's names as well. */
  readonly litellmNames: boolean;
  /** Lines before new combinations of labels are counted under `other`. */
  readonly mostLines?: number;
}

/** About 1 KB each; more would make a scrape slow and Prometheus expensive. */
const defaultMostLines = 2_000;

export class Metrics {
  readonly #ledger: Ledger;
  readonly #failures: Failures;
  readonly #process = new ProcessMeter();
  readonly #sources: Sources;
  readonly #litellmNames: boolean;

  constructor(names: Names, sources: Sources, { litellmNames, mostLines = defaultMostLines }: MetricsOptions) {
    this.#ledger = new Ledger(names, mostLines);
    this.#failures = new Failures(names, mostLines);
    this.#sources = sources;
    this.#litellmNames = litellmNames;
  }

  /** Counts a request; one call for each, under a microsecond. */
  observe(row: UsageRow): void {
    this.#ledger.observe(row);
  }

  /** A try at a deployment has failed. Takes its id, the error, and whether it rests because of it. */
  failed(deployment: string, error: ErrorCode, rests: boolean): void {
    this.#failures.failed(deployment, error, rests);
  }

  /** Returns all metrics as they are now. */
  snapshot(): Snapshot {
    const deployments = this.#sources.deployments();
    const folded = 'Requests counted under `other`, because there were too many combinations of labels.';
    const own = [
      ...requestFamilies(this.#ledger),
      ...this.#failures.families(),
      counter('plumbline_metrics_folded_requests_total', folded, this.#ledger.folded),
      ...houseFamilies(this.#sources, deployments),
      ...this.#process.families(),
    ];
    if (!this.#litellmNames) return own;
    return [...own, ...litellmFamilies(this.#ledger), ...this.#failures.litellmFamilies(), litellmStates(deployments)];
  }
}
