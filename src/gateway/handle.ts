// THE HALL: the life of a request, top to bottom. Whatever happens here, one row is recorded and one reply given.
import { GatewayError } from '../core/errors.ts';
import { type Arrived, type Reply, stopOf } from '../core/wire.ts';
import type { Answer } from './attempt.ts';
import { errorReply } from './error-reply.ts';
import type { Parts, Surface } from './exchange.ts';
import { admit } from './steps/admit.ts';
import { answerReply, lateReply } from './steps/answer.ts';
import { converse } from './steps/converse.ts';
import { resolve } from './steps/resolve.ts';
import { understand } from './steps/understand.ts';
import { Trail } from './trail.ts';

/** Takes a request, its surface and the parts of the house; returns the reply. Never throws. */
export async function handle(arrived: Arrived, surface: Surface, parts: Parts): Promise<Reply> {
  const trail = new Trail(arrived, surface, parts);
  try {
    const admitted = admit(arrived, surface, parts); // who is asking, and may they?
    trail.admitted(admitted.caller);
    const understood = understand(admitted); // what do they ask, in our words?
    trail.understood(understood);
    const resolved = resolve(understood, parts); // which deployments could answer?
    const answering = converse(resolved, parts, trail); // ask them in order until one answers
    const answer = resolved.stream ? await patiently(answering, parts) : await answering;
    if (answer === 'late') return lateReply(resolved, answering, trail);
    return answerReply(resolved, answer, parts, trail);
  } catch (thrown) {
    const error = stopOf(arrived) ?? GatewayError.from(thrown);
    trail.fail(error);
    return failedReply(error, arrived, surface, trail);
  }
}

/** A stream that stays silent this long gets its head and a ping, and goes on waiting inside the reply. */
function patiently(answering: Promise<Answer>, parts: Parts): Promise<Answer | 'late'> {
  return new Promise((settle, fail) => {
    const cancel = parts.clock.after(parts.pingMs, () => settle('late'));
    answering.then(settle, fail).finally(cancel);
  });
}

/** Takes a request that was refused before it got into the hall, and why; returns the reply. It leaves a usage row like any other. */
export function refuse(arrived: Arrived, surface: Surface, parts: Parts, error: GatewayError): Refusal {
  const trail = new Trail(arrived, surface, parts);
  trail.fail(error);
  return failedReply(error, arrived, surface, trail);
}

type Refusal = ReturnType<typeof errorReply>;

/** Without an answer nothing was billed, and the tries so far are told all the same. */
function failedReply(error: GatewayError, arrived: Arrived, surface: Surface, trail: Trail): Refusal {
  const reply = errorReply(error, surface.dialect, arrived);
  const tried = { 'x-plumbline-attempts': String(trail.attempts), 'x-litellm-response-cost': '0' };
  return { ...reply, headers: { ...reply.headers, ...tried } };
}
