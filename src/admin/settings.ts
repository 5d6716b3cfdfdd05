// Routing that comes by POST /config/update, in LiteLLM's words: settings, fallbacks, and names that stand for others. A list that is posted
// is the whole list, as in LiteLLM. What is as it was is not written, so that a page may post back what it was shown; what changes becomes a
// row of the API's, and is refused where a file or the environment holds it.
import { z } from 'zod';
import type { Mention, Routing } from '../config/litellm-routing.ts';
import { readPostedSettings } from '../config/posted-settings.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { type AliasRecord, type RouterSettings, routerSettings } from '../core/records.ts';
import { addAlias, changeAlias, deleteAlias, isCovered } from '../store/api-aliases.ts';
import { setRouterSettings } from '../store/api-settings.ts';
import type { Queries } from '../store/database.ts';
import { readAliases } from '../store/tables/aliases.ts';
import { readRouterSettings } from '../store/tables/settings.ts';
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
  const fields = { ...given.litellm_settings, ...given.router_settings };
  await changed(parts, asking, (queries) => bringIn(routing, (field) => field in fields, queries));
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

/** Tells whether a field was posted. */
type IsPosted = (field: string) => boolean;

async function bringIn(routing: Routing, isPosted: IsPosted, queries: Queries): Promise<true> {
  const before = new Map((await readAliases(queries)).map((alias) => [alias.name, alias]));
  const after = withRules(withGroups(before, routing, isPosted), routing, isPosted);
  await setRouterSettings(queries, await newsOf(settingsIn(routing, isPosted, after), queries));
  for (const [name, alias] of after) {
    if (before.get(name) === undefined) await addAlias(queries, alias);
    else if (JSON.stringify(before.get(name)) !== JSON.stringify(alias)) await changeAlias(queries, alias);
  }
  for (const name of before.keys()) if (!after.has(name)) await deleteAlias(queries, name);
  return true;
}

type Aliases = ReadonlyMap<string, AliasRecord>;

function settingsIn(routing: Routing, isPosted: IsPosted, aliases: Aliases): Partial<RouterSettings> {
  const stars = routing.fallbacks.filter(({ source }) => source.name === '*').flatMap(({ targets }) => targets);
  if (stars.length === 0 && !isPosted('default_fallbacks')) return routing.router;
  return { ...routing.router, defaultFallbacks: namesIn([...stars, ...routing.defaultFallbacks], aliases) };
}

/** Those that are in force already stay whose they are. */
async function newsOf(settings: Partial<RouterSettings>, queries: Queries): Promise<Partial<RouterSettings>> {
  const inForce: Readonly<Record<string, unknown>> = { ...routerSettings(await readRouterSettings(queries)) };
  const isNews = ([name, value]: [string, unknown]): boolean => JSON.stringify(inForce[name]) !== JSON.stringify(value);
  return Object.fromEntries(Object.entries(settings).filter(isNews));
}

/** Of the API's own names that stand for others those go that are not in the list. */
function withGroups(before: Aliases, { groupAliases }: Routing, isPosted: IsPosted): Aliases {
  if (!isPosted('model_group_alias')) return before;
  const listed = new Set(groupAliases.map(({ alias }) => alias.name));
  const isKept = ({ name, owner, target }: AliasRecord): boolean =>
    owner !== 'api' || target === null || listed.has(name);
  const after = new Map([...before].filter(([, alias]) => isKept(alias)));
  for (const { alias, target, hidden } of groupAliases) {
    const old = before.get(alias.name);
    if (old !== undefined && old.target === null) throw taken(alias.name);
    after.set(alias.name, { ...(old ?? blankAlias(alias.name)), target: target.name, hidden });
  }
  return after;
}

const lists = [
  ['fallbacks', 'fallbacks', ({ fallbacks }: Routing) => fallbacks],
  ['context_window_fallbacks', 'contextWindowFallbacks', (routing: Routing) => routing.contextWindowFallbacks],
  ['content_policy_fallbacks', 'contentPolicyFallbacks', (routing: Routing) => routing.contentPolicyFallbacks],
] as const;

function withRules(before: Aliases, routing: Routing, isPosted: IsPosted): Aliases {
  const after = new Map(before);
  const change = (name: string, fields: Partial<AliasRecord>): void =>
    void after.set(name, { ...(after.get(name) ?? notThere(name)), ...fields });
  for (const [field, member, rulesOf] of lists.filter(([posted]) => isPosted(posted))) {
    const rules = new Map(rulesOf(routing).map(({ source, targets }) => [source.name, targets]));
    if (field !== 'fallbacks' && rules.has('*')) throw forEverybody(field);
    for (const [name, targets] of rules) if (name !== '*') change(name, { [member]: namesIn(targets, after) });
    for (const { name, owner } of before.values())
      if (owner === 'api' && !rules.has(name) && after.has(name)) change(name, { [member]: [] });
  }
  for (const { alias, policy } of routing.retryPolicies) change(alias.name, { retryPolicy: policy });
  return after;
}

/** Names that can be called: aliases, or what is behind a wildcard. */
function namesIn(mentions: readonly Mention[], aliases: Aliases): string[] {
  const all = [...aliases.keys()];
  return mentions.map(({ name }) => (isCovered(name, all) ? name : notThere(name)));
}

function notThere(name: string): never {
  const message = `there is no model ${name}; /aliases lists the names`;
  throw new GatewayError('field_invalid', { message, field: name });
}

function taken(name: string): GatewayError {
  const message = `${name} has deployments of its own, and cannot stand for another name too`;
  return new GatewayError('field_invalid', { message, field: `router_settings.model_group_alias.${name}` });
}

function forEverybody(field: string): GatewayError {
  const message = `${field} for * are taken from a file only; name each model here`;
  return new GatewayError('field_unsupported', { message, field: `router_settings.${field}` });
}
