// How the house is at the moment of a scrape: deployments, journal, ways out, keys, database. Asked for, never kept.
import { type CounterFamily, type Family, type GaugeFamily, labelText, type Samples, type Together } from './family.ts';

/** A deployment at this moment. */
export interface DeploymentState {
  readonly id: string;
  readonly alias: string;
  readonly provider: string;
  readonly model: string;
  readonly inFlight: number;
  readonly rests: boolean;
}

/** Where the gauges ask. */
export interface Sources {
  readonly deployments: () => readonly DeploymentState[];
  readonly journal: () => {
    readonly waiting: number;
    readonly written: number;
    readonly lost: number;
    readonly rejected: number;
  };
  /** Calls under way and calls that wait for a connection, by origin. */
  readonly upstreams: () => Readonly<Record<string, { readonly running: number; readonly waiting: number }>>;
  /** How many client keys there are. */
  readonly keys: () => number;
  readonly isDatabaseConnected: () => boolean;
  /** Spans that reached the collector and those that did not; absent: nothing is traced. */
  readonly spans?: () => { readonly exported: number; readonly failed: number };
  readonly build: { readonly version: string; readonly id: string };
}

/** Takes the sources; returns the gauges. */
export function houseFamilies(sources: Sources, deployments: readonly DeploymentState[]): Family[] {
  const journal = sources.journal();
  const upstreams = Object.entries(sources.upstreams());
  const byDeployment = (value: (state: DeploymentState) => number): Samples<number> =>
    Object.fromEntries(deployments.map((state) => [deploymentText(state), value(state)]));
  const byOrigin = (of: 'running' | 'waiting'): Samples<number> =>
    Object.fromEntries(upstreams.map(([origin, stats]) => [labelText({ origin }), stats[of]]));
  const { version, id } = sources.build;
  return [
    ...spanFamilies(sources),
    gauge('plumbline_build_info', 'Which Plumbline this is; always 1.', 'largest', {
      [labelText({ version, build: id })]: 1,
    }),
    gauge(
      'plumbline_requests_in_flight',
      'Requests under way, by deployment.',
      'sum',
      byDeployment(({ inFlight }) => inFlight),
    ),
    gauge(
      'plumbline_deployment_resting',
      '1 while nothing is sent to a deployment (cooldown).',
      'largest',
      byDeployment(({ rests }) => Number(rests)),
    ),
    gauge('plumbline_upstream_calls_running', 'Calls under way, by provider address.', 'sum', byOrigin('running')),
    gauge(
      'plumbline_upstream_calls_waiting',
      'Calls that wait for a connection, by provider address.',
      'sum',
      byOrigin('waiting'),
    ),
    gauge('plumbline_journal_waiting_rows', 'Usage rows on their way to the database.', 'sum', { '': journal.waiting }),
    counter('plumbline_journal_written_rows_total', 'Usage rows the database has taken.', journal.written),
    counter('plumbline_journal_lost_rows_total', 'Usage rows lost while the database was away.', journal.lost),
    counter('plumbline_journal_rejected_rows_total', 'Usage rows the database would not take.', journal.rejected),
    gauge('plumbline_keys', 'Client keys in memory.', 'largest', { '': sources.keys() }),
    gauge('plumbline_database_connected', '1 while the database is connected.', 'smallest', {
      '': Number(sources.isDatabaseConnected()),
    }),
  ];
}

function spanFamilies({ spans }: Sources): Family[] {
  if (spans === undefined) return [];
  const { exported, failed } = spans();
  return [
    counter('plumbline_spans_exported_total', 'Spans the collector has taken.', exported),
    counter('plumbline_spans_failed_total', 'Spans that did not reach the collector.', failed),
  ];
}

function deploymentText({ alias, id, provider, model }: DeploymentState): string {
  return labelText({ alias, deployment: id, provider, model });
}

/** Takes a counter's name, what it counts and its value; returns the family without labels. */
export function counter(name: string, help: string, value: number): CounterFamily {
  return { name, help, type: 'counter', samples: { '': value } };
}

/** Takes a gauge's name, what it shows, how processes add up, and its samples; returns the family. */
export function gauge(name: string, help: string, together: Together, samples: Samples<number>): GaugeFamily {
  return { name, help, type: 'gauge', together, samples };
}
