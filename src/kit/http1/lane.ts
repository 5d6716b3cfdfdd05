// The connections to one origin: a free one is used again, the youngest first; a new one is opened up to the limit; beyond it
// calls wait their turn. Invariants: a connection is used by one call at a time; one too old or idle for too long is let go.
import type { Socket } from 'node:net';
import type { Outbox } from '../outbox.ts';
import { type CallBytes, type CallEvents, Channel, type Owner } from './channel.ts';

export interface LaneOptions {
  /** Opens a connection; calls back once. */
  readonly connect: (opened: (error: Error | null, socket: Socket | null) => void) => void;
  /** Connections at once. */
  readonly connections: number;
  /** Milliseconds an idle connection is kept. */
  readonly keepAliveMs: number;
  /** Milliseconds after which a connection is not used again, so that names are looked up anew. */
  readonly lifetimeMs: number;
  readonly outbox: Outbox;
}

/** A call under way: how its answer is held up, let on, and ended. */
export interface CallControl {
  pause(): void;
  resume(): void;
  /** Ends the call, which is told of it with this error. Harmless when it is over. */
  abort(error: Error): void;
}

/** Idle connections are looked through this often. */
const sweepMs = 5_000;

export class Lane implements Owner {
  readonly #options: LaneOptions;
  #free: Channel[] = [];
  readonly #all = new Set<Channel>();
  #opening = 0;
  #waiting: Call[] = [];
  #running = 0;
  #isClosed = false;
  #sweeper: NodeJS.Timeout | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Calls under way and calls waiting for a connection. */
  get stats(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }

  /** True when it holds no connection and nobody waits for one. */
  get isEmpty(): boolean {
    return this.#all.size === 0 && this.#opening === 0 && this.#waiting.length === 0;
  }

  /** Takes a call and who is told of it; returns the means to hold it up or end it. */
  start(bytes: CallBytes, events: CallEvents): CallControl {
    const call = new Call(bytes, events, this);
    const channel = this.#fresh();
    if (channel !== undefined) this.#lend(channel, call);
    else {
      this.#waiting.push(call);
      this.#open();
    }
    return call;
  }

  /** Lets every connection go; calls under way fail. */
  close(): void {
    this.#isClosed = true;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    const gone = new Error('the gateway is closing');
    for (const call of this.#waiting.splice(0)) call.failed(gone);
    for (const channel of [...this.#all]) channel.abort(gone);
  }

  free(channel: Channel, keepAliveMs: number | null): void {
    const { keepAliveMs: ours, lifetimeMs } = this.#options;
    const now = performance.now();
    channel.usableUntil = Math.min(now + Math.min(ours, keepAliveMs ?? ours), channel.bornAt + lifetimeMs);
    this.#running--;
    if (now >= channel.bornAt + lifetimeMs) {
      this.#drop(channel);
      this.#open();
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free.push(channel);
      this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
    } else this.#lend(channel, next);
  }

  lost(channel: Channel): void {
    if (!this.#all.delete(channel)) return;
    const at = this.#free.indexOf(channel);
    if (at === -1) this.#running--;
    else this.#free.splice(at, 1);
    if (this.#waiting.length > 0) this.#open();
  }

  /** Takes a call that waits; it is not wanted any more. */
  forget(call: Call): void {
    this.#waiting = this.#waiting.filter((each) => each !== call);
  }

  #fresh(): Channel | undefined {
    for (let channel = this.#free.pop(); channel !== undefined; channel = this.#free.pop()) {
      if (channel.usableUntil > performance.now()) return channel;
      this.#drop(channel);
    }
    return undefined;
  }

  #lend(channel: Channel, call: Call): void {
    this.#running++;
    call.begin(channel);
  }

  /** One more connection, if one is allowed and somebody waits for it. */
  #open(): void {
    if (this.#isClosed || this.#opening >= this.#waiting.length) return;
    if (this.#all.size + this.#opening >= this.#options.connections) return;
    this.#opening++;
    this.#options.connect((error, socket) => {
      this.#opening--;
      if (socket !== null && error === null) this.#opened(socket);
      else this.#waiting.shift()?.failed(error ?? new Error('no connection'));
      this.#open();
    });
  }

  #opened(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const channel = new Channel(socket, this, this.#options.outbox);
    this.#all.add(channel);
    this.#running++;
    this.free(channel, null);
  }

  #sweep(): void {
    const now = performance.now();
    const old = this.#free.filter(({ usableUntil }) => usableUntil <= now);
    this.#free = this.#free.filter(({ usableUntil }) => usableUntil > now);
    for (const channel of old) this.#drop(channel);
    if (this.#all.size > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #drop(channel: Channel): void {
    this.#all.delete(channel);
    channel.close();
  }
}

/** From the moment it is asked for until it is over; waiting first, when there is no connection. */
class Call implements CallControl {
  readonly #bytes: CallBytes;
  readonly #events: CallEvents;
  readonly #lane: Lane;
  #channel: Channel | null = null;
  #isOver = false;

  constructor(bytes: CallBytes, events: CallEvents, lane: Lane) {
    this.#bytes = bytes;
    this.#events = events;
    this.#lane = lane;
  }

  begin(channel: Channel): void {
    this.#channel = channel;
    channel.start(this.#bytes, this);
  }

  head(status: number, fields: Record<string, string>): void {
    this.#events.head(status, fields);
  }

  data(bytes: Buffer): void {
    this.#events.data(bytes);
  }

  ended(): void {
    this.#isOver = true;
    this.#events.ended();
  }

  failed(error: Error): void {
    this.#isOver = true;
    this.#events.failed(error);
  }

  pause(): void {
    if (!this.#isOver) this.#channel?.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#channel?.resume();
  }

  abort(error: Error): void {
    if (this.#isOver) return;
    if (this.#channel !== null) {
      this.#channel.abort(error);
      return;
    }
    this.#lane.forget(this);
    this.failed(error);
  }
}
