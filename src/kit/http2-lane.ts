// Calls to one origin over HTTP/2 where it offers that (by ALPN), else over HTTP/1.1: undici's pool, told like our own lanes.
import { type buildConnector, type Dispatcher, Pool } from 'undici';
import type { CallEvents } from './http1/channel.ts';
import type { CallControl } from './http1/lane.ts';

export interface Http2Options {
  readonly connections: number;
  readonly keepAliveMs: number;
  /** Milliseconds after which a connection is not used again, so that names are looked up anew. */
  readonly lifetimeMs: number;
  readonly connect: buildConnector.BuildOptions;
}

/** A call as undici takes it; names and values of headers in turn. */
export interface Http2Call {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | null;
}

export class Http2Lane {
  readonly #pool: Pool;

  /** Takes an origin and how to connect to it. */
  constructor(origin: string, { connections, keepAliveMs, lifetimeMs, connect }: Http2Options) {
    this.#pool = new Pool(origin, {
      allowH2: true,
      connections,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      clientTtl: lifetimeMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...connect, allowH2: true, preferH2: true },
    });
  }

  /** Calls under way and calls waiting for a connection. */
  get stats(): { running: number; waiting: number } {
    return { running: this.#pool.stats.running, waiting: this.#pool.stats.queued };
  }

  /** True when it holds no connection and nobody waits for one. */
  get isEmpty(): boolean {
    return this.#pool.stats.connected === 0 && this.#pool.stats.size === 0;
  }

  /** Takes a call and who is told of it; returns the means to hold it up or end it. */
  start(call: Http2Call, events: CallEvents): CallControl {
    const told = new Told(events);
    this.#pool.dispatch({ ...call, path: call.path }, told);
    return told;
  }

  close(): void {
    void this.#pool.destroy();
  }
}

/** One call; undici calls its members. */
class Told implements Dispatcher.DispatchHandler, CallControl {
  readonly #events: CallEvents;
  #controller: Dispatcher.DispatchController | null = null;
  #ended: Error | null = null;
  #isOver = false;

  constructor(events: CallEvents) {
    this.#events = events;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Before undici has started the call there is no controller: the call fails now, and the start is refused later. */
  abort(error: Error): void {
    this.#ended = error;
    if (this.#controller === null) this.#fail(error);
    else this.#controller.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended !== null) controller.abort(this.#ended);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const fields: Record<string, string> = {};
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) fields[name] = typeof value === 'string' ? value : value.join(', ');
    }
    this.#events.head(status, fields);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#events.data(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.ended();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.failed(error);
  }
}
