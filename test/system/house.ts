// A house for system tests: the real hall, rooms and routes around an upstream given as a function. No port, no database,
// no mock of our own modules, and a clock that the test owns.
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/options.ts';
import { resolveStored } from '../../src/config/references.ts';
import {
  type AliasRecord,
  type Contents,
  type CredentialRecord,
  type DeploymentRecord,
  type RouterSettings,
  routerSettings,
  type ToolServerRecord,
  type Tracing,
  type UsageRow,
  type VirtualKey,
} from '../../src/core/records.ts';
import type { Arrived, Reply } from '../../src/core/wire.ts';
import type { ModelRows } from '../../src/gateway/model-map.ts';
import { openSite, type Site, type SiteParts } from '../../src/http/site.ts';
import type { Clock } from '../../src/kit/clock.ts';
import { type IncomingAnswer, type IncomingBody, UpstreamFault } from '../../src/kit/incoming.ts';
import { silentLog } from '../../src/kit/log.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { Abort, type Signal } from '../../src/kit/signal.ts';
import { next } from '../../src/kit/source.ts';
import type { OutgoingRequest } from '../../src/kit/upstream.ts';
import type { Database } from '../../src/store/database.ts';
import type { SettingRow } from '../../src/store/setting-rows.ts';

export const masterKey = 'sk-master-of-the-test-house';

/** A request as the upstream received it. */
export interface Received {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
  readonly text: string;
  /** Fires when the gateway lets the call go before its end. */
  readonly signal: Signal;
}

