// Ask deployments in turn until one answers: retries within an alias, then its fallbacks.
// Invariant: an answer that has begun is never retried; a deployment that failed rests, so an outage costs one failed try a window.
import { mayCall } from '../../core/caller.ts';
import { GatewayError } from '../../core/errors.ts';
import { sleep } from '../../kit/clock.ts';
import { type Answer, attempt } from '../attempt.ts';
import { Deadline } from '../deadline.ts';
import type { Parts, Resolved } from '../exchange.ts';
import { asBilled, prepare } from '../prepare.ts';
import type { Alias, Target } from '../target.ts';
import type { Trail } from '../trail.ts';
import { allRest, candidates, isFull, ordered } from './choose.ts';

/** Takes what is asked; returns the first answer. Throws the first group's failure when every group has failed. */
export function converse(asked: Resolved, parts: Parts, trail: Trail): Promise<Answer> {
  const { alias } = asked;
  trail.turnedTo(alias.name);
  const onwards = leadsOn(asked, alias, [], [alias.name], parts);
  return askGroup(asked, alias, onwards, parts, trail).catch((thrown) =>
    fallBack(asked, GatewayError.from(thrown), parts, trail),
  );
}

/** Turns to fallback after fallback, those of a failed fallback behind those that wait already. */
async function fallBack(asked: Resolved, first: GatewayError, parts: Parts, trail: Trail): Promise<Answer> {
  const turned = [asked.alias.name];
  const waiting: string[] = [];
  let failed = { alias: asked.alias, error: first };
  while (mayFallBack(failed.error, asked) && turned.length <= parts.router().maxFallbacks) {
    waiting.push(...fallbacksOf(asked, failed.alias, failed.error));
    const alias = nextOf(waiting, turned, asked, parts);
    if (alias === undefined) break;
    turned.push(alias.name);
    trail.turnedTo(alias.name);
    const onwards = leadsOn(asked, alias, waiting, turned, parts);
    try {
      return await askGroup(asked, alias, onwards, parts, trail);
    } catch (thrown) {
      failed = { alias, error: GatewayError.from(thrown) };
    }
  }
  throw first;
}

/** Takes names from the front until one exists that was not turned to yet. */
function nextOf(waiting: string[], turned: readonly string[], asked: Resolved, parts: Parts): Alias | undefined {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const alias = turned.includes(name) ? undefined : fallbackNamed(name, asked, parts);
    if (alias !== undefined) return alias;
  }
  return undefined;
}

/** True when there is somewhere to turn to after this alias: a name that exists and was not turned to yet. */
function leadsOn(
  asked: Resolved,
  alias: Alias,
  waiting: readonly string[],
  turned: readonly string[],
  parts: Parts,
): boolean {
  const isOpen = (name: string): boolean => !turned.includes(name) && fallbackNamed(name, asked, parts) !== undefined;
  return waiting.some(isOpen) || fallbacksOf(asked, alias, null).some(isOpen);
}

/** A fallback must exist, and a key may only fall back to what it may call. */
function fallbackNamed(name: string, asked: Resolved, parts: Parts): Alias | undefined {
  const key = asked.caller.key;
  return asked.options.fallbacks !== null && key !== null && !mayCall(key.models, name)
    ? undefined
    : parts.models().find(name);
}

function fallbacksOf(asked: Resolved, alias: Alias, error: GatewayError | null): readonly string[] {
  if (asked.options.fallbacksOff) return [];
  if (asked.options.fallbacks !== null) return asked.options.fallbacks;
  if (error?.code === 'upstream_context_window' && alias.contextWindowFallbacks.length > 0)
    return alias.contextWindowFallbacks;
  if (error?.code === 'upstream_content_policy' && alias.contentPolicyFallbacks.length > 0)
    return alias.contentPolicyFallbacks;
  return alias.fallbacks;
}

function mayFallBack(error: GatewayError, asked: Resolved): boolean {
  if (asked.arrived.gone.aborted) return false;
  return error.retry !== 'never' || error.code.startsWith('upstream_') || error.code === 'deployments_resting';
}

async function askGroup(asked: Resolved, alias: Alias, onwards: boolean, parts: Parts, trail: Trail): Promise<Answer> {
  const able = candidates(asked, alias, parts);
  const hasElsewhere = onwards || able.length > 1;
  const tried: Target[] = [];
  const useless: Target[] = [];
  let failure: GatewayError | null = null;
  for (let retries = 0; ; retries++) {
    // A rest sends requests elsewhere; one that has no elsewhere is not kept out by it.
    const rested = hasElsewhere ? ordered(able, alias, parts) : able;
    const awake = useless.length === 0 ? rested : rested.filter((one) => !useless.includes(one));
    const target = tried.length === 0 ? awake[0] : (awake.find((one) => !tried.includes(one)) ?? awake[0]);
    if (target === undefined) throw failure ?? allRest(able, alias, parts);
    if (failure !== null && tried.includes(target)) await wait(failure, retries, asked, parts);
    tried.push(target);
    try {
      return await tryOnce(asked, alias, target, hasElsewhere, parts, trail);
    } catch (thrown) {
      failure = GatewayError.from(thrown);
      if (failure.retry === 'elsewhere') useless.push(target);
      if (!mayRetry(failure, retries, alias, target, asked, parts)) throw failure;
    }
  }
}

