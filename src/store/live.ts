// What the gateway reads on its hot path: keys, deployments, aliases, credentials and settings in memory, kept fresh by the
// database's own news. Invariants: getters never wait; while the database is away the last known state is served; the tables
// of configuration change together, in one step.

import { setTimeout as pause } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { AliasRecord, CredentialRecord, DeploymentRecord, RouterSettings, VirtualKey } from '../core/records.ts';
import type { Log } from '../kit/log.ts';
import { type Configuration, configurationOf, noConfiguration, readConfiguration } from './configuration.ts';
import type { Database } from './database.ts';
import type { LiveRows } from './live-rows.ts';
import { missingTables } from './present-tables.ts';
import { both, isStale, markStale, nothingStale, type Stale } from './stale.ts';
import { keysByHash, readKeys } from './tables/keys.ts';

export interface LiveState {
  /** False: what is served may be out of date, and a key that is not known may exist all the same. */
  readonly fresh: boolean;
  /** Milliseconds since 1970 from when on it is so. */
  readonly since: number;
  /** Why it is not fresh; undefined when it is. */
  readonly reason: string | undefined;
  /** Tables that are not there; what needs them is refused. */
  readonly missing: readonly string[];
  /** False: nothing was ever read, now or before an earlier end: only what is declared is served. */
  readonly known: boolean;
}

/** What changed: `keys`, or `configuration` for all the rest. */
export type LivePart = 'keys' | 'configuration';

export interface Live {
  keyByHash(hash: string): VirtualKey | undefined;
  /** How many keys there are. */
  keyCount(): number;
  alias(name: string): AliasRecord | undefined;
  aliases(): readonly AliasRecord[];
  /** The deployments of an alias, in their order. */
  deploymentsOf(alias: string): readonly DeploymentRecord[];
  deployments(): readonly DeploymentRecord[];
  credential(name: string): CredentialRecord | undefined;
  credentials(): readonly CredentialRecord[];
  /** Routing settings that are stored; the rest are defaults. */
  router(): Partial<RouterSettings>;
  state(): LiveState;
  /** All of it, as it is now. */
  rows(): LiveRows;
  /** Calls back after each change of what is served; returns a function that ends that. */
  onChange(changed: (part: LivePart) => void): () => void;
  /**
   * Takes what was just written (`keys:HASH`, the name of a table; nothing: everything) and resolves when it is in memory.
   * For a writer that answers "done" next; others learn it from the database. Rejects when the database is away.
   */
  refresh(what?: string): Promise<void>;
  close(): Promise<void>;
}

const channel = 'plumbline_changed';
/** Beyond so many changed keys at once, reading all of them is cheaper. */
const mostSingleKeys = 200;
const retryMs = 500;
const lookOutMs = 1_000;
const nothingNew = '';

/** Takes a database whose schema is up to date; reads everything and follows it. Throws store_unavailable. */
export async function openLive(database: Database, log: Log): Promise<Live> {
  const view = new LiveView(database, log);
  await view.begin();
  return view;
}

/** What a start without the database begins with. */
export interface Beginning {
  readonly rows: LiveRows;
  /** True: the rows were read from this database once. */
  readonly known: boolean;
  /** What is to be done before the database is read; tried again until it succeeds. */
  readonly prepare: () => Promise<void>;
}

/** Takes a database that is away and what to begin with; serves that at once, and follows the database from when it is there. */
export function openLiveFrom(beginning: Beginning, database: Database, log: Log): Live {
  const view = new LiveView(database, log);
  view.beginFrom(beginning);
  return view;
}