/** What the scripted upstream does: bytes or pieces of a stream, a status, headers. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | object | readonly (string | Buffer)[] | AsyncIterable<string | Buffer>;
}

export type Upstream = (received: Received) => Scripted | Promise<Scripted>;

/** A clock whose time stands still until the test moves it. */
export class TestClock implements Clock {
  #now = 1_800_000_000_000;
  #waiting: { at: number; call: () => void }[] = [];

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  after = (ms: number, call: () => void): (() => void) => {
    const entry = { at: this.#now + ms, call };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  };

  /** Takes milliseconds; lets them pass, and calls what was waiting for them in order. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#waiting.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#now = next.at;
      next.call();
    }
    this.#now = until;
  }

  /** How many calls wait for their time. */
  get waiting(): number {
    return this.#waiting.length;
  }
}

export interface HouseOptions {
  readonly deployments?: readonly (Partial<DeploymentRecord> & { readonly alias: string })[];
  readonly aliases?: readonly (Partial<AliasRecord> & { readonly name: string })[];
  readonly keys?: readonly VirtualKey[];
  readonly credentials?: readonly CredentialRecord[];
  readonly router?: Partial<RouterSettings>;
  readonly upstream?: Upstream;
  /** A real way out, in place of a scripted upstream. */
  readonly send?: (request: OutgoingRequest) => Promise<IncomingAnswer>;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly isFresh?: () => boolean;
  /** The environment that stored references are looked up in. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly pingMs?: number;
  /** Which of how many workers this house is. */
  readonly crew?: SiteParts['crew'];
  readonly tracing?: Tracing;
  readonly keepContents?: (contents: Contents) => void;
  /** The boot options that /config tells of. */
  readonly options?: Config;
  /** Settings as they stand in the tables, where there is no database to read them from. */
  readonly settings?: readonly SettingRow[];
  /** As they are stored; shown where settings are given. */
  readonly toolServers?: readonly ToolServerRecord[];
  readonly metricsReaders?: 'anyone' | 'local' | 'key';
  /** What a change of the management API is followed by. */
  readonly refresh?: () => Promise<void>;
  /** Rows as the tables hold them, in place of those given here. */
  readonly rows?: () => ModelRows;
  /** Where keys are kept and usage is read; without it whatever needs one fails. */
  readonly database?: Database;
}

export interface House {
  readonly site: Site;
  readonly rows: UsageRow[];
  readonly received: Received[];
  /** What the log warned of, by event. */
  readonly warnings: string[];
  readonly clock: TestClock;
  /** Sends a request and returns the reply with its whole body as text. */
  ask(path: string, body?: unknown, options?: AskOptions): Promise<Told>;
  /** Sends a request and returns the bare reply (a stream is not read). */
  open(path: string, body?: unknown, options?: AskOptions): Promise<Reply>;
}

export interface AskOptions {
  readonly key?: string | null;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly gone?: Signal;
  readonly query?: string;
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

/** Takes what stands in the house; returns it, open for requests. */
export function openHouse(options: HouseOptions): House {
  const rows: UsageRow[] = [];
  const received: Received[] = [];
  const clock = options.clock instanceof TestClock ? options.clock : new TestClock();
  const deployments = (options.deployments ?? []).map(deployment);
  const names = new Set([...deployments.map(({ alias }) => alias), ...(options.aliases ?? []).map(({ name }) => name)]);
  const aliases = [...names].map((name) => alias(name, options.aliases ?? []));
  const sealer = openSealer(new Secret('salt-of-the-test-house'));
  const router = routerSettings(options.router ?? {});
  const settings = <Row>(sql: string) =>
    Promise.resolve((sql.includes('plumbline.tool_servers') ? options.toolServers : options.settings) ?? []) as Promise<
      Row[]
    >;
  const unused = () => Promise.reject(new Error('this house has no database'));
  const warnings: string[] = [];
  const site = openSite({
    masterKey: new Secret(masterKey),
    sealer,
    resolve: (secret) => resolveStored(secret, { variables: options.variables ?? {}, readText: noFile }),
    rows: options.rows ?? (() => ({ aliases, deployments, credentials: options.credentials ?? [], router })),
    keyByHash: (hash) => (options.keys ?? []).find((key) => key.hash === hash),
    isFresh: options.isFresh ?? (() => true),
    database: options.database ?? { query: options.settings === undefined ? unused : settings, transaction: unused },
    options: options.options ?? usualOptions(),
    environment: options.variables ?? {},
    refresh: options.refresh ?? (() => Promise.resolve()),
    send: options.send ?? ((request) => answer(request, options.upstream, received)),
    record: (row) => rows.push(row),
    readiness: () => ({ ready: true, database: 'connected', reasons: [] }),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
    ...(options.keepContents === undefined ? {} : { keepContents: options.keepContents }),
    metrics: {
      litellmNames: true,
      readers: options.metricsReaders ?? 'key',
      journal: () => ({ waiting: 0, written: rows.length, lost: 0, rejected: 0 }),
      upstreams: () => ({}),
      keys: () => options.keys?.length ?? 0,
      isDatabaseConnected: () => true,
    },
    ...(options.crew === undefined ? {} : { crew: options.crew }),
    pingMs: options.pingMs ?? 15_000,
    log: { ...silentLog, warn: (event) => void warnings.push(event) },
    clock,
    random: options.random ?? (() => 0),
  });
  const open = (path: string, body?: unknown, ask: AskOptions = {}) => site.inject(arrived(path, body, ask, clock));
  return { site, rows, received, warnings, clock, open, ask: async (...asked) => told(await open(...asked)) };
}

/** The options of a gateway that nobody gave any. */
function usualOptions(): Config {
  const loaded = loadConfig({ environment: { HOME: '/home/of-the-test-house' } });
  if ('config' in loaded) return loaded.config;
  throw new Error('the options of the test house make no sense');
}

function noFile(path: string): never {
  throw Object.assign(new Error(path), { code: 'ENOENT' });
}

function deployment(given: Partial<DeploymentRecord> & { readonly alias: string }, index: number): DeploymentRecord {
  return {
    id: `d${index + 1}`,
    owner: 'file',
    position: index,
    provider: 'openai',
    model: 'upstream-model',
    baseUrl: `http://upstream-${index + 1}.test/v1`,
    credential: null,
    parameters: {},
    info: {},
    ...given,
  };
}

function alias(name: string, given: HouseOptions['aliases'] & object): AliasRecord {
  return {
    name,
    owner: 'file',
    target: null,
    hidden: false,
    strategy: 'in-order',
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
    retryPolicy: {},
    ...given.find((one) => one.name === name),
  };
}

function arrived(path: string, body: unknown, ask: AskOptions, clock: Clock): Arrived {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
  const key = ask.key === undefined ? masterKey : ask.key;
  return {
    id: randomUUID(),
    callId: 'call-of-the-test',
    method: ask.method ?? (body === undefined ? 'GET' : 'POST'),
    path,
    query: ask.query ?? '',
    parameters: {},
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...ask.headers },
    body: body === undefined ? Buffer.alloc(0) : bytes,
    from: '127.0.0.1',
    atMs: clock.monotonic(),
    startedAt: clock.now(),
    gone: ask.gone ?? new AbortController().signal,
  };
}

async function told(reply: Reply): Promise<Told> {
  const text = typeof reply.body === 'string' ? reply.body : await readWhole(reply.body);
  return {
    status: reply.status,
    headers: { ...reply.headers, ...fieldsOf(reply.lines ?? '') },
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

function fieldsOf(lines: string): Record<string, string> {
  const fields = lines.split('\r\n').filter((line) => line !== '');
  return Object.fromEntries(
    fields.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
}

/** Takes the body of a reply; gives its pieces as a client that reads would get them, and stops it when that one leaves. */
export async function* piecesIn(body: Reply['body']): AsyncGenerator<Buffer> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    yield Buffer.from(body);
    return;
  }
  try {
    for (let piece = await next(body); piece !== null; piece = await next(body)) yield Buffer.from(piece);
  } finally {
    body.stop();
  }
}

async function readWhole(body: Reply['body']): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of piecesIn(body)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

async function answer(
  request: OutgoingRequest,
  upstream: Upstream | undefined,
  received: Received[],
): Promise<IncomingAnswer> {
  const text = Buffer.concat(request.body ?? []).toString('utf8');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );
  const letGo = letGoWith(request.signal);
  const got = {
    origin: request.origin,
    path: request.path,
    headers,
    text,
    body: text === '' ? {} : JSON.parse(text),
    signal: letGo,
  };
  received.push(got);
  if (upstream === undefined) throw new UpstreamFault('unreachable');
  const scripted = await orAborted(Promise.resolve(upstream(got)), letGo);
  const stream = piecesOf(scripted.body);
  return {
    status: scripted.status ?? 200,
    headers: scripted.headers ?? {},
    body: new ScriptedBody(stream, letGo),
  };
}

/** Takes the signal of a request; returns one that fires with it, and that a body which is not wanted any more fires. */
function letGoWith(signal: Signal): Abort {
  const letGo = new Abort();
  const abort = () => letGo.abort();
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return letGo;
}

function orAborted<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new UpstreamFault('aborted'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}

function piecesOf(body: Scripted['body']): AsyncIterator<string | Buffer> {
  if (typeof body === 'object' && Symbol.asyncIterator in body) return body[Symbol.asyncIterator]();
  const list = typeof body === 'string' ? [body] : Array.isArray(body) ? body : [JSON.stringify(body)];
  return (async function* () {
    yield* list as readonly (string | Buffer)[];
  })();
}

/** A body that comes as its script lets it. */
class ScriptedBody implements IncomingBody {
  readonly #pieces: AsyncIterator<string | Buffer>;
  readonly #letGo: Abort;
  #coming: Promise<Buffer | null> | null = null;
  #piece: Buffer | null | undefined;
  #fault: unknown;

  constructor(pieces: AsyncIterator<string | Buffer>, letGo: Abort) {
    this.#pieces = pieces;
    this.#letGo = letGo;
  }

  take(): Buffer | null | undefined {
    if (this.#fault !== undefined) throw this.#fault;
    const piece = this.#piece;
    if (piece !== null) this.#piece = undefined;
    return piece;
  }

  wake(told: () => void): void {
    this.#coming ??= this.#next();
    this.#coming.then(
      (piece) => {
        this.#coming = null;
        this.#piece = piece;
        told();
      },
      (fault: unknown) => {
        this.#fault = fault;
        told();
      },
    );
  }

  async readAll(): Promise<Buffer> {
    const all: Buffer[] = [];
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) all.push(piece);
    return Buffer.concat(all);
  }

  cancel(): void {
    if (this.#piece !== null) this.#letGo.abort();
  }

  async #next(): Promise<Buffer | null> {
    const { value, done } = await orAborted(this.#pieces.next(), this.#letGo);
    return done === true ? null : Buffer.from(value);
  }
}

/** Takes text; returns an OpenAI chat completion that says it. */
export function completion(text: string): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'upstream-model',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  };
}

/** Takes words; returns the events of an OpenAI chat stream that says them, usage and [DONE] included. */
export function chatEvents(words: readonly string[]): string[] {
  const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'upstream-model' };
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...common, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const usage = { prompt_tokens: 3, completion_tokens: words.length, total_tokens: 3 + words.length };
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...words.map((word) => chunk({ content: word }, null)),
    chunk({}, 'stop'),
    `data: ${JSON.stringify({ ...common, choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ];
}

/** The question most tests ask. */
export const question = { model: 'chat', messages: [{ role: 'user', content: 'hello' }] };
