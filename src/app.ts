// The one place where the real parts are put together: configuration, keys, database, way out, site, door.
// Invariant: nothing listens before the schema is right, the file is read and the keys are there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findModels } from './admin/find-models.ts';
import { followFile } from './admin/follow-file.ts';
import { readFile } from './admin/read-file.ts';
import type { FileReading } from './config/file-reading.ts';
import { ensureKeys } from './config/keys-on-disk.ts';
import type { Environment } from './config/load.ts';
import { hasErrors, type Notice, renderNotices } from './config/notices.ts';
import type { Config } from './config/options.ts';
import { readAuthorities } from './config/read-authorities.ts';
import { resolveStored } from './config/references.ts';
import { type Complaint, complaintLine, isLoopback } from './config/rules.ts';
import { settle } from './config/settle.ts';
import { build } from './core/build.ts';
import { routerSettings } from './core/records.ts';
import { tableMissing } from './core/table-missing.ts';
import type { News } from './gateway/traffic.ts';
import type { Readiness } from './http/routes.ts';
import { openServer } from './http/server.ts';
import { openSite, type Site } from './http/site.ts';
import type { MetricsParts } from './http/site-metrics.ts';
import { systemClock } from './kit/clock.ts';
import { collector, giveBack } from './kit/give-back.ts';
import type { Log } from './kit/log.ts';
import { Outbox } from './kit/outbox.ts';
import { openSealer, type Sealer } from './kit/seal.ts';
import { Upstreams } from './kit/upstream.ts';
import { type PriceTable, readPriceFile } from './providers/prices.ts';
import { beginLive, bringIn } from './store/begin-live.ts';
import { type ContentsJournal, openContentsJournal } from './store/contents-journal.ts';
import { open as openStore, type Store } from './store/index.ts';
import { type Journal, type JournalState, openJournal } from './store/journal.ts';
import type { Live } from './store/live.ts';
import { keepSnapshot, type SnapshotPlace } from './store/snapshot.ts';
import { keepUsageDays } from './store/usage-days.ts';
import { writeUsage } from './store/write-usage.ts';
import type { Snapshot } from './telemetry/family.ts';
import type { OpenTracing } from './telemetry/tracing.ts';

/** A start that was refused: what is wrong, line by line, and how to mend it. */
export class AppRefused extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'AppRefused';
    this.hint = hint;
  }
}

export interface App {
  readonly url: string;
  readonly config: Config;
  /** What the file says that is not in force, or looks odd. */
  readonly notices: readonly Notice[];
  /** What was found in the environment and on this machine, as a table for people; empty with a file. */
  readonly found: string;
  /** Paths of key files made at this start. */
  readonly keysMade: readonly string[];
  readonly database: Pick<Store, 'kind' | 'directory'>;
  /** Names that can be called, for the banner. */
  readonly models: readonly string[];
  /** What this process has counted. */
  metrics(): Snapshot;
  /** Another worker has found something out of a deployment. */
  hear(news: News): void;
  /** Reads the configuration file again; without one nothing happens. */
  reload(): Promise<void>;
  /** Drains, writes what is to be written, and lets everything go. */
  stop(): Promise<void>;
}

/** The other processes that are this gateway too, as one of them sees them. */
export interface Crew {
  /** From 1. */
  readonly index: number;
  readonly size: number;
  /** Takes what this process counts; returns what the others count, and those that have ended. */
  readonly others: (own: Snapshot) => Promise<Snapshot>;
  /** Tells the others what was found out of a deployment (see App.hear). */
  readonly tell: (news: News) => void;
}

/** An idle connection to a provider is kept so long. */
const idleUpstreamMs = 60_000;

