// What is known of each deployment from its own traffic: load, speed, failures, and whether it rests (cooldown).
// Invariant: while a deployment rests nothing is sent to it; when its rest is over one request probes it first.
import type { FailureKind, GatewayError } from '../core/errors.ts';
import type { RouterSettings } from '../core/records.ts';
import type { Signal } from '../kit/signal.ts';

/** What strategies may see of a deployment. */
export interface Seen {
  readonly inFlight: number;
  /** Tokens and requests in the current minute. */
  readonly tokens: number;
  readonly requests: number;
  /** Mean of the last answers in milliseconds (to the first token when streaming); 0 while unseen. */
  readonly latencyMs: number;
}

/** What one worker found out of a deployment and the others take over. Times in milliseconds. */
export type News =
  /** It goes to rest: for how long, and the window of a probe after it. */
  | { readonly kind: 'rest'; readonly deployment: string; readonly restMs: number; readonly windowMs: number }
  /** It failed, not often enough to rest; failures count together within the window. */
  | { readonly kind: 'failed'; readonly deployment: string; readonly windowMs: number }
  /** An answer came whole: failures that were told are forgotten. */
  | { readonly kind: 'recovered'; readonly deployment: string };

interface Book extends Seen {
  inFlight: number;
  minute: number;
  tokens: number;
  requests: number;
  latencyMs: number;
  latencies: number[];
  failures: number;
  failuresSince: number;
  /** True: other workers count these failures too. */
  isShared: boolean;
  restsUntil: number;
  /** True from the begin of a rest until an answer has come. */
  unproven: boolean;
  /** Until when one request probes and others go elsewhere; 0: nobody does. A probe that hangs keeps its place for one window. */
  probedUntil: number;
  windowMs: number;
  /** Requests that wait for room, first come first served. */
  readonly waiting: Set<() => void>;
}

const remembered = 10;
/** Whatever a provider asks for, it is probed after this: a header must not take a model away for days. */
const longestRestMs = 3_600_000;

export class Traffic {
  readonly #books = new Map<string, Book>();
  readonly #now: () => number;
  readonly #tell: (news: News) => void;

