// What the primary and its workers say to each other. Plain JSON over the channel that node:cluster opens.
import type { News } from '../../gateway/traffic.ts';
import type { Snapshot } from '../../telemetry/family.ts';

/** A deployment goes to rest. */
export type Rest = Extract<News, { kind: 'rest' }>;

export type FromWorker =
  /** Asks what to do. */
  | { readonly kind: 'hello' }
  /** Listens; the banner is for whoever started the primary. */
  | { readonly kind: 'ready'; readonly banner: string }
  /** Found something out that the others should know. */
  | { readonly kind: 'news'; readonly news: News }
  /** Wants the metrics of all others; says its own, in case it dies before the next time. */
  | { readonly kind: 'others'; readonly question: number; readonly own: Snapshot }
  /** Its metrics, asked for or at its end (question null). */
  | { readonly kind: 'metrics'; readonly question: number | null; readonly own: Snapshot };

export type FromPrimary =
  | { readonly kind: 'start'; readonly index: number; readonly size: number; readonly port: number }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'others'; readonly question: number; readonly snapshot: Snapshot }
  | { readonly kind: 'metrics'; readonly question: number };
