// GET /health: one tiny real request a deployment, by what the model is for; never a chat call to an embedding model.
import { mayCall } from '../core/caller.ts';
import type { Operation } from '../core/chat.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Arrived } from '../core/wire.ts';
import { mapBody } from '../kit/json-body.ts';
import { attempt } from './attempt.ts';
import { openai } from './dialects/openai.ts';
import type { Parts, Resolved } from './exchange.ts';
import { canServe, prepare } from './prepare.ts';
import type { Alias, Target } from './target.ts';
import { Words } from './words.ts';

const patienceMs = 60_000;
const atOnce = 8;

/** model_info.mode → what to ask, and the smallest such request. */
const probes: Readonly<Record<string, { readonly operation: Operation; readonly body: JsonObject }>> = {
  chat: { operation: 'chat', body: { messages: [{ role: 'user', content: 'ping' }], max_tokens: 1 } },
  completion: { operation: 'completion', body: { prompt: 'ping', max_tokens: 1 } },
  embedding: { operation: 'embedding', body: { input: 'ping' } },
  rerank: { operation: 'rerank', body: { query: 'ping', documents: ['pong'], top_n: 1 } },
  moderation: { operation: 'moderation', body: { input: 'ping' } },
};

export interface HealthFilter {
  readonly model?: string | undefined;
  readonly modelId?: string | undefined;
  /** The models of the key that asks; empty means all. */
  readonly models: readonly string[];
}

/** Takes a request and which deployments to look at; returns LiteLLM's health report (contracts 10.3). */
export async function checkHealth(arrived: Arrived, filter: HealthFilter, parts: Parts): Promise<JsonObject> {
  const named = aliasesNamed(filter.model, parts).filter(({ name }) => mayCall(filter.models, name));
  const chosen = named.flatMap((alias) =>
    alias.targets
      .filter((target) => filter.modelId === undefined || filter.modelId === target.record.id)
      .map((target) => ({ alias, target })),
  );
  // Of several names for one deployment its own comes first, and is the one that is shown.
  const byId = new Map(chosen.toReversed().map((entry) => [entry.target.record.id, entry]));
  const once = [...byId.values()].toReversed();
  const results: JsonObject[] = [];
  for (let from = 0; from < once.length; from += atOnce) {
    const batch = once.slice(from, from + atOnce);
    results.push(...(await Promise.all(batch.map(({ alias, target }) => check(arrived, alias, target, parts)))));
  }
  const healthy = results.filter((result) => result.error === undefined && result.skipped === undefined);
  const unhealthy = results.filter((result) => result.error !== undefined);
  return {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    skipped_endpoints: results.filter((result) => result.skipped !== undefined),
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
  };
}

/** A name that only a wildcard covers is one too. */
function aliasesNamed(name: string | undefined, parts: Parts): readonly Alias[] {
  const { aliases, find } = parts.models();
  if (name === undefined) return aliases;
  const alias = aliases.find((one) => one.name === name) ?? find(name);
  return alias === undefined ? [] : [alias];
}

async function check(arrived: Arrived, alias: Alias, target: Target, parts: Parts): Promise<JsonObject> {
  const entry = {
    model: alias.name,
    model_id: target.record.id,
    api_base: target.shownAddress,
    provider: target.provider.name,
  };
  const probe = probeOf(target);
  if (target.upstream.model.includes('*')) return { ...entry, skipped: 'a wildcard names no model to ask' };
  if (probe === undefined) return { ...entry, skipped: `mode ${target.record.info.mode ?? 'unknown'} has no check` };
  const startedAt = parts.clock.monotonic();
  const timed = (): JsonObject => ({
    ...entry,
    operation: probe.operation,
    latency_ms: Math.round(parts.clock.monotonic() - startedAt),
  });
  try {
    const asked = askedOf(arrived, alias, probe.operation, { model: alias.name, ...probe.body });
    await attempt(asked, prepare(asked, target, parts), patienceMs, parts);
    return timed();
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    return { ...timed(), error: error.message, code: error.code };
  }
}

/** The stated mode; else the first thing the provider can do for it, embedders told by their name. */
function probeOf(target: Target): (typeof probes)[string] | undefined {
  const { mode } = target.record.info;
  if (mode !== undefined) return Object.hasOwn(probes, mode) ? probes[mode] : undefined;
  if (/embed|bge-|e5-|minilm/i.test(target.upstream.model)) return probes.embedding;
  if (/rerank/i.test(target.upstream.model)) return probes.rerank;
  return Object.values(probes).find(({ operation }) => canServe(target, operation));
}

function askedOf(arrived: Arrived, alias: Alias, operation: Operation, body: JsonObject): Resolved {
  const bytes = Buffer.from(JSON.stringify(body));
  const map = mapBody(bytes, null);
  if ('kind' in map) throw new GatewayError('internal');
  return {
    arrived,
    surface: { dialect: openai, operation, route: '/health' },
    caller: { isMaster: true, key: null, hash: '' },
    bytes,
    map,
    words: new Words(body, bytes, false),
    model: alias.name,
    stream: false,
    includeUsage: false,
    consumed: [],
    options: {
      tags: [],
      session: null,
      endUser: null,
      retries: null,
      timeoutMs: null,
      streamTimeoutMs: null,
      fallbacks: null,
      fallbacksOff: true,
      dropParameters: true,
      mockResponse: null,
    },
    alias,
  };
}
