// The whole site on one screen: method, paths, who may, handler.
import { maySeeKey, requireMaster } from '../access/rights.ts';
import type { Asked } from '../admin/asked-usage.ts';
import { blockKey, deleteKeys, generateKey, type KeyParts, keyInfo, listKeys } from '../admin/keys.ts';
import type { WriteParts } from '../admin/model-parts.ts';
import { type Caller, tokenOf } from '../core/caller.ts';
import type { Operation } from '../core/chat.ts';
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject } from '../core/json.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import { checkHealth, type HealthFilter } from '../gateway/check-health.ts';
import { countTokens } from '../gateway/count-tokens.ts';
import type { Dialect } from '../gateway/dialects/dialect.ts';
import { dialects } from '../gateway/dialects/index.ts';
import type { Parts } from '../gateway/exchange.ts';
import { handle, refuse } from '../gateway/handle.ts';
import { listModels, showModel } from '../gateway/list-models.ts';
import { modelRoutes } from './model-routes.ts';
import { endUserSpend, queryOf, spendRoutes } from './spend-routes.ts';
import type { Handling } from './traced.ts';

const { anthropic, openai } = dialects;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Paths that mean the same; `:name` is one segment, `*` the rest (http/route-table.ts). */
  readonly paths: readonly string[];
  /** In whose words errors of this route are written. */
  readonly dialect: Dialect;
  readonly handle: (arrived: Arrived) => Promise<Reply> | Reply;
  /** Requests to models: refused before they get in, they leave a usage row all the same. */
  readonly refuse?: (arrived: Arrived, error: GatewayError) => Reply & { readonly body: string };
  /** Who asks; throws when that is nobody we know. Asked before more than a short body is read; without it no more is. */
  readonly identify?: (asking: Pick<Arrived, 'headers'>) => Caller;
  /** Asked every few seconds by machines: its line is only for debugging. */
  readonly isProbe?: true;
}

/** How the house is, for the readiness probes. */
export interface Readiness {
  readonly ready: boolean;
  readonly database: 'connected' | 'away' | 'starting';
  /** What is wrong, for people; empty when nothing is. */
  readonly reasons: readonly string[];
}

export interface Site {
  readonly gateway: Parts;
  readonly handling: Handling;
  readonly keys: KeyParts;
  readonly management: WriteParts;
  readonly readiness: () => Readiness;
  readonly metrics: (arrived: Arrived) => Promise<Reply>;
  readonly build: { readonly version: string; readonly id: string };
}