/** Takes a checked Config, the environment, a log, and the other workers if there are any; returns the gateway, listening. Throws AppRefused or StartRefused. */
export async function openApp(loaded: Config, environment: Environment, log: Log, crew?: Crew): Promise<App> {
  const reading = loaded.config === null ? null : readOrRefuse(loaded.config, loaded, environment);
  const config = settled(loaded, reading);
  const keys = ensureKeys(config.dataDir, config);
  if ('complaints' in keys) throw refused(keys.complaints);
  const prices = pricesOf(config.priceFile);
  const sealer = openSealer(keys.saltKey, keys.otherSaltKeys);
  const outbox = new Outbox();
  const upstreams = upstreamsOf(config, outbox);
  const finding =
    reading === null
      ? findModels(config, environment, upstreams.send)
      : { declaration: reading.declaration, table: '' };
  const store = await openStore({
    dataDir: config.dataDir,
    poolSize: Math.max(2, Math.floor(config.databasePool / (crew?.size ?? 1))),
    isHeld: crew !== undefined,
    log,
    ...(config.databaseUrl === null ? {} : { databaseUrl: config.databaseUrl }),
  });
  try {
    const { declaration, table } = await finding;
    const place = snapshotPlace(config, store);
    const live = await beginLive(store, declaration, sealer, place, log);
    const forgetSnapshot = place === null ? null : keepSnapshot(place, live, systemClock, log);
    const journal = await openJournal({
      dataDir: config.dataDir,
      limitBytes: config.journalLimit,
      write: (lines) => writeUsage(store.database, lines),
      clock: systemClock,
      log,
      outbox,
    });
    const contents = await openContentsJournal({
      dataDir: config.dataDir,
      isOn: config.storeContents,
      limitBytes: config.journalLimit,
      database: store.database,
      clock: systemClock,
      log,
      outbox,
    });
    const keeping = { database: store.database, clock: systemClock, log };
    const days = [
      keepUsageDays({ ...keeping, table: 'usage', retentionDays: config.usageRetentionDays }),
      keepUsageDays({ ...keeping, table: 'usage_contents', retentionDays: config.contentsRetentionDays }),
    ];
    const tracing = await tracingOf(config, upstreams, log);
    const { masterKey } = keys;
    const rooms = {
      masterKey,
      sealer,
      environment,
      store,
      live,
      journal,
      contents,
      upstreams,
      prices,
      log,
      tracing,
      crew,
    };
    const site = siteOf(config, rooms);
    const forget = live.onChange((part) => part === 'configuration' && site.reload());
    const server = await openServer(config, site.routes, site.edge, outbox);
    const follower =
      reading === null || (crew !== undefined && crew.index !== 1)
        ? null
        : followFile({
            read: () => readFile(reading.files[0] ?? '', environment, config.acceptNotYet),
            bringIn: (declared) => bringIn(declared, store.database, sealer, log),
            first: reading,
            clock: systemClock,
            log,
          });
    const collect = collector();
    const giving = collect && giveBack({ activity: server.activity, resident: process.memoryUsage.rss, collect });
    const stop = async (): Promise<void> => {
      giving?.end();
      await follower?.close();
      await server.drain(config.graceMs);
      forget();
      try {
        await Promise.all([journal.drain(config.graceMs), contents?.drain(config.graceMs)]);
      } finally {
        for (const each of days) await each.close();
        await tracing?.close();
        await forgetSnapshot?.();
        await live.close();
        await store.close();
        await upstreams.close();
      }
    };
    return {
      url: server.url,
      config,
      notices: reading?.notices ?? [],
      found: table,
      keysMade: keys.made,
      database: store,
      models: site.models(),
      metrics: () => site.metrics.snapshot(),
      hear: site.hear,
      reload: async () => follower?.reload(),
      stop,
    };
  } catch (thrown) {
    await store.close();
    await upstreams.close();
    throw thrown;
  }
}

/** Takes a checked Config and the environment; returns what is in force when the file has been read. Throws AppRefused. */
export function effectiveConfig(loaded: Config, environment: Environment): Config {
  return settled(loaded, loaded.config === null ? null : readOrRefuse(loaded.config, loaded, environment));
}

function readOrRefuse(path: string, config: Config, environment: Environment): FileReading {
  const reading = readFile(path, environment, config.acceptNotYet);
  if (!hasErrors(reading.notices)) return reading;
  throw new AppRefused(
    `the configuration file has errors\n${renderNotices(reading.notices)}`,
    `mend them and try \`plumbline check ${path}\`; nothing was changed`,
  );
}

/** What the file says of boot options stands below flags and environment. */
function settled(config: Config, reading: FileReading | null): Config {
  if (reading === null) return config;
  const result = settle(config, reading.settings);
  if ('complaints' in result) throw refused(result.complaints);
  return result.config;
}

const readText = (path: string): string => readFileSync(path, 'utf8');

function pricesOf(path: string | null): PriceTable {
  if (path === null) return new Map();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppRefused(
      `the price file cannot be read: ${error instanceof Error ? error.message : error}`,
      'mend priceFile',
    );
  }
  const { models, complaints } = readPriceFile(text);
  if (complaints.length === 0) return models;
  throw new AppRefused(
    `the price file ${path} has errors\n${complaints.join('\n')}`,
    'mend them, or leave the entries out',
  );
}

