// What became of a request, noted as it goes and recorded exactly once, whatever happens: one usage row, one log line.

import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { costOf } from '../core/prices.ts';
import type { Outcome, UsageRow } from '../core/records.ts';
import { soundUsage, type Usage } from '../core/usage.ts';
import { type Arrived, stopOf } from '../core/wire.ts';
import type { Parts, Surface, Understood } from './exchange.ts';
import type { Target } from './target.ts';

/** What clients name may be as long as a body; a row and a log line keep the beginning. */
const longestName = 256;
const mostNames = 64;
const brief = (text: string): string => (text.length > longestName ? text.slice(0, longestName) : text);
const briefList = (list: readonly string[]): readonly string[] =>
  list.length === 0 ? list : list.slice(0, mostNames).map(brief);
const briefOrNull = (text: string | null | undefined): string | null => (typeof text === 'string' ? brief(text) : null);

export class Trail {
  readonly #arrived: Arrived;
  readonly #surface: Surface;
  readonly #parts: Parts;
  #caller: Caller | null = null;
  #asked: Understood | null = null;
  #target: Target | null = null;
  #attempts = 0;
  #fallbacks = 0;
  #group: string | null = null;
  #firstTryAt: number | null = null;
  #waitingSince: number | null = null;
  #upstreamMs = 0;
  #firstAt: number | null = null;
  #dropped: readonly string[] = [];
  #done = false;

  constructor(arrived: Arrived, surface: Surface, parts: Parts) {
    this.#arrived = arrived;
    this.#surface = surface;
    this.#parts = parts;
  }

  admitted(caller: Caller): void {
    this.#caller = caller;
  }

  understood(asked: Understood): void {
    this.#asked = asked;
  }

  /** A group of deployments (an alias) is turned to; every one after the first is a fallback. */
  turnedTo(group: string): void {
    if (this.#group !== null) this.#fallbacks++;
    this.#group = group;
  }

  /** A call goes out. Takes the deployment and the list that will name parameters left out. */
  tried(target: Target, dropped: readonly string[]): void {
    const now = this.#parts.clock.monotonic();
    this.#attempts++;
    this.#firstTryAt ??= now;
    this.#target = target;
    this.#dropped = dropped;
    this.#waitingSince = now;
  }

  /** The upstream has answered, or the call has failed: until now the time was the upstream's. */
  heard(): void {
    if (this.#waitingSince === null) return;
    this.#upstreamMs += this.#parts.clock.monotonic() - this.#waitingSince;
    this.#waitingSince = null;
  }

  /** The first byte of the answer is there to be sent. */
  began(): void {
    this.#firstAt ??= this.#parts.clock.monotonic();
  }

  get attempts(): number {
    return this.#attempts;
  }

  get fallbacks(): number {
    return this.#fallbacks;
  }

  get group(): string | null {
    return this.#group;
  }

  get dropped(): readonly string[] {
    return this.#dropped;
  }

  /** Milliseconds since arrival, and those before the first byte of the answer that were ours and not the upstream's. */
  times(): { totalMs: number; overheadMs: number } {
    const now = this.#parts.clock.monotonic();
    const { atMs } = this.#arrived;
    return { totalMs: now - atMs, overheadMs: Math.max(0, (this.#firstAt ?? now) - atMs - this.#upstreamMs) };
  }

  /** US dollars of these tokens at the target that answered; null when the price is unknown. */
  costOf(usage: Usage | null): number | null {
    const price = this.#target?.price ?? null;
    if (price === null) return null;
    if (usage === null) return null;
    const cost = costOf(soundUsage(usage), price);
    return cost >= 0 && cost < Number.POSITIVE_INFINITY ? cost : null;
  }

  /** The answer is complete. */
  succeed(status: number, usage: Usage | null): void {
    this.#finish('success', status, null, usage, false);
  }

  /** Refused or failed; `usage` is what a cut stream had used. */
  fail(error: GatewayError, usage: Usage | null = null): void {
    const stopped = stopOf(this.#arrived);
    const gone = stopped === null && (error.code === 'client_gone' || this.#arrived.gone.aborted);
    const outcome: Outcome = gone ? 'abandoned' : this.#attempts === 0 ? 'refused' : 'failure';
    const { status, code } = stopped ?? (gone ? new GatewayError('client_gone') : error);
    this.#finish(outcome, status, code, usage, usage !== null);
    if (error.code === 'internal') this.#parts.log.error('internal', { request: this.#arrived.id, error: error.cause });
  }

  #finish(outcome: Outcome, status: number, errorCode: string | null, told: Usage | null, partial: boolean): void {
    if (this.#done) return;
    this.#done = true;
    // A provider's slip (a count of -1, say) must not make a row that the database refuses.
    const usage = told === null ? null : soundUsage(told);
    const row = this.#row(outcome, status, errorCode, usage, partial || usage !== told);
    this.#parts.record(row);
    if (this.#target !== null && usage !== null) {
      this.#parts.traffic.spend(this.#target.record.id, usage.input + usage.output);
    }
    this.#parts.log.info('request', {
      request: row.requestId,
      call: this.#arrived.callId === row.requestId ? undefined : this.#arrived.callId,
      route: row.route,
      status: row.status,
      outcome: row.outcome,
      code: errorCode ?? undefined,
      key: this.#caller?.isMaster === true ? 'master' : (this.#caller?.key?.preview ?? null),
      alias: row.alias,
      deployment: row.deploymentId,
      model: row.model,
      attempts: row.attempts,
      ms: Math.round(row.totalMs * 10) / 10,
      input: usage?.input,
      output: usage?.output,
      cost: row.cost,
    });
  }

  #row(outcome: Outcome, status: number, errorCode: string | null, usage: Usage | null, partial: boolean): UsageRow {
    const { totalMs, overheadMs } = this.times();
    const since = (at: number | null): number | null => (at === null ? null : at - this.#arrived.atMs);
    const key = this.#caller?.key ?? null;
    const options = this.#asked?.options;
    return {
      requestId: this.#arrived.id,
      startedAt: this.#arrived.startedAt,
      endedAt: this.#arrived.startedAt + totalMs,
      operation: this.#surface.recordedAs ?? this.#surface.operation,
      route: this.#surface.route,
      dialect: this.#surface.dialect.name,
      stream: this.#asked?.stream ?? false,
      outcome,
      status,
      errorCode,
      keyId: key?.id ?? null,
      keyHash: this.#caller?.hash ?? null,
      userId: key?.userId ?? null,
      teamId: key?.teamId ?? null,
      endUser: briefOrNull(options?.endUser),
      alias: briefOrNull(this.#group ?? this.#asked?.model),
      deploymentId: this.#target?.record.id ?? null,
      provider: this.#target?.provider.name ?? null,
      model: briefOrNull(this.#target?.upstream.model),
      usage,
      usagePartial: partial,
      cost: this.costOf(usage),
      attempts: this.#attempts,
      fallbacks: this.#fallbacks,
      queueMs: since(this.#firstTryAt) ?? totalMs,
      firstMs: since(this.#firstAt),
      totalMs,
      overheadMs,
      tags: options === undefined ? [] : briefList(options.tags),
      session: briefOrNull(options?.session),
      callerAddress: this.#arrived.from,
      droppedParameters: briefList(this.#dropped),
    };
  }
}
