// The names that clients call, as they stand in the tables: what each leads to, and whom it belongs to.
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { AliasRecord } from '../core/records.ts';
import type { ModelParts } from './model-parts.ts';

/** Returns every alias. */
export function aliasList(parts: ModelParts): JsonObject {
  const shown = aliasShower(parts);
  return { data: parts.rows().aliases.map(shown) };
}

/** Takes a name; returns the alias. Throws model_not_found. */
export function aliasInfo(name: string, parts: ModelParts): JsonObject {
  const alias = parts.rows().aliases.find((one) => one.name === name);
  if (alias !== undefined) return aliasShower(parts)(alias);
  throw noAlias(name);
}

/** Takes a name; returns the failure that says there is no such alias. */
export function noAlias(name: string): GatewayError {
  const message = `there is no alias ${name}; /aliases lists them`;
  return new GatewayError('model_not_found', { message, field: 'name' });
}

function aliasShower(parts: ModelParts): (alias: AliasRecord) => JsonObject {
  const { aliases, deployments } = parts.rows();
  const ready = new Set(parts.ready().map(({ record }) => record.id));
  const ids = Map.groupBy(deployments, ({ alias }) => alias);
  const pointing = Map.groupBy(
    aliases.filter(({ target }) => target !== null),
    ({ target }) => target,
  );
  return (alias) => {
    const own = ids.get(alias.target ?? alias.name) ?? [];
    return {
      name: alias.name,
      owner: alias.owner,
      target: alias.target,
      hidden: alias.hidden,
      strategy: alias.strategy,
      fallbacks: [...alias.fallbacks],
      context_window_fallbacks: [...alias.contextWindowFallbacks],
      content_policy_fallbacks: [...alias.contentPolicyFallbacks],
      retry_policy: { ...alias.retryPolicy },
      deployments: own.map(({ id }) => id),
      served: own.some(({ id }) => ready.has(id)),
      stood_for_by: (pointing.get(alias.name) ?? []).map(({ name }) => name),
    };
  };
}

/** Takes a name; returns an alias of the API's that says nothing yet. */
export function blankAlias(name: string): AliasRecord {
  return {
    name,
    owner: 'api',
    target: null,
    hidden: false,
    strategy: null,
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
    retryPolicy: {},
  };
}