function mayRetry(
  error: GatewayError,
  retries: number,
  alias: Alias,
  target: Target,
  asked: Resolved,
  parts: Parts,
): boolean {
  if (error.retry === 'never' || asked.arrived.gone.aborted) return false;
  const limit =
    asked.options.retries ??
    target.record.parameters.retries ??
    alias.retryPolicy[`${error.kind}Retries`] ??
    parts.router().retries;
  return retries < limit;
}

const longestRetryAfterMs = 60_000;
const longestBackoffMs = 8_000;
const jitterMs = 750;

/** Contracts 8.3: the provider's own Retry-After up to a minute, else half a second doubled each time, with jitter. */
async function wait(error: GatewayError, retries: number, asked: Resolved, parts: Parts): Promise<void> {
  const told = error.retryAfterMs;
  const backoff = Math.min(longestBackoffMs, 500 * 2 ** (retries - 1));
  const base =
    told !== undefined && told <= longestRetryAfterMs ? told : Math.max(backoff, parts.router().retryAfterMs);
  await sleep(parts.clock, base + parts.random() * jitterMs, asked.arrived.gone);
}

async function tryOnce(
  asked: Resolved,
  alias: Alias,
  chosen: Target,
  hasElsewhere: boolean,
  parts: Parts,
  trail: Trail,
): Promise<Answer> {
  const { traffic, clock } = parts;
  const target = asBilled(asked, chosen);
  const { id } = target.record;
  const prepared = prepare(asked, target, parts);
  asked.words.letGo();
  const limitMs = limitOf(asked, target, parts);
  // Between the last look and begin() nothing else may run. A client that has gone goes on: its call fails at once.
  if (isFull(target, parts)) await room(asked, target, limitMs, hasElsewhere, parts);
  trail.tried(target, prepared.call.dropped);
  const isProbe = traffic.begin(id);
  const startedAt = clock.monotonic();
  const settle = (failure: GatewayError | null): void => {
    if (failure === null) traffic.completed(id);
    else if (failure.code !== 'client_gone') {
      const cooldownMs = target.record.parameters.cooldownMs ?? parts.router().cooldownMs;
      const isOwn = !isAboutOneModel(failure, target);
      const restMs = isOwn ? traffic.failed(id, failure, parts.router(), cooldownMs, hasElsewhere) : 0;
      parts.failed(target.record, failure.code, restMs);
    }
    traffic.end(id);
  };
  try {
    const answer = await attempt(asked, prepared, limitMs, parts);
    trail.heard();
    traffic.answered(id, clock.monotonic() - startedAt);
    if (answer.kind === 'stream') return { ...answer, settle };
    settle(null);
    return answer;
  } catch (thrown) {
    trail.heard();
    const error = GatewayError.from(thrown);
    const isOver = clock.monotonic() - startedAt >= limitMs;
    const isClients = isOver && limitMs < ownLimitOf(asked, target, parts);
    settle(isClients ? new GatewayError('client_gone') : error);
    if (isProbe) traffic.probed(id);
    // That a client has gone is no failure of the deployment; the request's own line says it.
    if (error.code !== 'client_gone') {
      const { id: request } = asked.arrived;
      parts.log.warn('attempt failed', { request, alias: alias.name, deployment: id, code: error.code, error });
    }
    throw error;
  }
}

/** Waits until a full deployment has room, no longer than a call to it may take. Throws when it has none by then, or rests. */
async function room(
  asked: Resolved,
  target: Target,
  limitMs: number,
  hasElsewhere: boolean,
  parts: Parts,
): Promise<void> {
  const { id, parameters } = target.record;
  const patience = new Deadline(parts.clock, asked.arrived.gone);
  patience.within(limitMs);
  try {
    while (isFull(target, parts) && !patience.signal.aborted) await parts.traffic.turn(id, patience.signal);
  } finally {
    patience.end();
  }
  if (patience.expired) {
    const message = `none of the ${parameters.maxParallel} places of the deployment became free within ${limitMs / 1000} seconds`;
    throw new GatewayError('upstream_timeout', { message });
  }
  if (hasElsewhere && parts.traffic.rests(id)) {
    throw new GatewayError('upstream_unavailable', { message: 'the deployment went to rest while the request waited' });
  }
}

/** Behind a wildcard stand many models: that one is unknown, forbidden or busy says nothing of the others (contracts 8.4). */
function isAboutOneModel(error: GatewayError, target: Target): boolean {
  if (!target.record.model.includes('*')) return false;
  return ['upstream_not_found', 'upstream_forbidden', 'upstream_busy'].includes(error.code);
}

/** Milliseconds until the whole answer, or the first words of a stream, must be there. */
function limitOf(asked: Resolved, target: Target, parts: Parts): number {
  const { timeoutMs, streamTimeoutMs } = asked.options;
  if (!asked.stream) return timeoutMs ?? ownLimitOf(asked, target, parts);
  const ownForStream = target.record.parameters.streamTimeoutMs ?? parts.router().streamTimeoutMs;
  return streamTimeoutMs ?? ownForStream ?? timeoutMs ?? ownLimitOf(asked, target, parts);
}

/** The same without the client's wishes: a deadline that a client chose for itself says nothing of the deployment. */
function ownLimitOf(asked: Resolved, target: Target, parts: Parts): number {
  const { parameters } = target.record;
  const router = parts.router();
  const forStream = asked.stream ? (parameters.streamTimeoutMs ?? router.streamTimeoutMs) : null;
  return forStream ?? parameters.timeoutMs ?? router.timeoutMs;
}
