// The hall, the rooms and the routes, joined around whatever rows, way out and clock they are handed: app.ts brings the real
// ones, tests their own. Invariant: a change of the rows builds a new model map and swaps it in; requests under way keep theirs.

import { randomUUID } from 'node:crypto';
import { openIdentify } from '../access/identify.ts';
import { BackendFacts } from '../admin/backend-facts.ts';
import type { ReadyModel } from '../admin/model-parts.ts';
import type { Environment } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { build } from '../core/build.ts';
import { GatewayError } from '../core/errors.ts';
import type { Contents, Tracing, UsageRow, VirtualKey } from '../core/records.ts';
import { tableMissing } from '../core/table-missing.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import type { Parts } from '../gateway/exchange.ts';
import { buildModelMap, type ModelRows } from '../gateway/model-map.ts';
import { type News, Traffic } from '../gateway/traffic.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { type Log, silentLog } from '../kit/log.ts';
import type { Sealer } from '../kit/seal.ts';
import type { Secret } from '../kit/secret.ts';
import { providerByName } from '../providers/index.ts';
import { openai } from '../providers/openai.ts';
import { type PriceTable, priceOf } from '../providers/prices.ts';
import type { Database } from '../store/database.ts';
import { openReportReader } from '../store/report-reader.ts';
import { credentialPlace } from '../store/sealed-place.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Edge, lastResort, openEdge } from './edge.ts';
import { keepingContents } from './kept-contents.ts';
import { RouteTable } from './route-table.ts';
import { openRoutes, type Readiness, type Route } from './routes.ts';
import { type MetricsParts, metricsPage, openMetrics } from './site-metrics.ts';
import { openHandling } from './traced.ts';

/** Where there is one worker. */
const nobody = (): void => undefined;
const answerLimit = 256 * 1024 * 1024;

export interface SiteParts {
  readonly masterKey: Secret;
  readonly sealer: Sealer;
  /** Takes a stored secret; returns it, or what it refers to. Throws when that is not there, naming the reference. */
  readonly resolve: (secret: Secret) => Secret;
  readonly rows: () => ModelRows;
  readonly keyByHash: (hash: string) => VirtualKey | undefined;
  readonly isFresh: () => boolean;
  /** Tables that are not there; without it, none is missing. */
  readonly missing?: () => readonly string[];
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly refresh: () => Promise<void>;
  readonly send: Parts['send'];
  readonly record: (row: UsageRow) => void;
  /** Takes what was said in a request; absent: nobody keeps it. */
  readonly keepContents?: (contents: Contents) => void;
  readonly readiness: () => Readiness;
  readonly metrics: MetricsParts;
  /** Passes on to other workers what is found out of deployments here. */
  readonly tell?: (news: News) => void;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  /** Which of how many processes that share the work this one is; the only one when not given. */
  readonly crew?: Parts['crew'];
  readonly pingMs: number;
  /** The boot options in force, for those who ask. */
  readonly options: Config;
  /** Where models that come by the API look for a provider's variables. */
  readonly environment: Environment;
  /** Prices of a file, over the shipped ones. */
  readonly prices?: PriceTable;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Log;
}

export interface Site {
  readonly routes: readonly Route[];
  readonly edge: Edge;
  /** Builds the model map anew from the rows and swaps it in; requests under way keep the old one. */
  readonly reload: () => void;
  /** Names that can be called, hidden ones and wildcards left out. */
  readonly models: () => readonly string[];
  readonly metrics: Metrics;
  /** Takes what `tell` was told at another worker. */
  readonly hear: (news: News) => void;
  /** Takes a request as it would arrive; returns the reply, without a socket. */
  readonly inject: (arrived: Arrived) => Promise<Reply>;
}