function upstreamsOf(config: Config, outbox: Outbox): Upstreams {
  const { httpsProxy, httpProxy, proxyBypass, upstreamAuthorities } = config;
  try {
    return new Upstreams({
      connections: config.upstreamConnections,
      keepAliveMs: idleUpstreamMs,
      lifetimeMs: config.upstreamLifetimeMs,
      http2: config.upstreamHttp2,
      authorities: upstreamAuthorities === null ? [] : readAuthorities(upstreamAuthorities),
      proxies: { https: httpsProxy, http: httpProxy, none: proxyBypass },
      apiHosts: config.apiHosts,
      outbox,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppRefused(
      `providers cannot be called as the options say: ${reason}`,
      'mend upstreamAuthorities (SSL_CERT_FILE), httpsProxy or httpProxy',
    );
  }
}

function refused(complaints: readonly Complaint[]): AppRefused {
  return new AppRefused(complaints.map(complaintLine).join('\n'), 'docs/config.md lists every option');
}

/** A database of our own is up when we are; somebody else's may be away when we start. */
function snapshotPlace({ dataDir }: Config, { mark }: Store): SnapshotPlace | null {
  return mark === undefined ? null : { path: join(dataDir, 'last-known.jsonl'), database: mark };
}

/** What the site is put together from. */
interface Rooms {
  readonly masterKey: NonNullable<Config['masterKey']>;
  readonly sealer: Sealer;
  readonly environment: Environment;
  readonly store: Store;
  readonly live: Live;
  readonly journal: Journal;
  readonly contents: ContentsJournal | undefined;
  readonly upstreams: Upstreams;
  readonly prices: PriceTable;
  readonly log: Log;
  readonly tracing: OpenTracing | undefined;
  readonly crew: Crew | undefined;
}

function siteOf(config: Config, rooms: Rooms): Site {
  const { masterKey, sealer, environment, store, live, journal, contents, upstreams, prices, log, tracing, crew } =
    rooms;
  return openSite({
    masterKey,
    sealer,
    resolve: (secret) => resolveStored(secret, { variables: environment, readText }),
    rows: () => ({
      aliases: live.aliases(),
      deployments: live.deployments(),
      credentials: live.credentials(),
      router: routerSettings(live.router()),
    }),
    keyByHash: (hash) => live.keyByHash(hash),
    isFresh: () => live.state().fresh,
    missing: () => live.state().missing,
    database: store.database,
    refresh: () => live.refresh(),
    send: (request, target) =>
      target?.record.owner === 'api'
        ? upstreams.send({ ...request, addressRule: config.apiAddresses })
        : upstreams.send(request),
    record: (row) => journal.append(row),
    ...(config.storeContents && contents && { keepContents: contents.append }),
    readiness: () => readinessOf(live, journal, contents),
    metrics: { ...metricsOf(config, live, journal, upstreams, tracing), ...(crew && { others: crew.others }) },
    ...(crew && { tell: crew.tell, crew }),
    ...(tracing === undefined ? {} : { tracing }),
    pingMs: config.pingMs,
    options: config,
    environment,
    prices,
    log,
  });
}

/** The SDK is loaded only here, and only when there is somewhere to send traces to. */
async function tracingOf(config: Config, upstreams: Upstreams, log: Log): Promise<OpenTracing | undefined> {
  if (config.otlpEndpoint === null) return undefined;
  const { openTracing } = await import('./telemetry/tracing.ts');
  return openTracing({
    endpoint: config.otlpEndpoint,
    headers: config.otlpHeaders?.pairs() ?? {},
    serviceName: config.traceName,
    version: build.version,
    percent: config.tracePercent,
    content: config.traceContent,
    send: upstreams.send,
    clock: systemClock,
    log,
  });
}

function metricsOf(
  config: Config,
  live: Live,
  journal: Journal,
  upstreams: Upstreams,
  tracing: OpenTracing | undefined,
): MetricsParts {
  const readers = { open: 'anyone', key: 'key', auto: isLoopback(config.host) ? 'local' : 'key' } as const;
  return {
    litellmNames: config.metricsLitellm,
    readers: readers[config.metricsAccess],
    journal: () => journal.state(),
    upstreams: () => upstreams.stats(),
    keys: () => live.keyCount(),
    isDatabaseConnected: () => live.state().fresh,
    ...(tracing === undefined ? {} : { spans: tracing.counts }),
  };
}

function readinessOf(live: Live, journal: Journal, contents: ContentsJournal | undefined): Readiness {
  const { fresh, known, reason, missing } = live.state();
  const { waiting, lost, diskReason, reason: unwritten } = journal.state();
  const reasons = [
    ...(reason === undefined ? [] : [`the database is away: ${reason}`]),
    ...missing.map((table) => tableMissing(table).message),
    ...(unwritten === undefined ? [] : [`usage cannot be written: ${unwritten}; ${waiting} rows wait`]),
    ...(diskReason === undefined ? [] : [`the usage journal is in memory only: ${diskReason}`]),
    ...(lost === 0 ? [] : [`${lost} usage rows were lost since the start`]),
    ...(contents === undefined ? [] : contentsReasons(contents.state())),
  ];
  return { ready: known, database: fresh ? 'connected' : 'away', reasons };
}

/** The disk and the database are shared with usage; what is said here is about contents alone. */
function contentsReasons({ waiting, lost, reason, diskReason }: JournalState): readonly string[] {
  return [
    ...(reason === undefined ? [] : [`contents cannot be written: ${reason}; ${waiting} wait`]),
    ...(diskReason === undefined ? [] : [`contents are not stored: ${diskReason}`]),
    ...(lost === 0 ? [] : [`contents of ${lost} requests were lost since the start`]),
  ];
}
