// Anthropic's count_tokens, 200 for every model: asked of an upstream that counts, estimated (and flagged) for any other.
// Invariant: a failure here never touches the health of a deployment; it turns into an estimate.

import { GatewayError } from '../core/errors.ts';
import { estimateTokens } from '../core/estimate.ts';
import { isObject, type JsonObject, numberOf } from '../core/json.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import type { OutgoingRequest } from '../kit/upstream.ts';
import type { TokenCount } from '../providers/provider.ts';
import { Deadline } from './deadline.ts';
import { checkConversation } from './dialects/fields.ts';
import { errorReply } from './error-reply.ts';
import type { Parts, Resolved, Surface } from './exchange.ts';
import { prepare } from './prepare.ts';
import { admit } from './steps/admit.ts';
import { candidates, ordered } from './steps/choose.ts';
import { resolve } from './steps/resolve.ts';
import { understand } from './steps/understand.ts';
import type { Target } from './target.ts';
import { Trail } from './trail.ts';
import { Words } from './words.ts';

const patienceMs = 5_000;
const answerLimit = 64 * 1024;

/** Takes a request; returns the reply with its number of input tokens, or the refusal. Never throws. */
export async function countTokens(arrived: Arrived, surface: Surface, parts: Parts): Promise<Reply> {
  const trail = new Trail(arrived, surface, parts);
  try {
    const reply = await counted(arrived, surface, parts, trail);
    trail.succeed(reply.status, null);
    return reply;
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    trail.fail(error);
    return errorReply(error, surface.dialect, arrived);
  }
}

async function counted(arrived: Arrived, surface: Surface, parts: Parts, trail: Trail): Promise<Reply> {
  const admitted = admit(arrived, surface, parts);
  trail.admitted(admitted.caller);
  const understood = understand(admitted);
  trail.understood(understood);
  checkConversation(understood.words.outline);
  const asked = resolve(understood, parts);
  const tokens = await countUpstream(asked, parts);
  const body =
    tokens === null ? { input_tokens: estimateTokens(asked.words.said), estimated: true } : { input_tokens: tokens };
  const headers = {
    'content-type': 'application/json',
    'x-plumbline-request-id': arrived.id,
    'x-plumbline-tokens': tokens === null ? 'estimated' : 'counted',
  };
  return { status: 200, headers, body: JSON.stringify(body) };
}

/** Returns what the upstream counts, or null when there is none or it does not answer well. */
async function countUpstream(asked: Resolved, parts: Parts): Promise<number | null> {
  const deadline = new Deadline(parts.clock, asked.arrived.gone);
  deadline.within(patienceMs);
  try {
    const target = ordered(candidates(asked, asked.alias, parts), asked.alias, parts)[0];
    const route = target?.provider.countTokens;
    if (target === undefined || route === undefined || target.record.parameters.mockResponse !== undefined) return null;
    const request = await outgoing(asked, target, route, parts);
    const answer = await parts.send({ ...request, signal: deadline.signal }, target);
    const bytes = await answer.body.readAll(answerLimit);
    const counted: unknown = answer.status === 200 ? JSON.parse(bytes.toString('utf8')) : null;
    if (!isObject(counted)) return null;
    return (route.tokens === undefined ? numberOf(counted.input_tokens) : route.tokens(counted)) ?? null;
  } catch (error) {
    parts.log.debug('tokens estimated', { request: asked.arrived.id, error });
    return null;
  } finally {
    deadline.end();
  }
}

/** Questions have no max_tokens, which a translation asks for; what is written of it does not count. */
async function outgoing(asked: Resolved, target: Target, route: TokenCount, parts: Parts): Promise<Question> {
  const { said } = asked.words;
  const body = route.body === undefined ? said : { max_tokens: 1, ...said };
  const question = { ...asked, words: new Words(body, bytesOf(body), false), stream: false };
  const { call, wire, headers, body: pieces } = prepare(question, target, parts);
  const written = Buffer.concat(pieces);
  const sent = route.body === undefined ? written : bytesOf(route.body(JSON.parse(written.toString()), call));
  const { origin } = target;
  const request = { method: 'POST', origin, path: target.basePath + route.path(call), body: sent } as const;
  const own = await wire.authorize?.(call, request);
  return { ...request, headers: { ...headers, ...own }, body: [sent] };
}

function bytesOf(body: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(body));
}

type Question = Omit<OutgoingRequest, 'signal'>;