class LiveView implements Live {
  readonly #database: Database;
  readonly #log: Log;
  readonly #listeners = new Set<(part: LivePart) => void>();
  #configuration: Configuration = noConfiguration;
  #keys = new Map<string, VirtualKey>();
  #state: LiveState = { fresh: false, since: Date.now(), reason: 'nothing is read yet', missing: [], known: false };
  #stale: Stale = nothingStale();
  #isHeard = false;
  #hasKeys = true;
  #reading: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;
  readonly #closing = new AbortController();
  #preparing: Promise<void> | undefined;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  async begin(): Promise<void> {
    try {
      await this.#listen();
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  beginFrom({ rows, known, prepare }: Beginning): void {
    this.#state = { ...this.#state, known };
    this.#keys = new Map(rows.keys.map((key) => [key.hash, key]));
    this.#configuration = configurationOf(rows);
    this.#preparing = this.#prepare(prepare);
  }

  /** Tried until it is done. Listening, once begun, is tried again by itself. */
  async #prepare(prepare: () => Promise<void>): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await prepare();
        return void this.#listen().catch(() => undefined);
      } catch (thrown) {
        this.#lose(thrown);
        await pause(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  /** Listens first and reads then, so that nothing falls between. Rejects when the first try fails. */
  #listen(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#stopListening = this.#database.listen(channel, {
        onPayload: (payload) => void this.#follow(payload),
        onGap: () => {
          this.#isHeard = true;
          this.refresh().then(resolve, reject);
        },
        onLost: (reason) => {
          this.#isHeard = false;
          this.#lose(reason);
          reject(reason);
        },
      });
    });
  }

  keyCount(): number {
    return this.#keys.size;
  }

  keyByHash(hash: string): VirtualKey | undefined {
    return this.#keys.get(hash);
  }

  alias(name: string): AliasRecord | undefined {
    return this.#configuration.aliases.get(name);
  }

  aliases(): readonly AliasRecord[] {
    return [...this.#configuration.aliases.values()];
  }

  deploymentsOf(alias: string): readonly DeploymentRecord[] {
    return this.#configuration.deploymentsByAlias.get(alias) ?? [];
  }

  deployments(): readonly DeploymentRecord[] {
    return this.#configuration.deployments;
  }

  credential(name: string): CredentialRecord | undefined {
    return this.#configuration.credentials.get(name);
  }

  credentials(): readonly CredentialRecord[] {
    return [...this.#configuration.credentials.values()];
  }

  router(): Partial<RouterSettings> {
    return this.#configuration.router;
  }

  state(): LiveState {
    return this.#state;
  }

  rows(): LiveRows {
    return {
      keys: [...this.#keys.values()],
      aliases: this.aliases(),
      deployments: this.deployments(),
      credentials: this.credentials(),
      router: this.router(),
      canary: this.#configuration.canary,
    };
  }

  onChange(changed: (part: LivePart) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  refresh(what?: string): Promise<void> {
    markStale(this.#stale, what);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#closing.abort();
    await this.#preparing;
    await this.#stopListening?.();
    await this.#reading?.catch(() => undefined);
    clearTimeout(this.#retry);
  }

  /** News that could not be read stays marked stale; the reading that failed has arranged another. */
  async #follow(payload: string): Promise<void> {
    await this.refresh(payload).catch(() => undefined);
  }

  /** Reads what is stale until nothing is; what is told meanwhile is read in the next round. */
  async #read(): Promise<void> {
    clearTimeout(this.#retry);
    while (isStale(this.#stale)) {
      const asked = this.#stale;
      this.#stale = nothingStale();
      try {
        if (asked.configuration) await this.#readConfiguration();
        if (asked.everyKey || asked.hashes.size > 0) await this.#readKeys(asked);
        this.#lookOut();
      } catch (thrown) {
        this.#stale = both(this.#stale, asked);
        this.#lose(thrown);
        this.#retry = setTimeout(() => void this.#follow(nothingNew), retryMs).unref();
        throw thrown;
      }
    }
    if (this.#isHeard) this.#become({ fresh: true, reason: undefined });
  }

  async #readConfiguration(): Promise<void> {
    this.#configuration = await readConfiguration(this.#database, this.#configuration);
    this.#tell('configuration');
  }

  async #readKeys(stale: Stale): Promise<void> {
    this.#hasKeys = (await missingTables(this.#database, ['keys'])).size === 0;
    if (this.#hasKeys) await this.#readThose(stale);
  }

  async #readThose({ everyKey, hashes }: Stale): Promise<void> {
    if (everyKey || hashes.size > mostSingleKeys) {
      this.#keys = new Map((await readKeys(this.#database)).map((key) => [key.hash, key]));
    } else {
      const found = await keysByHash(this.#database, [...hashes]);
      for (const hash of hashes) this.#keys.delete(hash);
      for (const key of found) this.#keys.set(key.hash, key);
    }
    this.#tell('keys');
  }

  /** Nobody tells of a table that has come back: it is looked for. */
  #lookOut(): void {
    const missing = [...this.#configuration.missing, ...(this.#hasKeys ? [] : ['keys'])];
    if (missing.join() !== this.#state.missing.join()) {
      if (missing.length > 0) this.#log.error('tables are missing: what needs them is refused', { missing });
      else this.#log.info('all tables are there again');
    }
    this.#state = { ...this.#state, missing };
    if (missing.length > 0 && !this.#closing.signal.aborted)
      this.#retry = setTimeout(() => void this.refresh().catch(() => undefined), lookOutMs).unref();
  }

  #tell(part: LivePart): void {
    for (const listener of this.#listeners) listener(part);
  }

  #lose(thrown: unknown): void {
    const { message, cause } = GatewayError.from(thrown);
    this.#become({ fresh: false, reason: cause instanceof Error ? cause.message : message });
  }

  #become({ fresh, reason }: Pick<LiveState, 'fresh' | 'reason'>): void {
    if (this.#state.fresh === fresh) {
      this.#state = { ...this.#state, reason };
      return;
    }
    this.#state = { ...this.#state, fresh, reason, since: Date.now(), known: fresh || this.#state.known };
    if (fresh) this.#log.info('the database is followed: what is served is fresh');
    else this.#log.warn('the database is away: what was read last is served', { reason });
  }
}
