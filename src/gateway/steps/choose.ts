// Which deployment is next: those that can serve the request and do not rest; first those with room, then the lowest order,
// then as the strategy sorts.
import { GatewayError } from '../../core/errors.ts';
import type { Parts, Resolved } from '../exchange.ts';
import { canServe } from '../prepare.ts';
import { strategies } from '../strategies/index.ts';
import type { Candidate } from '../strategies/strategy.ts';
import type { Alias, Target } from '../target.ts';
import type { Seen, Traffic } from '../traffic.ts';

/** Takes what is asked and an alias; returns its deployments that could serve it at all. Throws when there are none. */
export function candidates(asked: Resolved, alias: Alias, parts: Parts): readonly Target[] {
  const { operation } = asked.surface;
  const able =
    asked.options.mockResponse === null ? kept(alias.targets, (target) => canServe(target, operation)) : alias.targets;
  if (able.length === 0)
    throw (alias.targets.length === 0 ? parts.lostModels() : undefined) ?? noneServes(asked, alias);
  return parts.router().tagFiltering ? tagged(able, asked.options.tags) : able;
}

function noneServes(asked: Resolved, alias: Alias): GatewayError {
  const why =
    alias.targets.length === 0
      ? 'has no deployment'
      : `has no deployment that serves ${asked.surface.operation} requests`;
  return new GatewayError('operation_unsupported', { message: `model=${alias.name} ${why}`, field: 'model' });
}

/** Contracts 8.7: any shared tag will do; none shared: those tagged default; a request without tags likewise, else all. */
function tagged(targets: readonly Target[], tags: readonly string[]): readonly Target[] {
  const of = (target: Target): readonly string[] => target.record.parameters.tags ?? [];
  const sharing = targets.filter((target) => of(target).some((tag) => tags.includes(tag)));
  if (sharing.length > 0) return sharing;
  const fallback = targets.filter((target) => of(target).includes('default'));
  if (fallback.length > 0) return fallback;
  if (tags.length === 0) return targets;
  throw new GatewayError('tags_unmatched', {
    message: `no deployment has one of the tags ${tags.join(', ')}`,
    field: 'tags',
  });
}

/** Takes deployments; returns those that do not rest, best first. */
export function ordered(targets: readonly Target[], alias: Alias, parts: Parts): readonly Target[] {
  const awake = kept(targets, (target) => !parts.traffic.rests(target.record.id));
  if (awake.length < 2) return awake;
  const share = 1 / parts.crew.size;
  const choices = awake.map((target) => new Choice(target, share, parts.traffic));
  const sorted = strategies[alias.strategy].order(choices, parts.random).map(({ target }) => target);
  if (sorted.every(isPlain)) return sorted;
  const fullness = (target: Target): number => Number(isFull(target, parts));
  return sorted.toSorted((a, b) => fullness(a) - fullness(b) || orderOf(a) - orderOf(b));
}

/** What was seen of a deployment is looked up only for a strategy that asks, and once. */
class Choice implements Candidate {
  readonly target: Target;
  readonly share: number;
  readonly #traffic: Traffic;
  #seen: Seen | null = null;

  constructor(target: Target, share: number, traffic: Traffic) {
    this.target = target;
    this.share = share;
    this.#traffic = traffic;
  }

  get seen(): Seen {
    this.#seen ??= this.#traffic.seen(this.target.record.id);
    return this.#seen;
  }
}

/** Nearly always that is all of them, and the list itself will do. */
function kept(targets: readonly Target[], isFit: (target: Target) => boolean): readonly Target[] {
  return targets.every(isFit) ? targets : targets.filter(isFit);
}

function isPlain({ record: { parameters } }: Target): boolean {
  return parameters.order === undefined && parameters.maxParallel === undefined;
}

/** Takes a deployment; true while it has as many requests as it takes at once (LiteLLM: 0 is no limit). */
export function isFull({ record: { id, parameters } }: Target, parts: Parts): boolean {
  const { maxParallel = 0 } = parameters;
  return maxParallel > 0 && parts.traffic.isFull(id, placesOf(maxParallel, parts.crew));
}

/** Takes how many requests a deployment takes at once; returns our share: those of all workers are as many, or one each. */
function placesOf(most: number, { index, size }: Parts['crew']): number {
  return Math.max(1, Math.floor(most / size) + Number(index <= most % size));
}

const orderOf = (target: Target): number => target.record.parameters.order ?? Number.MAX_SAFE_INTEGER;

/** Takes deployments that all rest; returns the refusal, with the time after which the first may be tried. */
export function allRest(targets: readonly Target[], alias: Alias, parts: Parts): GatewayError {
  const wait = Math.min(...targets.map((target) => parts.traffic.restMs(target.record.id)));
  const inSeconds = Math.max(1, Math.ceil(wait / 1000));
  return new GatewayError('deployments_resting', {
    message: `Try again in ${inSeconds} seconds. Passed model=${alias.name}. All ${targets.length} deployments are resting after failures.`,
    field: 'model',
    retryAfterMs: inSeconds * 1000,
  });
}
