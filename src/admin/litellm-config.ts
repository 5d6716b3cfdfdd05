// LiteLLM's view of the configuration: what its pages ask of /config/* and /get/config/callbacks. Boot options are told here and changed
// elsewhere: by flags, the environment or the file, each of which would undo what came by the API.
import { litellmRouterOf } from '../config/litellm-write.ts';
import { flagOf, type OptionName, optionRow, ourVariable } from '../config/options.ts';
import { GatewayError } from '../core/errors.ts';
import { type JsonObject, type JsonValue, textOf } from '../core/json.ts';
import { shownSecret } from '../core/posted-secrets.ts';
import type { ModelParts } from './model-parts.ts';

/** LiteLLM's general_settings that are boot options here, and what its unit is of ours. */
const general: Readonly<Record<string, readonly [option: OptionName, unit: number, type: string]>> = {
  master_key: ['masterKey', 1, 'String'],
  database_url: ['databaseUrl', 1, 'String'],
  database_connection_pool_limit: ['databasePool', 1, 'Integer'],
  max_request_size_mb: ['bodyLimit', 1024 * 1024, 'Float'],
};

/** Returns what LiteLLM's page of callbacks and routing reads. There are no callbacks here. */
export function configCallbacks(parts: ModelParts): JsonObject {
  const { aliases, router } = parts.rows();
  return {
    status: 'success',
    callbacks: [],
    alerts: [],
    router_settings: litellmRouterOf({ aliases, router }),
    available_callbacks: {},
  };
}

/** Takes the query (`config_type`, which can only be general_settings); returns its fields. Throws field_unsupported. */
export function configList(query: URLSearchParams, parts: ModelParts): JsonValue {
  const type = query.get('config_type') ?? 'general_settings';
  if (type !== 'general_settings') {
    const message = `config_type ${type} is not listed; /config tells of every option and setting`;
    throw new GatewayError('field_unsupported', { message, field: 'config_type' });
  }
  return Object.entries(general).map(([field, [option, unit, fieldType]]) => ({
    field_name: field,
    field_type: fieldType,
    field_description: optionRow(option).says,
    field_value: settingValue(option, unit, parts),
    stored_in_db: false,
    field_default_value: null,
    premium_field: false,
    nested_fields: null,
  }));
}

/** Takes the query (`field_name`); returns that field of general_settings. Throws field_missing, field_unsupported. */
export function configField(query: URLSearchParams, parts: ModelParts): JsonObject {
  const name = fieldIn(query.get('field_name') ?? undefined);
  const [option, unit] = generalField(name);
  return { field_name: name, field_value: settingValue(option, unit, parts) };
}

/** Takes the body of /config/field/update or /config/field/delete; throws the refusal that says who owns the field and where it is changed. */
export function refuseField(body: JsonObject, parts: ModelParts): never {
  const name = fieldIn(textOf(body.field_name));
  const [option] = generalField(name);
  const from = parts.options.sources[option].name;
  const ways =
    optionRow(option).kind === 'secret'
      ? `${ourVariable(option)} or its file`
      : `${flagOf(option)}, ${ourVariable(option)}`;
  throw new GatewayError('field_unsupported', {
    message: `${name} is the boot option ${option}, which comes from ${from}; change it by ${ways} or the configuration file, and restart`,
    field: 'field_name',
  });
}

function fieldIn(name: string | undefined): string {
  if (name !== undefined && name !== '') return name;
  throw new GatewayError('field_missing', { message: 'field_name is required', field: 'field_name' });
}

function generalField(name: string): readonly [option: OptionName, unit: number, type: string] {
  const field = Object.hasOwn(general, name) ? general[name] : undefined;
  if (field !== undefined) return field;
  const message = `${name} is no general setting that is in force here (${Object.keys(general).join(', ')} are)`;
  throw new GatewayError('field_unsupported', { message, field: 'field_name' });
}

function settingValue(option: OptionName, unit: number, { options }: ModelParts): JsonValue {
  const value = options[option];
  if (optionRow(option).kind === 'secret') return value === null ? null : shownSecret;
  return typeof value === 'number' ? value / unit : null;
}
