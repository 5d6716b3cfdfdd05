// One call to one deployment: sent, and read as far as its first words. A failure here costs the client nothing but time.
import { GatewayError } from '../core/errors.ts';
import { estimateTokens } from '../core/estimate.ts';
import { isObject, type JsonObject } from '../core/json.ts';
import type { Usage } from '../core/usage.ts';
import { type IncomingAnswer, UpstreamFault } from '../kit/incoming.ts';
import { next } from '../kit/source.ts';
import { cannedAnswer } from './canned.ts';
import { Deadline } from './deadline.ts';
import type { AnswerContext } from './dialects/dialect.ts';
import type { Parts, Resolved } from './exchange.ts';
import { type Flow, PassingFlow, TranslatingFlow } from './flow.ts';
import { isCanned, type Prepared } from './prepare.ts';
import type { Target } from './target.ts';
import type { Words } from './words.ts';

interface Answered {
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly context: AnswerContext;
}

/** An answer that is all here. */
export interface WholeAnswer extends Answered {
  readonly kind: 'whole';
  readonly bytes: Uint8Array | string;
  readonly usage: Usage | null;
}

/** An answer that has begun: its first words, and the rest to come. */
export interface StreamAnswer extends Answered {
  readonly kind: 'stream';
  readonly first: Uint8Array | string;
  readonly flow: Flow;
  /** Told when more is waited for and when it is there; expired when the upstream was silent for too long. */
  readonly deadline: Deadline;
  /** Lets the upstream go and ends the call. */
  readonly end: () => void;
}

/** A stream and the deployment's part in it, for whoever delivers it. */
export interface StreamUnderWay extends StreamAnswer {
  /** It ended well (null) or broke off: takes the failure, which may put the deployment to rest. Called once. */
  readonly settle: (failure: GatewayError | null) => void;
}

export type Answer = WholeAnswer | StreamUnderWay;

/** A refusal's body is read no further than this. */
const refusalLimit = 1024 * 1024;

/** Takes a prepared call and how long it may take; returns the answer. Throws GatewayError. */
export async function attempt(
  asked: Resolved,
  prepared: Prepared,
  limitMs: number,
  parts: Parts,
): Promise<WholeAnswer | StreamAnswer> {
  const deadline = new Deadline(parts.clock, asked.arrived.gone);
  try {
    const answering = sent(asked, prepared, deadline, parts);
    deadline.within(limitMs);
    const incoming = await answering;
    if (incoming.status >= 300) throw await refusal(prepared, incoming);
    const context = new Context(asked, parts);
    if (asked.stream) return await begun(prepared, incoming, context, deadline);
    const answer = whole(prepared, incoming.headers, await incoming.body.readAll(parts.answerLimit), context);
    deadline.end();
    return answer;
  } catch (thrown) {
    deadline.giveUp();
    throw asGatewayError(thrown, prepared.target, deadline.expired ? limitMs : null);
  }
}

function sent(asked: Resolved, prepared: Prepared, deadline: Deadline, parts: Parts): Promise<IncomingAnswer> {
  const { target, wire, path, headers, body } = prepared;
  const { origin } = target;
  if (isCanned(asked, target)) return canned(asked, target, parts);
  const send = (all: Prepared['headers']): Promise<IncomingAnswer> =>
    parts.send({ method: 'POST', origin, path, headers: all, body, signal: deadline.signal }, target);
  if (wire.authorize === undefined) return send(headers);
  return wire
    .authorize(prepared.call, { method: 'POST', origin, path, body: Buffer.concat(body) })
    .then((own) => send({ ...headers, ...own }));
}

async function canned(asked: Resolved, target: Target, parts: Parts): Promise<IncomingAnswer> {
  return cannedAnswer({
    text: asked.options.mockResponse ?? target.record.parameters.mockResponse ?? '',
    model: target.upstream.model,
    stream: asked.stream,
    now: parts.clock.now(),
    id: parts.newId('chatcmpl-'),
  });
}

