// What the primary and its workers say to each other. Plain JSON over the channel that node:cluster opens.
import type { Snapshot } from '../../telemetry/family.ts';

/** A deployment goes to rest: for how long, and the window of a probe after it, in milliseconds. */
export interface Rest {
  readonly deployment: string;
  readonly restMs: number;
  readonly windowMs: number;
}

export type FromWorker =
  /** Asks what to do. */
  | { readonly kind: 'hello' }
  /** Listens; the banner is for whoever started the primary. */
  | { readonly kind: 'ready'; readonly banner: string }
  | { readonly kind: 'rests'; readonly rest: Rest }
  /** Wants the metrics of all others; says its own, in case it dies before the next time. */
  | { readonly kind: 'others'; readonly question: number; readonly own: Snapshot }
  /** Its metrics, asked for or at its end (question null). */
  | { readonly kind: 'metrics'; readonly question: number | null; readonly own: Snapshot };

export type FromPrimary =
  | { readonly kind: 'start'; readonly index: number; readonly size: number; readonly port: number }
  | { readonly kind: 'rest'; readonly rest: Rest }
  | { readonly kind: 'others'; readonly question: number; readonly snapshot: Snapshot }
  | { readonly kind: 'metrics'; readonly question: number };
