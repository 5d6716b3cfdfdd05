// Aliases that come by the management API: names that stand for others, and how a name is routed. A name with deployments comes with its
// first model (admin/models.ts).
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { type AliasRecord, strategyNames } from '../core/records.ts';
import { addAlias, deleteAlias, changeAlias as storeChange } from '../store/api-aliases.ts';
import { readAliases } from '../store/tables/aliases.ts';
import { blankAlias, noAlias } from './aliases.ts';
import { type Asking, asTold, changed } from './changed.ts';
import { checkedBody } from './checked-body.ts';
import type { WriteParts } from './model-parts.ts';

const name = z.string().min(1);
const changes = {
  hidden: z.boolean().optional(),
  strategy: z.enum(strategyNames).nullish(),
  fallbacks: z.array(name).optional(),
  context_window_fallbacks: z.array(name).optional(),
  content_policy_fallbacks: z.array(name).optional(),
  retry_policy: z.record(z.string(), z.int().min(0)).optional(),
};
const newBody = z.strictObject({ name, target: name, ...changes });
const changeBody = z.strictObject({ name: name.optional(), target: name.optional(), ...changes });

/** Takes the body of POST /aliases; stores a name that stands for another. Throws field_invalid. */
export async function newAlias(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const given = checkedBody(newBody, body);
  const alias = { ...blankAlias(given.name), target: given.target, ...changesIn(given) };
  const isNew = await changed(parts, asking, (queries) => addAlias(queries, alias));
  return { name: alias.name, ...asTold(asking, isNew ? 'added' : 'there-already') };
}

/** Takes a name and what changes of the alias. Throws model_not_found, field_invalid. */
export async function changeAlias(
  wanted: string,
  body: JsonObject,
  asking: Asking,
  parts: WriteParts,
): Promise<JsonObject> {
  const given = checkedBody(changeBody, body);
  const before = (await readAliases(parts.database)).find((alias) => alias.name === wanted);
  if (before === undefined) throw noAlias(wanted);
  if (given.name !== undefined && given.name !== wanted) {
    const message = `an alias keeps its name; add ${given.name} and remove this one`;
    throw new GatewayError('field_unsupported', { message, field: 'name' });
  }
  if (given.target !== undefined && before.target === null) {
    const message = `${wanted} has deployments of its own, and cannot stand for another name too`;
    throw new GatewayError('field_invalid', { message, field: 'target' });
  }
  const after = { ...before, ...changesIn(given), target: given.target ?? before.target };
  await changed(parts, asking, (queries) => storeChange(queries, after).then(() => true));
  return { name: wanted, ...asTold(asking, 'changed') };
}

/** Takes a name; deletes the alias. Throws model_not_found, field_invalid when something points at it. */
export async function removeAlias(wanted: string, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  await changed(parts, asking, (queries) => deleteAlias(queries, wanted).then(() => true));
  return { name: wanted, ...asTold(asking, 'deleted') };
}

type Given = Partial<Omit<z.infer<typeof changeBody>, 'name' | 'target'>>;

function changesIn(given: Given): Partial<AliasRecord> {
  const named = {
    hidden: given.hidden,
    strategy: given.strategy,
    fallbacks: given.fallbacks,
    contextWindowFallbacks: given.context_window_fallbacks,
    contentPolicyFallbacks: given.content_policy_fallbacks,
    retryPolicy: given.retry_policy,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}
