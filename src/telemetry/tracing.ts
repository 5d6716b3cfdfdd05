// Traces by the official SDK, loaded only where they are wanted. Spans are made when a request is over, from what is known
// then: nothing is carried along the way but ids. One trace a request; its calls are spans below it.
import { randomBytes } from 'node:crypto';
import {
  createTraceState,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { FinishedRequest, Tracing } from '../core/records.ts';
import { readTraceParent, type TraceContext } from '../core/trace-context.ts';
import { sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Secret } from '../kit/secret.ts';
import { type ExportCounts, type ExporterOptions, OtlpSpanExporter } from './span-exporter.ts';
import { attemptSpans, type PlainSpan, requestSpan } from './spans.ts';

export interface TracingOptions extends Pick<ExporterOptions, 'send' | 'clock'> {
  /** Address of the collector; /v1/traces is added unless it ends so. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly serviceName: string;
  readonly version: string;
  /** How many of a hundred requests that begin a trace are recorded. */
  readonly percent: number;
  /** True: what is asked and answered is told. */
  readonly content: boolean;
  readonly log: Log;
}

export interface OpenTracing extends Tracing {
  /** Spans that reached the collector, and those that did not. */
  readonly counts: () => Readonly<ExportCounts>;
  /** Sends what waits, for a few seconds at most. */
  readonly close: () => Promise<void>;
}

/** Longer values are cut; ours are names. */
const longestValue = 512;
const longestContent = 1024 * 1024;
/** What W3C asks to carry at least; longer ones are dropped, as it allows. */
const longestState = 512;
const lastWordsMs = 5_000;
/** Spans that wait to be sent; the SDK would drop more, without counting them anywhere. */
const mostWaiting = 8_192;

/** Takes where traces go; returns what makes them. Throws when the endpoint is no address. */
export function openTracing(options: TracingOptions): OpenTracing {
  sayThroughLog(options.log);
  const exporter = new OtlpSpanExporter({ ...options, url: tracesUrl(options.endpoint) });
  const given = new GivenIds();
  const service = { 'service.name': options.serviceName, 'service.version': options.version };
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(service)),
    sampler: new AlwaysOnSampler(),
    idGenerator: given,
    spanLimits: { attributeValueLengthLimit: options.content ? longestContent : longestValue },
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: mostWaiting })],
  });
  const tracer = provider.getTracer('plumbline', options.version);
  const put = (span: PlainSpan, parent: TraceContext, parentId: string | null): void => {
    given.traceId = parent.traceId;
    given.spanId = span.spanId;
    const { name, kind, startedAt: startTime, attributes } = span;
    const made = tracer.startSpan(name, { kind, startTime, attributes }, below(parent, parentId));
    if (span.isFailed) made.setStatus({ code: SpanStatusCode.ERROR });
    made.end(Math.max(span.startedAt, span.endedAt));
  };
  const room = new Room(exporter, options.log);
  const trace = (finished: FinishedRequest): void => {
    const { context } = finished;
    if (!context.sampled || !room.take(1 + finished.attempts.length)) return;
    try {
      put(requestSpan(finished), context, context.parentId);
      for (const span of attemptSpans(finished)) put(span, context, context.spanId);
    } catch (error) {
      options.log.error('a request could not be traced', { request: finished.row.requestId, error });
    }
  };
  return {
    tellsContent: options.content,
    begin: (parent, state) => begin(parent, state, options.percent),
    newSpanId,
    trace,
    counts: () => exporter.counts,
    close: () => closing(provider, options),
  };
}

/** A collector that is away must not hold up a stop. */
async function closing(provider: TracerProvider, { clock, log }: TracingOptions): Promise<void> {
  const over = new AbortController();
  const sent = provider.shutdown().catch((error) => log.warn('the last traces were not sent', { error }));
  await Promise.race([sent, sleep(clock, lastWordsMs, over.signal)]);
  over.abort();
}

/** Room for spans between us and the exporter. Those that find none are counted as failed; the log says so once an episode. */
class Room {
  readonly #exporter: OtlpSpanExporter;
  readonly #log: Log;
  #made = 0;
  #isShort = false;

  constructor(exporter: OtlpSpanExporter, log: Log) {
    this.#exporter = exporter;
    this.#log = log;
  }

  /** Takes how many spans there will be; true when there is room for all of them. */
  take(spans: number): boolean {
    const waiting = this.#made - this.#exporter.taken;
    if (waiting < mostWaiting / 2) this.#isShort = false;
    if (waiting + spans <= mostWaiting) {
      this.#made += spans;
      return true;
    }
    this.#exporter.counts.failed += spans;
    if (!this.#isShort) this.#log.warn('spans are lost: the collector does not keep up');
    this.#isShort = true;
    return false;
  }
}

/** The SDK asks for ids; ours were given away before there was a span. */
class GivenIds {
  traceId = '';
  spanId = '';
  readonly generateTraceId = (): string => this.traceId;
  readonly generateSpanId = (): string => this.spanId;
}

function begin(header: string | undefined, state: string | undefined, percent: number): TraceContext {
  const parent = readTraceParent(header);
  const spanId = newSpanId();
  if (parent !== null)
    return { ...parent, spanId, state: state !== undefined && state.length <= longestState ? state : null };
  const ids = randomBytes(18);
  const sampled = ids.readUInt16BE(16) < (percent / 100) * 65_536;
  return { traceId: ids.toString('hex', 0, 16), spanId, parentId: null, sampled, state: null };
}

/** All zeros would mean none; that a random one is that is left to chance. */
function newSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** The context of a span below another; without one, that of a trace that begins. */
function below({ traceId, state }: TraceContext, parentId: string | null) {
  if (parentId === null) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED };
  const traceState = state === null ? {} : { traceState: createTraceState(state) };
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, ...traceState });
}

function tracesUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url;
}

/** What the SDK complains of (a collector that does not answer, spans dropped) goes into our log. */
function sayThroughLog(log: Log): void {
  const quiet = (): void => undefined;
  const say = (message: string): void => log.warn('traces', { says: message.slice(0, 1_000) });
  const logger = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
