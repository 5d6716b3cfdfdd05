// What passes between the door and the hall: plain fields and raw bytes, no web Request or Response (see docs/decisions).
import type { Signal } from '../kit/signal.ts';
import type { Source } from '../kit/source.ts';
import { GatewayError } from './errors.ts';

/** A request as it arrived: header names in lower case, body as bytes. */
export interface Arrived {
  /** Ours, fresh for each request: the usage row stands under it. */
  readonly id: string;
  /** What the client calls the request (x-litellm-call-id), else `id`; echoed, and free to repeat. */
  readonly callId: string;
  readonly method: string;
  /** Path without query, as sent. */
  readonly path: string;
  readonly query: string;
  /** What the path's placeholders stood for. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Address of the peer. */
  readonly from: string;
  /** When it was read whole: milliseconds of the monotonic clock, and of the calendar. */
  readonly atMs: number;
  readonly startedAt: number;
  /**
   * Aborted when the client hangs up before the reply is complete, or when a stop can wait no longer: then the reason is a
   * GatewayError to be told.
   */
  readonly gone: Signal;
}

/** A body that is told as it comes. */
export interface Streamed extends Source<Uint8Array | string> {
  /** Nobody reads on. Harmless after the end. */
  stop(): void;
}

/** A reply: a status, headers, and bytes or a stream of bytes. The door always reads a stream to its end or stops it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** More headers, as they go out: each line with its end. Whoever made them answers for what they hold. */
  readonly lines?: string;
  readonly body: Uint8Array | string | Streamed;
  /** For a stream: text that means nothing and is sent whenever it has been silent for too long. */
  readonly ping?: string;
  /** True: it has been silent for too long already, so the ping goes out with the head. */
  readonly isLate?: boolean;
}

/** Takes an Arrived; returns why we can wait for it no longer; null when we can, or when it is the client who went. */
export function stopOf({ gone }: Pick<Arrived, 'gone'>): GatewayError | null {
  return gone.reason instanceof GatewayError ? gone.reason : null;
}

/** Takes an Arrived and a header name in lower case; returns its first value, or undefined. */
export function header(arrived: Pick<Arrived, 'headers'>, name: string): string | undefined {
  const value = arrived.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
