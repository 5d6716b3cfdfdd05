// Models that come by the management API, in LiteLLM's shapes: new, changed, decommissioned, deleted. Rows are the API's own; what belongs
// to a file or the environment is refused by naming it. Invariant: an answer never holds a secret, and what is answered is in force here.
import { z } from 'zod';
import { litellmParamsOf } from '../config/litellm-write.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { DeploymentRecord } from '../core/records.ts';
import { addModel, changeModel, deleteModel, ownCredential } from '../store/api-models.ts';
import { decommissionModel, recommissionModel } from '../store/decommission.ts';
import { readCredentials } from '../store/tables/credentials.ts';
import { readDecommissioned, readDeployments } from '../store/tables/deployments.ts';
import { type Asking, asTold, changed } from './changed.ts';
import { checkedBody } from './checked-body.ts';
import { type DraftParts, draftedModel } from './drafted-model.ts';
import { mergedModel } from './merged-model.ts';
import { shownInfo } from './model-info.ts';
import { notFound } from './model-lists.ts';
import type { WriteParts } from './model-parts.ts';

const fields = z.record(z.string(), z.json());
const name = z.string().min(1);
const newBody = z.strictObject({ model_name: name, litellm_params: fields, model_info: fields.nullish() });
const changeBody = z.strictObject({
  id: name.nullish(),
  model_name: name.nullish(),
  litellm_params: fields.nullish(),
  model_info: fields.nullish(),
  /** `litellm_params.rpm`: fields to take away, for null means "as it was" to LiteLLM's clients. */
  unset: z.array(z.string()).optional(),
});

/** Takes the body of POST /model/new; returns the stored row, also when it was there already, and says which. Throws field_invalid. */
export async function newModel(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const { model_name, litellm_params, model_info } = checkedBody(newBody, body);
  const posted = { model_name, litellm_params: withoutNull(litellm_params), model_info: withoutNull(model_info ?? {}) };
  const drafted = draftedModel(posted, await draftParts(parts, null));
  const wanted = { record: drafted.record, secrets: { ...drafted.usual, ...drafted.secrets } };
  const { record, isNew } = await changed(parts, asking, (queries) => addModel(queries, wanted, parts.sealer));
  return { ...rowOf(record), ...asTold(asking, isNew ? 'added' : 'there-already', drafted.notes) };
}

/** Takes the id of a deployment (else it stands in the body) and what changes of it; returns the stored row. Throws model_not_found, field_invalid. */
export async function updateModel(
  id: string | undefined,
  body: JsonObject,
  asking: Asking,
  parts: WriteParts,
): Promise<JsonObject> {
  const given = checkedBody(changeBody, body);
  const before = await recordWith(id ?? given.id ?? idIn(given.model_info), parts);
  const patch = {
    name: given.model_name ?? undefined,
    params: (given.litellm_params ?? {}) as JsonObject,
    info: (given.model_info ?? {}) as JsonObject,
    unset: given.unset ?? [],
  };
  // Only a form that tells what it was shown is compared with that; servers need not be asked for any other.
  const isForm = Object.keys(patch.info).some((field) => field !== 'id' && !(field in before.info));
  const merged = mergedModel(before, patch, isForm ? await shownInfo(before, parts) : {});
  const drafted = draftedModel(merged, await draftParts(parts, before.baseUrl));
  // A credential of its own is kept until another is given, by secrets or by name.
  const usual = before.credential === ownCredential(before.id) ? {} : drafted.usual;
  const wanted = { record: drafted.record, secrets: { ...usual, ...drafted.secrets } };
  const { record, isNew } = await changed(parts, asking, (queries) =>
    changeModel(queries, before, wanted, parts.sealer),
  );
  return { ...rowOf(record), ...asTold(asking, isNew ? 'changed' : 'as-it-was', drafted.notes) };
}

const idBody = z.strictObject({ id: name });

/** Takes the body of POST /model/delete; returns LiteLLM's sentence. Throws model_not_found, field_invalid. */
export async function removeModel(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const { id } = checkedBody(idBody, body);
  const { alias } = await changed(parts, asking, (queries) => deleteModel(queries, id));
  return {
    message: `Model: ${id} deleted successfully`,
    ...asTold(asking, 'deleted', alias === null ? [] : [`the name ${alias} went with it`]),
  };
}

const decommissionBody = z.strictObject({ id: name, decommissioned: z.boolean().optional() });

/**
 * Takes the body of POST /model/decommission (`decommissioned: false` takes a deployment back into service); its row stays, and is not
 * served. Throws model_not_found, owned_elsewhere, field_invalid when its alias would be left without a deployment.
 */
export async function decommission(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const { id, decommissioned = true } = checkedBody(decommissionBody, body);
  const change = decommissioned ? decommissionModel : recommissionModel;
  const isNew = await changed(parts, asking, (queries) => change(queries, id));
  const did = decommissioned ? 'decommissioned' : 'in-service';
  return { model_id: id, ...asTold(asking, isNew ? did : 'as-it-was') };
}

/** Returns the deployments that are out of service, the latest first. */
export async function decommissionedModels({ database }: WriteParts): Promise<JsonObject> {
  const records = await readDecommissioned(database);
  return {
    data: records.map((record) => ({
      model_name: record.alias,
      litellm_params: litellmParamsOf(record),
      model_info: { ...record.info, id: record.id },
      plumbline: { owner: record.owner, decommissioned_at: new Date(record.decommissionedAt).toISOString() },
    })),
  };
}

/** Read from the tables, not from memory: another worker may have stored one a moment ago. */
async function draftParts(
  { environment, options, database }: WriteParts,
  knownAddress: string | null,
): Promise<DraftParts> {
  const credentials = await readCredentials(database);
  return { environment, options, knownAddress, credentials: credentials.map((credential) => credential.name) };
}

async function recordWith(id: string | undefined, parts: WriteParts): Promise<DeploymentRecord> {
  if (id === undefined) {
    const message = 'name the deployment by id (or model_info.id); /model/info lists them';
    throw new GatewayError('field_missing', { message, field: 'id' });
  }
  const record = (await readDeployments(parts.database)).find((one) => one.id === id);
  if (record !== undefined) return record;
  const isOver = (await readDecommissioned(parts.database)).some((one) => one.id === id);
  if (!isOver) throw notFound(id);
  throw new GatewayError('field_invalid', {
    message: `${id} is decommissioned; take it back into service first`,
    field: 'id',
  });
}

function idIn(info: JsonObject | null | undefined): string | undefined {
  return typeof info?.id === 'string' && info.id !== '' ? info.id : undefined;
}

function withoutNull(object: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) as JsonObject;
}

/** The row as LiteLLM's clients know it, but for the ciphertexts that it holds there. */
function rowOf(record: DeploymentRecord): JsonObject {
  return {
    model_id: record.id,
    model_name: record.alias,
    litellm_params: litellmParamsOf(record),
    model_info: { ...record.info, id: record.id, db_model: true },
  };
}
