// A request that is traced: its parts note each call and the place it has in the trace. Only where traces are wanted; without
// them the hall is handed the house's parts as they are.
import type { AttemptRecord, AttemptTarget, FinishedRequest, Tracing, UsageRow } from '../core/records.ts';
import { type TraceContext, traceParent } from '../core/trace-context.ts';
import { type Arrived, header, type Reply } from '../core/wire.ts';
import type { Parts } from '../gateway/exchange.ts';
import type { Called } from '../gateway/target.ts';
import { type IncomingAnswer, type IncomingBody, UpstreamFault } from '../kit/incoming.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import { overheard } from './overheard.ts';

/** How requests to models are handled, traced or not. */
export interface Handling {
  /** Takes a request and what to do with it; returns the reply. */
  readonly handle: (arrived: Arrived, work: (parts: Parts) => Promise<Reply>) => Promise<Reply>;
  /** Takes a request that is refused before it is handled; returns the parts for that. */
  readonly partsFor: (arrived: Arrived) => Parts;
}

/** Takes the house's parts and what traces, if anything; returns how requests are handled. */
export function openHandling(parts: Parts, tracing: Tracing | null): Handling {
  if (tracing === null) return { handle: (_, work) => work(parts), partsFor: () => parts };
  return {
    handle: (arrived, work) => {
      const calls = new Calls(arrived, parts, tracing);
      return tracing.tellsContent && calls.context.sampled
        ? told(calls, arrived, work, tracing)
        : work(calls.parts(tracing.trace));
    },
    partsFor: (arrived) => new Calls(arrived, parts, tracing).parts(tracing.trace),
  };
}

/** The trace waits until the reply is out, because it tells what was said. */
async function told(
  calls: Calls,
  arrived: Arrived,
  work: (parts: Parts) => Promise<Reply>,
  tracing: Tracing,
): Promise<Reply> {
  const finished: FinishedRequest[] = [];
  const reply = await work(calls.parts((one) => finished.push(one)));
  return overheard(reply, (answered, isStream) => {
    const content = { asked: arrived.body, answered, isStream };
    for (const one of finished) tracing.trace({ ...one, content });
  });
}

/** The calls of one request. */
class Calls {
  readonly context: TraceContext;
  readonly #arrived: Arrived;
  readonly #parts: Parts;
  readonly #tracing: Tracing;
  readonly #calls: Call[] = [];

  constructor(arrived: Arrived, parts: Parts, tracing: Tracing) {
    this.#arrived = arrived;
    this.#parts = parts;
    this.#tracing = tracing;
    this.context = tracing.begin(header(arrived, 'traceparent'), header(arrived, 'tracestate'));
  }

  /** Takes who is to hear of it when the request is over; returns the parts it is handled with. */
  parts(over: (finished: FinishedRequest) => void): Parts {
    const record = (row: UsageRow): void => {
      this.#parts.record(row);
      over({ row, path: this.#arrived.path, context: this.context, attempts: this.#attempts(row), content: null });
    };
    return { ...this.#parts, send: this.send, record };
  }

  readonly send = async (request: OutgoingRequest, target?: Called): Promise<IncomingAnswer> => {
    const call = new Call(this.#tracing.newSpanId(), request.origin, target, this.#now);
    this.#calls.push(call);
    const { state } = this.context;
    const place = {
      traceparent: traceParent(this.context, call.spanId),
      ...(state === null ? {} : { tracestate: state }),
    };
    try {
      const answer = await this.#parts.send({ ...request, headers: { ...request.headers, ...place } }, target);
      call.answered(answer.status);
      return { ...answer, body: new WatchedBody(answer.body, call) };
    } catch (thrown) {
      call.ended(thrown);
      throw thrown;
    }
  };

  /** Takes the row of the request; returns its calls. A canned answer counts as one: nobody was called, but it was tried. */
  #attempts(row: UsageRow): AttemptRecord[] {
    if (this.#calls.length > 0 || row.attempts === 0) return this.#calls.map((call) => call.record());
    const { startedAt, queueMs, endedAt } = row;
    const none = { origin: '', status: null, error: null, target: null };
    return [{ ...none, spanId: this.#tracing.newSpanId(), startedAt: startedAt + queueMs, endedAt }];
  }

  /** The calendar's time, with the fractions of the clock that never goes back. */
  readonly #now = (): number => this.#arrived.startedAt + this.#parts.clock.monotonic() - this.#arrived.atMs;
}

class Call {
  readonly spanId: string;
  readonly #origin: string;
  readonly #target: AttemptTarget | null;
  readonly #now: () => number;
  readonly #startedAt: number;
  #endedAt: number | null = null;
  #status: number | null = null;
  #error: string | null = null;

  constructor(spanId: string, origin: string, target: Called | undefined, now: () => number) {
    this.spanId = spanId;
    this.#origin = origin;
    this.#target = target === undefined ? null : attemptTarget(target);
    this.#now = now;
    this.#startedAt = now();
  }

  answered(status: number): void {
    this.#status = status;
    if (status >= 300) this.#error = String(status);
  }

  /** Takes what was thrown, if anything. */
  ended(thrown?: unknown): void {
    this.#endedAt ??= this.#now();
    if (thrown === undefined) return;
    this.#error ??= thrown instanceof UpstreamFault ? thrown.kind : thrown instanceof Error ? thrown.name : 'unknown';
  }

  record(): AttemptRecord {
    return {
      spanId: this.spanId,
      origin: this.#origin,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt ?? this.#now(),
      status: this.#status,
      error: this.#error,
      target: this.#target,
    };
  }
}

function attemptTarget({ record, provider, upstream }: Called): AttemptTarget {
  return { deploymentId: record.id, provider: provider.name, model: upstream.model };
}

/** A body that says when it is over. */
class WatchedBody implements IncomingBody {
  readonly #body: IncomingBody;
  readonly #call: Call;

  constructor(body: IncomingBody, call: Call) {
    this.#body = body;
    this.#call = call;
  }

  take(): Buffer | null | undefined {
    try {
      const chunk = this.#body.take();
      if (chunk === null) this.#call.ended();
      return chunk;
    } catch (thrown) {
      this.#call.ended(thrown);
      throw thrown;
    }
  }

  wake(told: () => void): void {
    this.#body.wake(told);
  }

  async readAll(limit: number): Promise<Buffer> {
    try {
      const whole = await this.#body.readAll(limit);
      this.#call.ended();
      return whole;
    } catch (thrown) {
      this.#call.ended(thrown);
      throw thrown;
    }
  }

  cancel(): void {
    this.#call.ended();
    this.#body.cancel();
  }
}