/** Takes the parts; returns the routes with everything behind them. */
export function openSite(parts: SiteParts): Site {
  const clock = parts.clock ?? systemClock;
  const log = parts.log ?? silentLog;
  const newId = (prefix: string): string => prefix + randomUUID();
  const buildMap = () =>
    buildModelMap(parts.rows(), {
      providerByName,
      priceOf: ({ provider, info, parameters }, model) => priceOf(provider, model, info, parameters, parts.prices),
      unseal: (credential, field, sealed) =>
        parts.resolve(parts.sealer.unseal(sealed, credentialPlace(credential, field))),
      complain: (subject, reason) => log.error('left out of service', { subject, reason }),
    });
  let models = buildMap();
  let router = parts.rows().router;
  const traffic = new Traffic(clock.monotonic, parts.tell ?? nobody);
  const { keyByHash } = parts;
  const metrics = openMetrics(parts.metrics, { models: () => models, traffic, keyByHash, build });
  const gateway: Parts = {
    clock,
    log,
    random: parts.random ?? Math.random,
    newId,
    identify: openIdentify({
      masterHash: parts.masterKey.sha256(),
      keyByHash: parts.keyByHash,
      isFresh: parts.isFresh,
      lost: () => lostOf(parts, 'keys'),
      now: clock.now,
    }),
    models: () => models,
    lostModels: () => lostOf(parts, 'aliases', 'deployments', 'credentials'),
    router: () => router,
    traffic,
    send: parts.send,
    cannedWire: cannedWire(),
    record: (row) => {
      metrics.observe(row);
      parts.record(row);
    },
    failed: (deployment, code, restMs) => metrics.failed(deployment.id, code, restMs > 0),
    crew: parts.crew ?? { index: 1, size: 1 },
    pingMs: parts.pingMs,
    answerLimit,
    version: build.version,
  };
  const { database, refresh } = parts;
  const keys = { database, reports: openReportReader(database), now: clock.now, refresh };
  const backends = new BackendFacts(parts.send, clock.now);
  const ready = () => models.aliases.flatMap(({ targets }) => targets);
  const management = {
    rows: parts.rows,
    ready,
    about: (model: ReadyModel) => backends.about(model),
    prices: parts.prices ?? new Map(),
    options: parts.options,
    database: parts.database,
    sealer: parts.sealer,
    environment: parts.environment,
    refresh: parts.refresh,
  };
  const handling = openHandling(gateway, parts.tracing ?? null);
  const routes = openRoutes({
    gateway,
    management,
    handling: parts.keepContents === undefined ? handling : keepingContents(handling, parts.keepContents),
    keys,
    readiness: parts.readiness,
    metrics: metricsPage(metrics, parts.metrics, gateway.identify),
    build,
  });
  const edge = openEdge({ clock, log, newId });
  return {
    routes,
    edge,
    reload: () => {
      models = buildMap();
      router = parts.rows().router;
    },
    models: () => models.listedFor([]).map(({ name }) => name),
    metrics,
    hear: (news) => traffic.hear(news),
    inject: (arrived) => inject(routes, edge, arrived),
  };
}

/** Takes tables; returns the refusal of what needs one that is not there, or undefined. */
function lostOf({ missing }: SiteParts, ...tables: string[]): GatewayError | undefined {
  const lost = tables.find((table) => missing?.().includes(table));
  return lost === undefined ? undefined : tableMissing(lost);
}

/** Canned answers are written as OpenAI writes. */
function cannedWire(): Parts['cannedWire'] {
  const wire = openai.wires.chat;
  if (wire === undefined) throw new Error('the openai provider has no chat wire');
  return wire;
}

function inject(routes: readonly Route[], edge: Edge, arrived: Arrived): Promise<Reply> {
  try {
    const { route, parameters } = new RouteTable(routes).find(arrived.method, arrived.path);
    return edge.guard({ ...arrived, parameters }, route);
  } catch (thrown) {
    return Promise.resolve(lastResort(GatewayError.from(thrown), arrived.id, arrived.path, undefined));
  }
}
