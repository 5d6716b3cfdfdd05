// An upstream's answer as it comes in: its head as soon as it is there, its body with back-pressure, its failures as faults.
import { GatheredBytes } from './gathered-bytes.ts';
import type { CallEvents } from './http1/channel.ts';
import type { CallControl } from './http1/lane.ts';
import type { Signal } from './signal.ts';
import type { Source } from './source.ts';

export type FaultKind = 'unreachable' | 'cut' | 'aborted' | 'too-large';

/** A call that failed below HTTP: what happened, and the error of the socket as its cause. */
export class UpstreamFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, cause?: unknown) {
    super(`upstream ${kind}`, { cause });
    this.name = 'UpstreamFault';
    this.kind = kind;
  }
}

export interface IncomingAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: IncomingBody;
}

/** Bytes held for a slow reader before the socket is paused. */
const highWaterBytes = 64 * 1024;

/** The body of an answer, read once: chunk by chunk (what breaks it off is an UpstreamFault: it was cut or aborted), or whole. */
export interface IncomingBody extends Source<Buffer> {
  /** Takes a limit in bytes; returns the whole body. Throws UpstreamFault when it is larger, cut or aborted. */
  readAll(limit: number): Promise<Buffer>;
  /** Lets the upstream go: the rest of the body is not wanted. Harmless after the end. */
  cancel(): void;
}

/** A body that arrives from a socket, with back-pressure. */
class SocketBody implements IncomingBody {
  readonly #controller: CallControl;
  readonly #chunks = new GatheredBytes();
  #paused = false;
  #ended = false;
  #fault: UpstreamFault | null = null;
  #wake: (() => void) | null = null;
  #whole: { readonly limit: number; resolve(body: Buffer): void; reject(fault: UpstreamFault): void } | null = null;

  constructor(controller: CallControl) {
    this.#controller = controller;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#whole !== null) this.#gather();
    else {
      if (this.#chunks.length > highWaterBytes) this.#hold();
      this.#stir();
    }
  }

  #hold(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#controller.pause();
  }

  finish(fault: UpstreamFault | null): void {
    this.#ended = true;
    this.#fault = fault;
    this.#gather();
    this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  take(): Buffer | null | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      if (this.#chunks.length <= highWaterBytes / 2) this.#flow();
      return chunk;
    }
    if (this.#fault !== null) throw this.#fault;
    return this.#ended ? null : undefined;
  }

  wake(told: () => void): void {
    this.#wake = told;
  }

  readAll(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#whole = { limit, resolve, reject };
      this.#flow();
      this.#gather();
    });
  }

  #flow(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#controller.resume();
  }

  /** Once the whole is wanted, chunks are kept until the end has come or they are too many. */
  #gather(): void {
    if (this.#whole === null) return;
    const { limit, resolve, reject } = this.#whole;
    if (this.#chunks.length > limit) {
      this.#whole = null;
      this.cancel();
      reject(new UpstreamFault('too-large'));
    } else if (this.#fault !== null) reject(this.#fault);
    else if (this.#ended) resolve(this.#chunks.take());
  }

  cancel(): void {
    if (!this.#ended) this.#controller.abort(new UpstreamFault('aborted'));
  }
}

/** One call from its start to the last byte; settles a promise of the answer. */
export class IncomingCall implements CallEvents {
  readonly #resolve: (answer: IncomingAnswer) => void;
  readonly #reject: (fault: UpstreamFault) => void;
  readonly #signal: Signal;
  #control: CallControl | null = null;
  #isOver = false;
  #body: SocketBody | null = null;

  constructor(signal: Signal, resolve: (answer: IncomingAnswer) => void, reject: (fault: UpstreamFault) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  /** Set once, as soon as it is there; a call that failed at once needs none. */
  set control(control: CallControl) {
    this.#control = control;
    if (!this.#isOver) this.#signal.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = (): void => this.#control?.abort(new UpstreamFault('aborted'));

  head(status: number, headers: Record<string, string>): void {
    if (this.#control === null) return;
    this.#body = new SocketBody(this.#control);
    this.#resolve({ status, headers, body: this.#body });
  }

  data(chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  ended(): void {
    this.#over();
    this.#body?.finish(null);
  }

  failed(error: Error): void {
    this.#over();
    const kind = this.#body === null ? 'unreachable' : 'cut';
    const fault = error instanceof UpstreamFault ? error : new UpstreamFault(kind, error);
    if (this.#body === null) this.#reject(fault);
    else this.#body.finish(fault);
  }

  #over(): void {
    this.#isOver = true;
    this.#signal.removeEventListener('abort', this.#abort);
  }
}
