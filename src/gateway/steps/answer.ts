// From an answer to a reply: headers, and for a stream the delivery, which notes on the trail how it ended.
import { GatewayError } from '../../core/errors.ts';
import { estimateTokens } from '../../core/estimate.ts';
import { noUsage, type Usage } from '../../core/usage.ts';
import type { Reply } from '../../core/wire.ts';
import { type Answer, asGatewayError, type StreamUnderWay } from '../attempt.ts';
import type { Parts, Resolved } from '../exchange.ts';
import type { Trail } from '../trail.ts';
import { replyLines } from './headers.ts';

const eventStream = 'text/event-stream; charset=utf-8';
const wholeHeaders = { 'content-type': 'application/json' };

/** Takes an answer; returns the reply. A stream's row is written when it ends, a whole answer's now. */
export function answerReply(asked: Resolved, answer: Answer, parts: Parts, trail: Trail): Reply {
  trail.began();
  const { ping } = asked.surface.dialect;
  if (answer.kind === 'stream') {
    const lines = replyLines(asked, answer, null, parts, trail);
    return { status: 200, headers: streamHeaders, lines, body: delivery(asked, answer, trail), ping };
  }
  const lines = replyLines(asked, answer, trail.costOf(answer.usage), parts, trail);
  trail.succeed(200, answer.usage);
  return { status: 200, headers: wholeHeaders, lines, body: answer.bytes };
}

const streamHeaders = { 'content-type': eventStream, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

/**
 * Takes a request whose stream is silent for too long to go on waiting with the head; returns a reply whose stream waits
 * in the answer's place, so that pings can be sent meanwhile. A failure becomes the dialect's error event.
 */
export function lateReply(asked: Resolved, answering: Promise<Answer>, trail: Trail): Reply {
  const headers = {
    ...streamHeaders,
    'x-litellm-call-id': asked.arrived.callId,
    'x-plumbline-request-id': asked.arrived.id,
  };
  const { ping } = asked.surface.dialect;
  return { status: 200, headers, body: lateDelivery(asked, answering, trail), ping, isLate: true };
}

async function* lateDelivery(
  asked: Resolved,
  answering: Promise<Answer>,
  trail: Trail,
): AsyncGenerator<Uint8Array | string> {
  let answer: Answer;
  try {
    answer = await answering;
  } catch (thrown) {
    const error = stopOf(asked) ?? GatewayError.from(thrown);
    trail.fail(error);
    yield* lastWords(asked, error);
    return;
  }
  trail.began();
  if (answer.kind === 'stream') yield* delivery(asked, answer, trail);
}

async function* delivery(asked: Resolved, answer: StreamUnderWay, trail: Trail): AsyncGenerator<Uint8Array | string> {
  const { flow, deadline } = answer;
  // Only a reader that stopped reading leaves it so: the client went away between two pieces.
  let outcome: GatewayError | null = new GatewayError('client_gone');
  try {
    for (let piece: Uint8Array | string | null = answer.first; piece !== null; piece = await flow.next()) {
      deadline.heard();
      yield piece;
      deadline.waits();
    }
    outcome = null;
    trail.succeed(200, flow.usage);
  } catch (thrown) {
    const error = asGatewayError(thrown, answer.target, deadline.expired ? answer.silenceMs : null);
    outcome = error;
    trail.fail(error, flow.usage ?? deliveredUsage(asked, flow.delivered));
    yield* lastWords(asked, stopOf(asked) ?? error);
  } finally {
    answer.end();
    answer.settle(outcome);
    if (outcome?.code === 'client_gone') trail.fail(outcome, flow.usage ?? deliveredUsage(asked, flow.delivered));
  }
}

/** The reason when it is we who can wait no longer, not the client who went. */
function stopOf(asked: Resolved): GatewayError | null {
  const { reason } = asked.arrived.gone;
  return reason instanceof GatewayError ? reason : null;
}

/** The error as the stream's last event, for a client that is still there. */
function* lastWords(asked: Resolved, error: GatewayError): Generator<string> {
  const { gone } = asked.arrived;
  if (!gone.aborted || gone.reason === error) yield asked.surface.dialect.streamError(error, asked.arrived.id);
}

/** The rule for a stream that ended early: what the provider reported, else the input as estimated and one token an event. */
function deliveredUsage(asked: Resolved, delivered: number): Usage {
  return { ...noUsage, input: estimateTokens(asked.words.said), output: delivered };
}
