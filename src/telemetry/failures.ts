// What failed at each deployment, try by try: a usage row tells of the last one only. Told on the way of failures, never on
// the way of a request that went well.
import { type ErrorCode, errors } from '../core/errors.ts';
import { add, type CounterFamily, labelText } from './family.ts';
import type { Names } from './ledger.ts';

/** Failures of one deployment with one error, and how many of them put it to rest. */
interface Entry {
  readonly labels: Readonly<Record<'alias' | 'deployment' | 'provider' | 'model', string>>;
  readonly error: ErrorCode;
  failures: number;
  rests: number;
}

export class Failures {
  readonly #entries = new Map<string, Entry>();
  readonly #names: Names;
  readonly #most: number;

  /** Takes where names come from, and how many entries there may be before new ones are counted under `other`. */
  constructor(names: Names, most: number) {
    this.#names = names;
    this.#most = most;
  }

  /** A try has failed. Takes the deployment's id, the error, and whether the deployment rests because of it. */
  failed(deployment: string, error: ErrorCode, rests: boolean): void {
    const entry = this.#entry(deployment, error);
    entry.failures++;
    if (rests) entry.rests++;
  }

  #entry(deployment: string, error: ErrorCode): Entry {
    const place = `${error} ${deployment}`;
    const known = this.#entries.get(place);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#most && deployment !== 'other') return this.#entry('other', error);
    const { alias = 'other', provider = 'other', model = 'other' } = this.#names.deployment(deployment) ?? {};
    const entry = { labels: { alias, deployment, provider, model }, error, failures: 0, rests: 0 };
    this.#entries.set(place, entry);
    return entry;
  }

  /** Returns failures and rests as Plumbline's own metrics. */
  families(): CounterFamily[] {
    const own = (entry: Entry) => ({ ...entry.labels, error: entry.error });
    return [
      this.#counter('plumbline_upstream_failures_total', 'Calls to a deployment that failed.', own, failuresOf),
      this.#counter('plumbline_deployment_rests_total', 'Times a deployment was put to rest.', own, restsOf),
    ];
  }

  /** Returns the same under LiteLLM's names. */
  litellmFamilies(): CounterFamily[] {
    const failed = (entry: Entry) => ({ ...litellm(entry), ...exceptionOf(entry.error) });
    const cooled = (entry: Entry) => {
      const { requested_model: _, ...deployment } = litellm(entry);
      return { ...deployment, exception_status: String(errors[entry.error].status) };
    };
    return [
      this.#counter(
        'litellm_deployment_failure_responses_total',
        'Calls to a deployment that failed.',
        failed,
        failuresOf,
      ),
      this.#counter('litellm_deployment_cooled_down_total', 'Times a deployment was put to rest.', cooled, restsOf),
    ];
  }

  #counter(
    name: string,
    help: string,
    labelsOf: (entry: Entry) => Readonly<Record<string, string>>,
    count: (entry: Entry) => number,
  ): CounterFamily {
    const samples: Record<string, number> = {};
    for (const entry of this.#entries.values()) add(samples, labelText(labelsOf(entry)), count(entry));
    return { name, help, type: 'counter', samples };
  }
}

const failuresOf = ({ failures }: Entry): number => failures;
const restsOf = ({ rests }: Entry): number => rests;

function litellm({ labels }: Entry) {
  return {
    requested_model: labels.alias,
    litellm_model_name: labels.model,
    model_id: labels.deployment,
    api_provider: labels.provider,
  };
}

/** Takes an error code, or '' for none; returns LiteLLM's labels for it. */
export function exceptionOf(code: string): { exception_status: string; exception_class: string } {
  if (!isCode(code)) return { exception_status: '', exception_class: '' };
  const { status, kind } = errors[code];
  return { exception_status: String(status), exception_class: kind };
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}
