// A stored model with what is posted of it laid over. As in LiteLLM a field that is null or absent stays as it is; `unset` names fields to
// take away. A form that posts back what it was shown changes nothing: no mark becomes a secret, no figure of the table one of the row.

import { isSecretField } from '../config/litellm-keys.ts';
import { litellmParamsOf } from '../config/litellm-write.ts';
import type { PostedModel } from '../config/posted-model.ts';
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject } from '../core/json.ts';
import { isMark } from '../core/posted-secrets.ts';
import type { DeploymentRecord } from '../core/records.ts';
import { ownCredential } from '../store/api-models.ts';

/** What is posted of a model. */
export interface ModelPatch {
  readonly name?: string | undefined;
  readonly params: JsonObject;
  readonly info: JsonObject;
  /** `litellm_params.rpm`, `model_info.mode` */
  readonly unset: readonly string[];
}

/** Fields of model_info that are told, not given. */
const told = ['id', 'db_model', 'key', 'litellm_provider', 'created_at', 'updated_at', 'created_by', 'updated_by'];

/** Takes a stored deployment, what is posted of it, and its model_info as it was shown; returns the whole as if posted anew. Throws field_invalid. */
export function mergedModel(record: DeploymentRecord, patch: ModelPatch, shown: JsonObject): PostedModel {
  const [params, info] = [dropping(patch.unset, 'litellm_params'), dropping(patch.unset, 'model_info')];
  const isNews = ([field, value]: [string, unknown]): boolean =>
    field in record.info || JSON.stringify(shown[field]) !== JSON.stringify(value);
  const isGiven = ([field, value]: [string, unknown]): boolean => !told.includes(field) && value !== null;
  return {
    model_name: patch.name ?? record.alias,
    litellm_params: params({ ...litellmParamsOf(record), ...namedOf(record), ...givenParams(patch.params) }),
    model_info: {
      ...info({ ...record.info, ...Object.fromEntries(Object.entries(patch.info).filter(isGiven).filter(isNews)) }),
      id: record.id,
    },
  };
}

/** Null, nothing, and marks that stand for a stored secret: as it was. */
function givenParams(params: JsonObject): JsonObject {
  const isGiven = (value: unknown): boolean =>
    value !== null && value !== undefined && value !== '' && !(typeof value === 'string' && isMark(value));
  const given = Object.entries(params).filter(([, value]) => isGiven(value));
  return Object.fromEntries(
    given.map(([field, value]) => [field, isObject(value) && /headers$/.test(field) ? givenParams(value) : value]),
  );
}

/** A credential that others may use too stands in litellm_params by its name; one of its own does not. */
function namedOf({ id, credential }: DeploymentRecord): JsonObject {
  return credential === null || credential === ownCredential(id) ? {} : { litellm_credential_name: credential };
}

function dropping(
  unset: readonly string[],
  section: 'litellm_params' | 'model_info',
): (fields: JsonObject) => JsonObject {
  const secret = unset.find((path) => path.startsWith('litellm_params.') && isSecretField(path.slice(15)));
  if (secret !== undefined) {
    const message = `${secret} is sealed with the model: give another, or a credential by name (litellm_credential_name)`;
    throw new GatewayError('field_unsupported', { message, field: 'unset' });
  }
  const unknown = unset.find((path) => !/^(litellm_params|model_info)\.[^.]+$/.test(path));
  if (unknown !== undefined) {
    const message = `unset takes litellm_params.NAME and model_info.NAME, not ${unknown}`;
    throw new GatewayError('field_invalid', { message, field: 'unset' });
  }
  const dropped = unset.filter((path) => path.startsWith(`${section}.`)).map((path) => path.slice(section.length + 1));
  return (fields) => Object.fromEntries(Object.entries(fields).filter(([field]) => !dropped.includes(field)));
}
