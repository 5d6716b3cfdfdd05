// The process that others work for: it holds the embedded database, starts the workers and starts them again when they die,
// passes on what one finds out, and adds up their metrics. It serves no request itself.
import cluster, { type Worker } from 'node:cluster';
import type { Config } from '../../config/options.ts';
import { freePort } from '../../http/free-port.ts';
import { systemClock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Store } from '../../store/index.ts';
import { Tally } from '../../telemetry/merge.ts';
import type { FromPrimary, FromWorker } from './messages.ts';
import { Rests } from './rests.ts';

export interface PrimaryParts {
  readonly config: Config;
  readonly log: Log;
  /** The database of our own that is to be held open; null: somebody else's. */
  readonly store: Store | null;
  /** Says the banner of the first worker that listens. */
  readonly say: (banner: string) => void;
  /** Resolves when the process is asked to stop. */
  readonly stopAsked: Promise<string>;
  /** Takes what to do when the process is asked to read its configuration again. */
  readonly onReloadAsked: (call: () => void) => void;
}

const firstWaitMs = 100;
const longestWaitMs = 5_000;
/** A worker that is too busy to count its metrics within this is told of as it was. */
const countPatienceMs = 1_000;

/** Takes the parts; runs the workers until asked to stop, or until the first of them cannot start. Returns its exit code. */
export function runPrimary(parts: PrimaryParts): Promise<number> {
  return new Primary(parts).run();
}

class Primary {
  readonly #parts: PrimaryParts;
  readonly #workers = new Map<number, Worker>();
  /** Those of them that hear: they serve requests, and have something to tell. */
  readonly #listening = new Set<number>();
  readonly #rests = new Rests(systemClock);
  readonly #tally = new Tally();
  readonly #counting = new Map<number, (index: number) => void>();
  #asked = 0;
  #isUp = false;
  #isStopping = false;
  #waitMs = firstWaitMs;
  #port: number;
  #end: (exitCode: number) => void = () => undefined;

  constructor(parts: PrimaryParts) {
    this.#parts = parts;
    this.#port = parts.config.port;
  }

  async run(): Promise<number> {
    const ended = new Promise<number>((resolve) => (this.#end = resolve));
    // Chosen once: the system would choose another when the last worker has died and the next begins.
    if (this.#port === 0) this.#port = await freePort(this.#parts.config.host);
    this.#fork(1);
    void this.#parts.stopAsked.then((signal) => this.#stop(signal));
    // The first worker follows the file; the others follow the tables.
    this.#parts.onReloadAsked(() => this.#workers.get(1)?.process.kill('SIGHUP'));
    const exitCode = await ended;
    await this.#parts.store?.close();
    return exitCode;
  }

  #fork(index: number): void {
    const worker = cluster.fork();
    this.#workers.set(index, worker);
    const letGo = followConnections(worker);
    worker.on('message', (message: FromWorker) => this.#hear(index, worker, message));
    worker.on('exit', (code, signal) => {
      letGo();
      this.#exited(index, code ?? 0, signal);
    });
    worker.on('error', (error) => {
      this.#parts.log.error('a worker cannot be started or spoken to', { worker: index, error });
      if (worker.process.pid === undefined) this.#exited(index, 1, null);
    });
  }

  #hear(index: number, worker: Worker, message: FromWorker): void {
    // The last words of one that has ended: it is counted already (Tally.departed).
    if (this.#workers.get(index) !== worker) return;
    if (message.kind === 'hello') {
      tell(worker, { kind: 'start', index, size: this.#parts.config.workers, port: this.#port });
    } else if (message.kind === 'ready') this.#ready(index, worker, message.banner);
    else if (message.kind === 'news') {
      if (message.news.kind === 'rest') this.#rests.heard(message.news);
      for (const [other, peer] of this.#workers) if (other !== index) tell(peer, message);
    } else if (message.kind === 'metrics') {
      this.#tally.heard(index, message.own);
      if (message.question !== null) this.#counting.get(message.question)?.(index);
    } else {
      this.#tally.heard(index, message.own);
      void this.#count(index).then(() => {
        tell(worker, { kind: 'others', question: message.question, snapshot: this.#tally.total(index) });
      });
    }
  }

  /** The first worker brings schema and file into the database; the others, started then, find it done. */
  #ready(index: number, worker: Worker, banner: string): void {
    const { config, log, say } = this.#parts;
    this.#waitMs = firstWaitMs;
    this.#listening.add(index);
    for (const news of this.#rests.left()) tell(worker, { kind: 'news', news });
    log.info('a worker listens', { worker: index });
    if (this.#isUp) return;
    this.#isUp = true;
    say(banner);
    log.info('workers', { count: config.workers });
    for (let index = 2; index <= config.workers && !this.#isStopping; index++) this.#fork(index);
  }

  /** Resolves when every other worker that serves has said its metrics, or had its time. */
  #count(asker: number): Promise<void> {
    const question = ++this.#asked;
    const open = new Set([...this.#listening].filter((index) => index !== asker));
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#counting.delete(question);
        resolve();
      };
      const timer = setTimeout(done, countPatienceMs);
      this.#counting.set(question, (index) => {
        open.delete(index);
        if (open.size === 0) done();
      });
      for (const index of open) tell(this.#workers.get(index), { kind: 'metrics', question });
      if (open.size === 0) done();
    });
  }

  #exited(index: number, code: number, signal: string | null): void {
    this.#workers.delete(index);
    this.#listening.delete(index);
    this.#tally.departed(index);
    if (!this.#isStopping && this.#isUp) this.#replace(index, code, signal);
    // The first, before it is up, has said why by itself: a port that is taken, a file with errors.
    else if (!this.#isStopping) this.#end(code === 0 ? 1 : code);
    else if (this.#workers.size === 0) this.#end(0);
  }

  #replace(index: number, code: number, signal: string | null): void {
    this.#parts.log.error('a worker ended; another takes its place', { worker: index, code, signal });
    setTimeout(() => !this.#isStopping && this.#fork(index), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
  }

  #stop(signal: string): void {
    this.#isStopping = true;
    this.#parts.log.info('stopping', { signal, workers: this.#workers.size });
    for (const worker of this.#workers.values()) worker.process.kill('SIGTERM');
    if (this.#workers.size === 0) this.#end(0);
  }
}

/**
 * Takes a worker; returns what lets go of the connection that was on its way to it when it ended. node:cluster hands them over
 * one by one and forgets the one that nobody took: its client would wait for ever.
 */
function followConnections({ process: child }: Worker): () => void {
  let last: unknown;
  const send = child.send.bind(child) as (...all: unknown[]) => boolean;
  child.send = (...all: unknown[]): boolean => {
    if (all[1] !== undefined) last = all[1];
    return send(...all);
  };
  return () => {
    if (isClosable(last)) last.close();
  };
}

function isClosable(handle: unknown): handle is { close(): void } {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}

/** A worker that is on its way out hears nothing any more. */
function tell(worker: Worker | undefined, message: FromPrimary): void {
  if (worker?.isConnected() === true) worker.send(message);
}
