// Our credentials at providers, in LiteLLM's shapes (/credentials*). Invariant: of a value only the name of its field is shown, and
// a mark where it would stand; a mark that is posted back leaves the stored value alone.
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { shownSecrets } from '../core/posted-secrets.ts';
import type { CredentialRecord } from '../core/records.ts';
import { notFound } from './model-lists.ts';
import type { ModelParts } from './model-parts.ts';

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
