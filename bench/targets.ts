// What is to be reached, as ratios within one run, and whether the figures reach it.
// Invariant: a target that could not be measured is said to be so, and is never counted as reached.
import type { Figures } from './median.ts';

/** Medians by the gateway's name. */
export type Board = Readonly<Record<string, Figures>>;

export interface Verdict {
  readonly title: string;
  readonly wanted: string;
  /** What was measured, in words; null when it was not. */
  readonly measured: string | null;
  readonly isReached: boolean;
}

interface Target {
  readonly title: string;
  readonly wanted: string;
  value(board: Board): number | null;
  isReached(value: number): boolean;
  say(value: number): string;
}

const ours = 'ours';
const limit = 'nginx';
/**
 * Rows of throughput and of latency in which no peer may be ahead: the figure, and whether more is better. The upstream paces the
 * slow streams, so their rate says nothing and their CPU everything.
 */
const contested: readonly (readonly [figure: string, more: boolean])[] = [
  ...['chat-1k', 'chat-20k', 'chat-200k', 'embeddings', 'burst'].map((row) => [`${row}.perSecond`, true] as const),
  ...['fixed', 'alone', 'first-token'].flatMap((row) => [
    [`${row}.addedP50`, false] as const,
    [`${row}.addedP99`, false] as const,
  ]),
  ['stream.chunkMicros', false],
];

function figure(board: Board, gateway: string, name: string): number | null {
  return board[gateway]?.[name] ?? null;
}

/** Returns the best peer's figure, or null when no peer has one. */
function bestPeer(board: Board, name: string, more: boolean): number | null {
  const peers = Object.keys(board).filter((one) => one !== ours && one !== limit && one !== 'direct');
  const values = peers.map((peer) => figure(board, peer, name)).filter((value) => value !== null);
  if (values.length === 0) return null;
  return more ? Math.max(...values) : Math.min(...values);
}

function ratio(above: number | null, below: number | null): number | null {
  return above === null || below === null || below === 0 ? null : above / below;
}

/** Rates of one core: capped by nothing but the gateway itself, also where the load was. */
function ofOneCore(board: Board, gateway: string, name: string): number | null {
  return ratio(1e6, figure(board, gateway, name));
}

/** Returns how many contested figures we lead, as a share of those that some peer has. */
function lead(board: Board): number | null {
  const met = contested.filter(([name, more]) => bestPeer(board, name, more) !== null);
  const won = met.filter(([name, more]) => {
    const [we, they] = [figure(board, ours, name), bestPeer(board, name, more)];
    return we !== null && they !== null && (more ? we > they : we < they);
  });
  return met.length === 0 ? null : won.length / met.length;
}

/** Names the contested figures in which some peer is not behind us. */
export function notLed(board: Board): readonly string[] {
  return contested
    .filter(([name, more]) => {
      const [we, they] = [figure(board, ours, name), bestPeer(board, name, more)];
      return they !== null && (we === null || (more ? we <= they : we >= they));
    })
    .map(([name]) => name);
}

const times = (value: number): string => `${value.toFixed(2)}`;
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');
const atLeast = (least: number) => (value: number) => value >= least;
const atMost = (most: number) => (value: number) => value <= most;

const targets: readonly Target[] = [
  {
    title: "1 KB chat, of nginx's rate",
    wanted: 'at least 0.28 (aim 0.35)',
    value: (board) => ratio(figure(board, ours, 'chat-1k.perSecond'), figure(board, limit, 'chat-1k.perSecond')),
    isReached: atLeast(0.28),
    say: times,
  },
  {
    title: '20 KB chat, of our 1 KB rate',
    wanted: 'at least 0.6',
    value: (board) => ratio(figure(board, ours, 'chat-20k.perSecond'), figure(board, ours, 'chat-1k.perSecond')),
    isReached: atLeast(0.6),
    say: times,
  },
  {
    title: 'SSE chunks a second of one core',
    wanted: 'at least 60,000',
    value: (board) => ofOneCore(board, ours, 'stream.chunkMicros'),
    isReached: atLeast(60_000),
    say: whole,
  },
  {
    title: 'ahead of every peer on every row of throughput and latency',
    wanted: 'all',
    value: lead,
    isReached: atLeast(1),
    say: (value) => `${percent(value)} of the figures`,
  },
  {
    title: "requests a second, of the TypeScript peer's",
    wanted: 'at least 8 times',
    value: (board) => ratio(figure(board, ours, 'chat-1k.perSecond'), figure(board, 'portkey', 'chat-1k.perSecond')),
    isReached: atLeast(8),
    say: times,
  },
  {
    title: "100-chunk streams a second of one core, of the fastest peer's (10 ms apart)",
    wanted: 'at least 1.5 times',
    value: (board) => ratio(bestPeer(board, 'stream.chunkMicros', false), figure(board, ours, 'stream.chunkMicros')),
    isReached: atLeast(1.5),
    say: times,
  },
  {
    title: "100-chunk streams a second, of the fastest peer's (chunks at once)",
    wanted: 'at least 1.5 times',
    value: (board) => ratio(figure(board, ours, 'burst.perSecond'), bestPeer(board, 'burst.perSecond', true)),
    isReached: atLeast(1.5),
    say: times,
  },
  {
    title: "p99 added at 500 a second, of the best peer's",
    wanted: 'at most 1',
    value: (board) => ratio(figure(board, ours, 'fixed.addedP99'), bestPeer(board, 'fixed.addedP99', false)),
    isReached: atMost(1),
    say: times,
  },
  {
    title: 'memory of the gateway process, idle',
    wanted: 'at most 110 MB',
    value: (board) => figure(board, ours, 'idle.mb'),
    isReached: atMost(110),
    say: (value) => `${whole(value)} MB`,
  },
  {
    title: 'memory of the gateway process after load',
    wanted: 'at most 220 MB',
    value: (board) => figure(board, ours, 'loaded.mb'),
    isReached: atMost(220),
    say: (value) => `${whole(value)} MB`,
  },
  {
    title: 'memory between the 200,000th and the 1,000,000th request',
    wanted: 'within 10 %',
    value: (board) => figure(board, ours, 'soak.growth'),
    isReached: atMost(0.1),
    say: percent,
  },
  {
    title: "two workers' rate, of one worker's (each with the same part of a core of its own)",
    wanted: 'at least 1.7 times',
    value: (board) => figure(board, ours, 'workers.scaling'),
    isReached: atLeast(1.7),
    say: times,
  },
  {
    title: 'from process start to the first 200, 48 models, existing database',
    wanted: 'at most 1,000 ms',
    value: (board) => figure(board, ours, 'start.ms'),
    isReached: atMost(1000),
    say: (value) => `${whole(value)} ms`,
  },
];

/** Takes the medians of a run; returns each target and whether it is reached. */
export function judge(board: Board): readonly Verdict[] {
  return targets.map((target) => {
    const value = target.value(board);
    const isReached = value !== null && target.isReached(value);
    return {
      title: target.title,
      wanted: target.wanted,
      measured: value === null ? null : target.say(value),
      isReached,
    };
  });
}
