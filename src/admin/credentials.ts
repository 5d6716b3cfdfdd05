// Our credentials at providers, in LiteLLM's shapes (/credentials*). Invariant: of a value only the name of its field is shown, and
// a mark where it would stand; a mark that is posted back leaves the stored value alone.
import { z } from 'zod';
import { givenPrefixes } from '../config/credential-book.ts';
import { isSecretField } from '../config/litellm-keys.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { shownSecrets } from '../core/posted-secrets.ts';
import type { CredentialRecord } from '../core/records.ts';
import { addCredential, deleteCredential, changeCredential as storeChange } from '../store/api-credentials.ts';
import { type Asking, asTold, changed } from './changed.ts';
import { checkedBody } from './checked-body.ts';
import { checkSecrets } from './drafted-model.ts';
import { notFound } from './model-lists.ts';
import type { ModelParts, WriteParts } from './model-parts.ts';

/** Returns every credential. */
export function credentialList(parts: ModelParts): JsonObject {
  const { credentials } = parts.rows();
  return { success: true, credentials: credentials.map((credential) => credentialItem(credential, parts)) };
}

/** Takes a name; returns that credential. Throws credential_not_found. */
export function credentialInfo(name: string, parts: ModelParts): JsonObject {
  const credential = parts.rows().credentials.find((one) => one.name === name);
  if (credential === undefined) throw noCredential(name);
  return credentialItem(credential, parts);
}

/** Takes a deployment's id; returns the credential it is called with, without fields when it has none. Throws model_not_found. */
export function credentialOfModel(id: string, parts: ModelParts): JsonObject {
  const { credentials, deployments } = parts.rows();
  const record = deployments.find((one) => one.id === id);
  if (record === undefined) throw notFound(id);
  const credential = credentials.find(({ name }) => name === record.credential);
  if (credential !== undefined) return credentialItem(credential, parts);
  return { credential_name: `${record.alias}-credential-${id}`, credential_values: {}, credential_info: {} };
}

/** Takes a name; returns the failure that says there is no such credential. */
export function noCredential(name: string): GatewayError {
  const says = `${name}; /credentials lists them`;
  return new GatewayError('credential_not_found', { message: says, field: 'credential_name' });
}

function credentialItem({ name, owner, sealed }: CredentialRecord, parts: ModelParts): JsonObject {
  const users = parts.rows().deployments.filter(({ credential }) => credential === name);
  return {
    credential_name: name,
    credential_values: shownSecrets(Object.keys(sealed)),
    credential_info: {},
    plumbline: { owner, used_by: users.map(({ id }) => id) },
  };
}

const values = z.record(z.string(), z.union([z.string(), z.null(), z.record(z.string(), z.json())]));
const newBody = z.strictObject({
  credential_name: z.string().min(1),
  credential_values: values,
  credential_info: z.record(z.string(), z.json()).nullish(),
});
const changeBody = newBody.partial();

/** Takes the body of POST /credentials; stores it sealed. Throws field_invalid, field_unsupported. */
export async function newCredential(body: JsonObject, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  const { credential_name: name, credential_values, credential_info } = checkedBody(newBody, body);
  refuseGiven(name);
  const posted = postedFields(credential_values);
  await changed(parts, asking, (queries) => addCredential(queries, name, posted, parts.sealer).then(() => true));
  return answerOf('Credential created successfully', asking, 'added', credential_info);
}

/** Takes a name and what changes of the credential (a mark leaves a value alone, null takes it away). Throws credential_not_found, field_invalid. */
export async function changeCredential(
  name: string,
  body: JsonObject,
  asking: Asking,
  parts: WriteParts,
): Promise<JsonObject> {
  const { credential_name: given = name, credential_values = {}, credential_info } = checkedBody(changeBody, body);
  if (given !== name) {
    const message = `a credential keeps its name; store ${given} as a new one, and point its deployments there`;
    throw new GatewayError('field_unsupported', { message, field: 'credential_name' });
  }
  const posted = postedFields(credential_values);
  await changed(parts, asking, (queries) => storeChange(queries, name, posted, parts.sealer).then(() => true));
  return answerOf('Credential updated successfully', asking, 'changed', credential_info);
}

/** Takes a name; deletes the credential. Throws credential_not_found, field_invalid when a deployment is called with it. */
export async function removeCredential(name: string, asking: Asking, parts: WriteParts): Promise<JsonObject> {
  await changed(parts, asking, (queries) => deleteCredential(queries, name).then(() => true));
  return answerOf('Credential deleted successfully', asking, 'deleted', undefined);
}

function answerOf(message: string, asking: Asking, did: string, info: object | null | undefined): JsonObject {
  const isDescribed = Object.keys(info ?? {}).length > 0;
  const notes = isDescribed ? ['credential_info only describes, and is not kept'] : [];
  return { success: true, message, ...asTold(asking, did, notes) };
}

/** A service account's JSON may come as an object; it is kept as its text. */
function postedFields(given: z.infer<typeof values>): Record<string, string | null> {
  const plain = Object.keys(given).find((field) => !isSecretField(field));
  if (plain !== undefined) {
    const message = `${plain} is no secret: give it with each model (litellm_params.${plain})`;
    throw new GatewayError('field_unsupported', { message, field: `credential_values.${plain}` });
  }
  const texts = Object.entries(given).map(([field, value]): [string, string | null] => [
    field,
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  ]);
  checkSecrets(Object.fromEntries(texts));
  return Object.fromEntries(texts);
}

/** Some names are given by Plumbline to what a file or a model brings along. */
function refuseGiven(name: string): void {
  const prefix = Object.values(givenPrefixes).find((one) => name.startsWith(one));
  if (prefix === undefined) return;
  const message = `names that begin with ${prefix} are given by Plumbline; take another`;
  throw new GatewayError('field_invalid', { message, field: 'credential_name' });
}