  /** Takes a monotonic clock in milliseconds, and who passes on to other workers what they should know. */
  constructor(now: () => number, tell: (news: News) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  /** Takes a deployment's id; returns what is known of it, as it goes on. */
  seen(id: string): Seen {
    return this.#book(id);
  }

  /** Takes a deployment's id; true while nothing may be sent to it. */
  rests(id: string): boolean {
    const book = this.#books.get(id);
    if (book === undefined) return false;
    const now = this.#now();
    return book.restsUntil > now || (book.unproven && book.probedUntil > now);
  }

  /** Takes a deployment's id; returns the milliseconds its rest has still to go (0: none). */
  restMs(id: string): number {
    return Math.max(0, (this.#books.get(id)?.restsUntil ?? 0) - this.#now());
  }

  /** Takes a deployment's id and how many requests it takes at once; true while it has that many. */
  isFull(id: string, most: number): boolean {
    return (this.#books.get(id)?.inFlight ?? 0) >= most;
  }

  /** Takes a deployment's id and a signal; resolves when a request to it has ended, first come first served, or when the signal fires. */
  turn(id: string, gone: Signal): Promise<void> {
    const { waiting } = this.#book(id);
    return new Promise((resolve) => {
      const stir = (): void => {
        waiting.delete(stir);
        gone.removeEventListener('abort', stir);
        resolve();
      };
      waiting.add(stir);
      gone.addEventListener('abort', stir, { once: true });
    });
  }

  /** A request goes out; returns true when it is the probe after a rest. */
  begin(id: string): boolean {
    const book = this.#book(id);
    book.inFlight++;
    book.requests++;
    if (book.unproven) book.probedUntil = this.#now() + book.windowMs;
    return book.unproven;
  }

  /** The probe has failed or was given up: another may try. */
  probed(id: string): void {
    this.#book(id).probedUntil = 0;
  }

  /** An answer is complete: the failures before it are forgotten. */
  completed(id: string): void {
    const book = this.#book(id);
    book.failures = 0;
    if (!book.isShared) return;
    book.isShared = false;
    this.#tell({ kind: 'recovered', deployment: id });
  }

  /** An answer has begun. Takes how long that took, in milliseconds. */
  answered(id: string, latencyMs: number): void {
    const book = this.#book(id);
    book.restsUntil = 0;
    book.unproven = false;
    book.probedUntil = 0;
    book.latencies.push(latencyMs);
    if (book.latencies.length > remembered) book.latencies.shift();
    book.latencyMs = book.latencies.reduce((total, ms) => total + ms, 0) / book.latencies.length;
  }

  /** Tokens of an answer, known at its end. */
  spend(id: string, tokens: number): void {
    this.#book(id).tokens += tokens;
  }

  /** A request is over, however it went. Called once for each `begin`. */
  end(id: string): void {
    const book = this.#book(id);
    book.inFlight = Math.max(0, book.inFlight - 1);
    for (const stir of book.waiting) {
      stir();
      break;
    }
  }

  /**
   * A request failed. Takes the failure, the settings, how long this deployment would rest, and whether a request has
   * somewhere else to go: without that a rest would only turn tries into refusals, so there is none. Returns how long it
   * rests because of this, in milliseconds; 0: not at all.
   */
  failed(id: string, error: GatewayError, settings: RouterSettings, cooldownMs: number, hasElsewhere: boolean): number {
    if (!counts(error)) return 0;
    const book = this.#counted(id, cooldownMs);
    if (settings.disableCooldowns || cooldownMs === 0 || !hasElsewhere) return 0;
    const allowed = settings.allowedFailsPolicy[`${error.kind}AllowedFails`] ?? settings.allowedFails ?? 0;
    if (book.failures <= allowed && !book.unproven) {
      book.isShared = true;
      this.#tell({ kind: 'failed', deployment: id, windowMs: cooldownMs });
      return 0;
    }
    const restMs = Math.max(cooldownMs, Math.min(error.retryAfterMs ?? 0, longestRestMs));
    this.#rest(id, restMs, cooldownMs);
    this.#tell({ kind: 'rest', deployment: id, restMs, windowMs: cooldownMs });
    return restMs;
  }

  /** Another worker has found something out. */
  hear(news: News): void {
    if (news.kind === 'rest') this.#rest(news.deployment, news.restMs, news.windowMs);
    else if (news.kind === 'failed') this.#counted(news.deployment, news.windowMs).isShared = true;
    else Object.assign(this.#book(news.deployment), { failures: 0, isShared: false });
  }

  /** One more failure within the window. */
  #counted(id: string, windowMs: number): Book {
    const book = this.#book(id);
    const now = this.#now();
    if (now - book.failuresSince > windowMs) {
      book.failures = 0;
      book.failuresSince = now;
    }
    book.failures++;
    return book;
  }

  #rest(id: string, restMs: number, windowMs: number): void {
    const book = this.#book(id);
    book.restsUntil = Math.max(book.restsUntil, this.#now() + restMs);
    book.windowMs = windowMs;
    book.unproven = true;
  }

  #book(id: string): Book {
    const minute = Math.floor(this.#now() / 60_000);
    let book = this.#books.get(id);
    if (book === undefined) {
      book = {
        inFlight: 0,
        minute,
        tokens: 0,
        requests: 0,
        latencyMs: 0,
        latencies: [],
        failures: 0,
        failuresSince: Number.NEGATIVE_INFINITY,
        isShared: false,
        restsUntil: 0,
        unproven: false,
        probedUntil: 0,
        windowMs: 0,
        waiting: new Set(),
      };
      this.#books.set(id, book);
    }
    if (book.minute !== minute) Object.assign(book, { minute, tokens: 0, requests: 0 });
    return book;
  }
}

/** Failures that say something of the deployment: its credential, its absence, its load, its health (contracts 8.4). */
function counts(error: GatewayError): boolean {
  const kinds: readonly FailureKind[] = [
    'AuthenticationError',
    'TimeoutError',
    'RateLimitError',
    'InternalServerError',
  ];
  if (error.code === 'internal') return false;
  return error.code === 'upstream_not_found' || kinds.includes(error.kind);
}
