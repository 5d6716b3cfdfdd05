// Routing that comes by POST /config/update, in LiteLLM's words: settings, fallbacks, and names that stand for others. Each becomes a row of
// the API's; what a file or the environment holds is refused by naming it.
import { z } from 'zod';
import type { FallbackRule, Mention, Routing } from '../config/litellm-routing.ts';
import { readPostedSettings } from '../config/posted-settings.ts';
import { mayCall } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { AliasRecord } from '../core/records.ts';
import { addAlias, changeAlias } from '../store/api-aliases.ts';
import { setRouterSettings } from '../store/api-settings.ts';
import type { Queries } from '../store/database.ts';
import { readAliases } from '../store/tables/aliases.ts';
import { blankAlias } from './aliases.ts';
import { type Asking, asTold, changed } from './changed.ts';
import { checkedBody } from './checked-body.ts';
import type { WriteParts } from './model-parts.ts';

const section = z.record(z.string(), z.json()).nullish();
const updateBody = z.strictObject({
  router_settings: section,
  litellm_settings: section,
  general_settings: section,
  environment_variables: section,
});

/** Takes the body of POST /config/update; brings its routing in force. Throws field_invalid, field_unsupported. */
export async function updateConfig(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const given = checkedBody(updateBody, body);
  refuseElsewhere(given);
  const { routing, notices } = readPostedSettings(
    { router_settings: given.router_settings ?? null, litellm_settings: given.litellm_settings ?? null },
    parts.options.acceptNotYet,
  );
  const told = notices.map(({ path, says, mend }) => `${path}: ${says}${mend === '' ? '' : ` (${mend})`}`);
  const [first] = notices.filter(({ severity }) => severity === 'error');
  if (first !== undefined) throw new GatewayError('field_invalid', { message: told.join('; '), field: first.path });
  await changed(parts, asking, (queries) => bringIn(routing, queries));
  return { message: 'Config updated successfully', ...asTold(asking, 'changed', told) };
}

/** Boot options and secrets have their homes elsewhere, and those would undo what came this way. */
function refuseElsewhere({
  general_settings: general,
  environment_variables: variables,
}: z.infer<typeof updateBody>): void {
  const isGiven = (fields: object | null | undefined): boolean => Object.keys(fields ?? {}).length > 0;
  if (isGiven(general)) {
    const message =
      'general_settings are boot options here: set them by flags, the environment or the configuration file';
    throw new GatewayError('field_unsupported', { message, field: 'general_settings' });
  }
  if (isGiven(variables)) {
    const message = 'environment_variables are not stored here: store a secret as a credential (POST /credentials)';
    throw new GatewayError('field_unsupported', { message, field: 'environment_variables' });
  }
}

async function bringIn(routing: Routing, queries: Queries): Promise<true> {
  const aliases = new Map((await readAliases(queries)).map((alias) => [alias.name, alias]));
  const names = (mentions: readonly Mention[]): string[] => mentions.map(({ name }) => nameIn(name, aliases));
  const lists = [
    ['fallbacks', routing.fallbacks],
    ['contextWindowFallbacks', routing.contextWindowFallbacks],
    ['contentPolicyFallbacks', routing.contentPolicyFallbacks],
  ] as const;
  const stars = routing.fallbacks.filter(({ source }) => source.name === '*').flatMap(({ targets }) => targets);
  const everybody = names([...stars, ...routing.defaultFallbacks]);
  const settings = { ...routing.router, ...(everybody.length === 0 ? {} : { defaultFallbacks: everybody }) };
  await setRouterSettings(queries, settings);
  for (const { alias, target, hidden } of routing.groupAliases) {
    const [end] = names([target]);
    const before = aliases.get(alias.name);
    if (before !== undefined && before.target === null) throw taken(alias.name);
    const row = { ...(before ?? blankAlias(alias.name)), target: end ?? null, hidden };
    await (before === undefined ? addAlias(queries, row) : changeAlias(queries, row));
    aliases.set(alias.name, row);
  }
  for (const { name, change } of [...ruled(lists, names), ...policies(routing)]) {
    const row = { ...(aliases.get(name) ?? notThere(name)), ...change };
    await changeAlias(queries, row);
    aliases.set(name, row);
  }
  return true;
}

interface AliasChange {
  readonly name: string;
  readonly change: Partial<AliasRecord>;
}

function ruled(
  lists: readonly (readonly [keyof AliasRecord, readonly FallbackRule[]])[],
  names: (mentions: readonly Mention[]) => string[],
): AliasChange[] {
  return lists.flatMap(([field, rules]) =>
    rules
      .filter(({ source }) => source.name !== '*')
      .map(({ source, targets }) => ({ name: source.name, change: { [field]: names(targets) } })),
  );
}

function policies({ retryPolicies }: Routing): AliasChange[] {
  return retryPolicies.map(({ alias, policy }) => ({ name: alias.name, change: { retryPolicy: policy } }));
}

/** A name that can be called: an alias, or one behind a wildcard. */
function nameIn(name: string, aliases: ReadonlyMap<string, AliasRecord>): string {
  const isKnown = aliases.has(name) || [...aliases.keys()].some((one) => one.includes('*') && mayCall([one], name));
  return isKnown ? name : notThere(name);
}

function notThere(name: string): never {
  throw new GatewayError('field_invalid', {
    message: `there is no model ${name}; /aliases lists the names`,
    field: name,
  });
}

function taken(name: string): GatewayError {
  const message = `${name} has deployments of its own, and cannot stand for another name too`;
  return new GatewayError('field_invalid', { message, field: `router_settings.model_group_alias.${name}` });
}
