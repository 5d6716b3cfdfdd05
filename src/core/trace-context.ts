// Where a request stands in a trace, and the header that says it (W3C Trace Context, www.w3.org/TR/trace-context).
// Invariant: what is not a valid traceparent is none; a trace is then begun anew, as the standard asks.

/** A request's place in a trace; ids in lower-case hex. */
export interface TraceContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits: the span of the request itself. */
  readonly spanId: string;
  /** The caller's span; null: the trace begins here. */
  readonly parentId: string | null;
  /** False: the trace goes on, but nobody records it. */
  readonly sampled: boolean;
  /** The caller's tracestate, as it came. */
  readonly state: string | null;
}

/** What a traceparent says. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly sampled: boolean;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

/** Takes a traceparent header; returns what it says, or null when it is none. Versions to come are read as the first. */
export function readTraceParent(header: string | undefined): TraceParent | null {
  const [, version, traceId, parentId, flags, rest] = shape.exec(header ?? '') ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (traceId === noTrace || parentId === noSpan) return null;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Takes a request's place and the span that calls; returns the traceparent for that call. */
export function traceParent({ traceId, sampled }: TraceContext, spanId: string): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