async function refusal(prepared: Prepared, incoming: IncomingAnswer): Promise<GatewayError> {
  const body = await incoming.body.readAll(refusalLimit);
  return prepared.wire.failure(incoming.status, incoming.headers, body.toString('utf8'));
}

/** A class, not a literal with a getter: V8 gives each such literal a hidden class of its own, and keeps it. */
class Context implements AnswerContext {
  readonly model: string;
  readonly includeUsage: boolean;
  readonly newId: (prefix: string) => string;
  readonly #words: Words;

  constructor(asked: Resolved, parts: Parts) {
    this.model = asked.model;
    this.includeUsage = asked.includeUsage;
    this.newId = parts.newId;
    this.#words = asked.words;
  }

  get estimatedInput(): number {
    return estimateTokens(this.#words.said);
  }
}

function whole(
  prepared: Prepared,
  headers: IncomingAnswer['headers'],
  bytes: Buffer,
  context: AnswerContext,
): WholeAnswer {
  const { target, wire, call, passes, dialect, request } = prepared;
  const body = parsed(bytes);
  const usage = isObject(body) ? wire.usage(body) : null;
  // A wire in OpenAI's dialect may mend an answer; nothing to mend, or another dialect's own words: the bytes pass.
  if (passes && wire.dialect !== 'openai' && isObject(body))
    return { kind: 'whole', target, headers, context, bytes, usage };
  const words = wire.decode === undefined ? body : wire.decode(body, call, request);
  if (!isObject(words)) throw new GatewayError('upstream_garbled', { message: 'an object was expected' });
  const written = passes && words === body ? bytes : JSON.stringify(passes ? words : dialect.encode(words, context));
  return { kind: 'whole', target, headers, context, bytes: written, usage };
}

function parsed(bytes: Buffer): JsonObject | readonly never[] {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new GatewayError('upstream_garbled', { message: 'its body is not JSON', cause });
  }
}

async function begun(
  prepared: Prepared,
  incoming: IncomingAnswer,
  context: AnswerContext,
  deadline: Deadline,
): Promise<StreamAnswer> {
  const flow = flowOf(prepared, incoming, context);
  const first = await next(flow);
  if (first === null) throw new GatewayError('upstream_cut', { message: 'the stream was empty' });
  deadline.begun();
  const end = (): void => {
    deadline.end();
    incoming.body.cancel();
  };
  const { target } = prepared;
  return { kind: 'stream', target, headers: incoming.headers, context, first, flow, deadline, end };
}

function flowOf(prepared: Prepared, incoming: IncomingAnswer, context: AnswerContext): Flow {
  const { wire, call, passes, dialect } = prepared;
  const { body } = incoming;
  const watch = wire.watch?.(call) ?? null;
  if (passes && watch !== null) {
    const hidesUsage = dialect.name === 'openai' && !context.includeUsage;
    return new PassingFlow({ body, framing: wire.framing, watch, repair: wire.repair?.(call) ?? null, hidesUsage });
  }
  const reader = wire.reader?.(call);
  if (reader === undefined)
    throw new GatewayError('operation_unsupported', { message: 'this request cannot be streamed', field: 'stream' });
  return new TranslatingFlow({ body, framing: wire.framing, reader, watch, encoder: dialect.encoder(context) });
}

/** Takes what a call threw, the deployment called, and after how many milliseconds its time was up (null: it was not); returns it in our codes. */
export function asGatewayError(thrown: unknown, target: Target, expiredMs: number | null): GatewayError {
  if (!(thrown instanceof UpstreamFault)) return GatewayError.from(thrown);
  const where = `${target.provider.label} at ${target.origin}`;
  if (expiredMs !== null) {
    const message = `${where} gave no answer, or no more of one, within ${expiredMs / 1000} seconds`;
    return new GatewayError('upstream_timeout', { message, cause: thrown });
  }
  if (thrown.kind === 'aborted') return new GatewayError('client_gone', { cause: thrown });
  const code = { unreachable: 'upstream_unreachable', cut: 'upstream_cut', 'too-large': 'upstream_too_large' } as const;
  return new GatewayError(code[thrown.kind], { message: where, cause: thrown });
}