/** Takes the parts of the house; returns every route. */
export function openRoutes(site: Site): readonly Route[] {
  const { gateway, keys, handling } = site;
  const identify = (asking: Pick<Arrived, 'headers'>): Caller => gateway.identify(tokenOf(asking));
  const surface = (operation: Operation, dialect: Dialect, ...paths: string[]): Route => {
    const spoken = { dialect, operation, route: paths[0] ?? '' };
    return {
      method: 'POST',
      paths,
      dialect,
      identify,
      handle: (arrived) => handling.handle(arrived, (parts) => handle(arrived, spoken, parts)),
      refuse: (arrived, error) => refuse(arrived, spoken, handling.partsFor(arrived), error),
    };
  };
  const probe = (paths: string[], reply: Route['handle'], method: Route['method'] = 'GET'): Route => ({
    ...open(paths, reply, method),
    isProbe: true,
  });
  const open = (
    paths: string[],
    reply: (arrived: Arrived) => Promise<Reply> | Reply,
    method: Route['method'] = 'GET',
  ): Route => ({
    method,
    paths,
    dialect: openai,
    handle: reply,
  });
  const known = (
    paths: string[],
    reply: (arrived: Arrived, caller: Caller) => Promise<Reply> | Reply,
    method: Route['method'] = 'GET',
  ): Route => ({ ...open(paths, (arrived) => reply(arrived, identify(arrived)), method), identify });
  const master = (
    method: 'GET' | 'POST',
    path: string,
    answer: (arrived: Arrived, caller: Caller) => Promise<JsonObject>,
  ): Route =>
    known(
      [path],
      async (arrived, caller) => {
        requireMaster(caller, path);
        return json(200, await answer(arrived, caller));
      },
      method,
    );
  const counted = { operation: 'chat', route: '/v1/messages/count_tokens', recordedAs: 'count-tokens' } as const;
  const counting = { dialect: anthropic, ...counted };

  return [
    surface('chat', openai, '/v1/chat/completions', '/chat/completions'),
    surface('completion', openai, '/v1/completions', '/completions'),
    surface('embedding', openai, '/v1/embeddings', '/embeddings'),
    surface('rerank', openai, '/v1/rerank', '/rerank', '/v2/rerank'),
    surface('moderation', openai, '/v1/moderations', '/moderations'),
    surface('chat', anthropic, '/v1/messages', '/messages'),
    {
      method: 'POST',
      paths: ['/v1/messages/count_tokens', '/messages/count_tokens'],
      dialect: anthropic,
      identify,
      handle: (arrived) => handling.handle(arrived, (parts) => countTokens(arrived, counting, parts)),
      refuse: (arrived, error) => refuse(arrived, counting, handling.partsFor(arrived), error),
    },
    known(['/v1/models', '/models'], (arrived, caller) => listModels(arrived, caller, gateway)),
    known(['/v1/models/*', '/models/*'], (arrived, caller) =>
      showModel(arrived, caller, arrived.parameters.rest ?? '', gateway),
    ),
    known(['/health'], async (arrived, caller) =>
      json(200, await checkHealth(arrived, healthFilter(arrived, caller), gateway)),
    ),
    probe(['/healthz', '/health/liveliness', '/health/liveness'], () => alive),
    probe(['/health/liveliness', '/health/liveness'], () => alive, 'OPTIONS'),
    probe(['/readyz'], () => ready(site)),
    probe(['/health/readiness'], () => litellmReadiness(site)),
    probe(['/health/readiness'], () => litellmReadiness(site), 'OPTIONS'),
    probe(['/metrics'], site.metrics),
    open(['/'], () => json(200, { name: 'plumbline', version: site.build.version, build: site.build.id })),
    master('POST', '/key/generate', (arrived, caller) => generateKey(bodyOf(arrived), caller, keys)),
    known(['/key/info'], async (arrived, caller) => {
      const wanted = queryIn(arrived).get('key') ?? undefined;
      return json(200, await keyInfo(wanted, caller, (hash) => maySeeKey(caller, hash), keys));
    }),
    master('GET', '/key/list', (arrived) => listKeys(queryIn(arrived), keys)),
    master('POST', '/key/block', (arrived) => blockKey(bodyOf(arrived), true, keys)),
    master('POST', '/key/unblock', (arrived) => blockKey(bodyOf(arrived), false, keys)),
    master('POST', '/key/delete', (arrived) => deleteKeys(bodyOf(arrived), keys)),
    ...spendRoutes.map(([paths, answer]) =>
      known([...paths], async (arrived, caller) =>
        json(200, await answer(asked(queryIn(arrived, arrived.parameters), caller), keys)),
      ),
    ),
    known(
      [endUserSpend.path],
      async (arrived, caller) => json(200, await endUserSpend.answer(asked(queryOf(bodyOf(arrived)), caller), keys)),
      'POST',
    ),
    ...modelRoutes.map(({ method, paths, isMaster, answer }) =>
      known(
        [...paths],
        async (arrived, caller) => {
          if (isMaster) requireMaster(caller, paths[0] ?? '');
          const { parameters } = arrived;
          const wish = { query: queryIn(arrived), parameters, caller, body: () => bodyOf(arrived) };
          return json(200, await answer(wish, site.management));
        },
        method,
      ),
    ),
  ];
}

/** Takes a request, and what more is asked than its query says; returns both. Throws field_invalid for the one character that no text in the database can hold. */
function queryIn(arrived: Arrived, more: Arrived['parameters'] = {}): URLSearchParams {
  const query = new URLSearchParams(arrived.query);
  for (const [field, text] of Object.entries(more)) query.set(field, text);
  for (const [field, text] of query) {
    if (text.includes('\0'))
      throw new GatewayError('field_invalid', { message: `${field} holds a zero character`, field });
  }
  return query;
}

function asked(query: URLSearchParams, caller: Caller): Asked {
  return { query, caller, maySee: (hash) => maySeeKey(caller, hash) };
}

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Liveness touches nothing. */
const alive = json(200, "I'm alive!");

function ready(site: Site): Reply {
  const { ready: isReady, database, reasons } = site.readiness();
  const status = isReady ? (reasons.length === 0 ? 'ready' : 'degraded') : 'starting';
  return json(isReady ? 200 : 503, { status, database, reasons });
}

/** LiteLLM's readiness: `connected` once a database is attached (contracts 10.3). */
function litellmReadiness(site: Site): Reply {
  const { ready: isReady, database, reasons } = site.readiness();
  if (!isReady) return json(503, { detail: `Service Unhealthy (${reasons.join('; ')})` });
  const away = database !== 'connected';
  return json(200, {
    status: away ? 'healthy' : 'connected',
    db: away ? 'Not connected' : 'connected',
    cache: null,
    litellm_version: site.build.version,
    success_callbacks: [],
    use_aiohttp_transport: false,
    ...(away ? {} : { last_updated: new Date(site.gateway.clock.now()).toISOString() }),
  });
}

/** A check is a real call: a key may have those models checked that it may call. */
function healthFilter(arrived: Arrived, caller: Caller): HealthFilter {
  const query = new URLSearchParams(arrived.query);
  const model = query.get('model') ?? undefined;
  return { model, modelId: query.get('model_id') ?? undefined, models: caller.key?.models ?? [] };
}

function bodyOf(arrived: Arrived): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(arrived.body.toString('utf8'));
  } catch (error) {
    throw new GatewayError('body_not_json', { message: error instanceof Error ? error.message : String(error) });
  }
  if (!isObject(body)) throw new GatewayError('body_not_object');
  return body;
}
