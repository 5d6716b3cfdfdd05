// From an answer to a reply: headers, and for a stream the delivery, which notes on the trail how it ended.
import type { Reply } from '../../core/wire.ts';
import type { Answer } from '../attempt.ts';
import { Delivery, LateDelivery } from '../delivery.ts';
import type { Parts, Resolved } from '../exchange.ts';
import type { Trail } from '../trail.ts';
import { replyLines } from './headers.ts';

const none = {};
/** As they go out, like the rest of the head (headers.ts). */
const wholeLines = 'content-type: application/json\r\n';
const streamLines =
  'content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n';

/** Takes an answer; returns the reply. A stream's row is written when it ends, a whole answer's now. */
export function answerReply(asked: Resolved, answer: Answer, parts: Parts, trail: Trail): Reply {
  trail.began();
  const { ping } = asked.surface.dialect;
  if (answer.kind === 'stream') {
    const lines = streamLines + replyLines(asked, answer, null, parts, trail);
    return { status: 200, headers: none, lines, body: new Delivery(asked, answer, trail), ping };
  }
  const lines = wholeLines + replyLines(asked, answer, trail.costOf(answer.usage), parts, trail);
  trail.succeed(200, answer.usage);
  return { status: 200, headers: none, lines, body: answer.bytes };
}

/**
 * Takes a request whose stream is silent for too long to go on waiting with the head; returns a reply whose stream waits
 * in the answer's place, so that pings can be sent meanwhile. A failure becomes the dialect's error event.
 */
export function lateReply(asked: Resolved, answering: Promise<Answer>, trail: Trail): Reply {
  const headers = {
    'x-litellm-call-id': asked.arrived.callId,
    'x-plumbline-request-id': asked.arrived.id,
  };
  const { ping } = asked.surface.dialect;
  return {
    status: 200,
    headers,
    lines: streamLines,
    body: new LateDelivery(asked, answering, trail),
    ping,
    isLate: true,
  };
}
