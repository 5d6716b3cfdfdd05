// What is in force, as a file in our own form that would bring about the same. Pure: no secret passes through here, only where each is to be
// looked up.
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { AliasRecord, DeploymentRecord, RouterSettings } from '../core/records.ts';
import { givenPrefixes } from './credential-book.ts';
import { deploymentId } from './deployment-id.ts';
import { settingFields } from './litellm-keys.ts';
import { filled, given, type InForce, inSeconds, isGiven, type NamedFields, type Written } from './litellm-write.ts';
import { toolWords } from './plumbline-words.ts';
import { type NamedToolServer, toolServerEntry } from './tool-entry.ts';
import { yamlText } from './write-yaml.ts';

/** Takes what is in force; returns it as a file. */
export function writePlumblineFile(state: InForce): Written {
  const byAlias = Map.groupBy(state.deployments, ({ alias }) => alias);
  const credentials = new Map(state.credentials.map((credential) => [credential.name, credential]));
  const isThere = ({ name, target }: AliasRecord): boolean => target !== null || byAlias.has(name);
  const models = state.aliases
    .filter(isThere)
    .map((alias) => [alias.name, modelOf(alias, byAlias.get(alias.name) ?? [], credentials)] as const);
  const listed = state.credentials.filter(({ name }) => !isGiven(name));
  const file = filled({
    plumbline: 1,
    models: Object.fromEntries(models),
    credentials: Object.fromEntries(listed.map(({ name, references }) => [name, credentialOf(references)])),
    tool_servers: Object.fromEntries(state.toolServers.map((named) => [named.record.name, toolServerOf(named)])),
    router: filled(routerOf(state.router)),
  });
  const empty = state.aliases.filter((alias) => !isThere(alias));
  const unsaid = empty.map(({ name }) => `the alias ${name} has no deployment, and a file cannot declare it`);
  return { yaml: yamlText(file), unsaid };
}

type Credentials = ReadonlyMap<string, NamedFields>;

function modelOf(alias: AliasRecord, records: readonly DeploymentRecord[], credentials: Credentials): JsonValue {
  const deployments = records.map((record, index) => deploymentOf(record, records.slice(0, index), credentials));
  const said = filled({
    target: alias.target ?? undefined,
    hidden: alias.hidden || undefined,
    strategy: alias.strategy ?? undefined,
    fallbacks: alias.fallbacks,
    context_window_fallbacks: alias.contextWindowFallbacks,
    content_policy_fallbacks: alias.contentPolicyFallbacks,
    retry_policy: alias.retryPolicy,
  });
  const [first] = deployments;
  const isPlain = Object.keys(said).length === 0;
  if (deployments.length > 1)
    return isPlain ? deployments.map(shortened) : { deployments: deployments.map(shortened), ...said };
  return isPlain ? shortened(first ?? {}) : { ...first, ...said };
}

/** A deployment of which only the model is said. */
function shortened(deployment: JsonObject): JsonValue {
  const { model, ...others } = deployment;
  return model !== undefined && Object.keys(others).length === 0 ? model : deployment;
}

function deploymentOf(
  record: DeploymentRecord,
  before: readonly DeploymentRecord[],
  credentials: Credentials,
): JsonObject {
  const { provider, model, baseUrl, parameters, info } = record;
  const defaults = Object.entries(parameters.defaults ?? {});
  const isSetting = ([name]: readonly [string, unknown]): boolean => settingFields.includes(name);
  const { headers, ...secrets } = secretsOf(record.credential, credentials);
  return given({
    model: `${provider}/${model}`,
    address: baseUrl ?? undefined,
    ...secrets,
    id: record.id === idAnyway(record, before) ? undefined : record.id,
    weight: parameters.weight,
    rpm: parameters.rpm,
    tpm: parameters.tpm,
    order: parameters.order,
    timeout: inSeconds(parameters.timeoutMs),
    stream_timeout: inSeconds(parameters.streamTimeoutMs),
    retries: parameters.retries,
    cooldown: inSeconds(parameters.cooldownMs),
    max_parallel: parameters.maxParallel,
    tags: parameters.tags,
    drop_params: parameters.dropParameters,
    additional_drop_params: parameters.dropNamed,
    headers: orAbsent({ ...parameters.headers, ...headers }),
    extra_body: parameters.extraBody,
    mock_response: parameters.mockResponse,
    prices: orAbsent({ ...parameters.prices }),
    api_version: parameters.apiVersion,
    organization: parameters.organization,
    ...Object.fromEntries(defaults.filter(isSetting)),
    parameters: orAbsent(Object.fromEntries(defaults.filter((entry) => !isSetting(entry)))),
    info: orAbsent(info),
  });
}

function orAbsent(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

/** The id that reading the entry gives when it says none. */
function idAnyway(record: DeploymentRecord, before: readonly DeploymentRecord[]): string {
  const { alias, provider, model, baseUrl } = record;
  const isTwin = (other: DeploymentRecord): boolean =>
    other.provider === provider && other.model === model && other.baseUrl === baseUrl;
  return deploymentId({ owner: 'file', alias, provider, model, baseUrl, twin: before.filter(isTwin).length });
}

interface WrittenSecrets {
  readonly key?: string;
  readonly credential?: string;
  readonly secrets?: JsonObject;
  readonly headers?: JsonObject;
}

function secretsOf(name: string | null, credentials: Credentials): WrittenSecrets {
  if (name === null || name.startsWith(givenPrefixes.environment)) return {};
  if (!isGiven(name)) return { credential: name };
  const { api_key: key, ...others } = credentials.get(name)?.references ?? {};
  const isHeader = ([field]: readonly [string, string]): boolean => field.startsWith('header:');
  const headers = Object.entries(others).filter(isHeader);
  const secrets = Object.entries(others).filter((entry) => !isHeader(entry));
  return {
    ...(key === undefined ? {} : { key }),
    ...(secrets.length === 0 ? {} : { secrets: Object.fromEntries(secrets) }),
    headers: Object.fromEntries(headers.map(([field, text]) => [field.slice('header:'.length), text])),
  };
}

function credentialOf(references: Readonly<Record<string, string>>): JsonValue {
  const { api_key: key, ...others } = references;
  if (key === undefined) return others;
  return Object.keys(others).length === 0 ? key : { key, ...others };
}

function toolServerOf(named: NamedToolServer): JsonValue {
  const ours = new Map(Object.entries(toolWords).map(([word, theirs]) => [theirs, word]));
  const entry = Object.entries(toolServerEntry(named)).map(([key, value]) => [ours.get(key) ?? key, value] as const);
  const { address, ...others } = Object.fromEntries(entry);
  return address !== undefined && Object.keys(others).length === 0 ? address : Object.fromEntries(entry);
}

function routerOf(router: Partial<RouterSettings>): JsonObject {
  return given({
    strategy: router.strategy,
    retries: router.retries,
    retry_policy: router.retryPolicy,
    retry_after: inSeconds(router.retryAfterMs),
    timeout: inSeconds(router.timeoutMs),
    stream_timeout: inSeconds(router.streamTimeoutMs ?? undefined),
    cooldown: inSeconds(router.cooldownMs),
    disable_cooldowns: router.disableCooldowns,
    allowed_fails: router.allowedFails ?? undefined,
    allowed_fails_policy: router.allowedFailsPolicy,
    fallbacks: router.defaultFallbacks,
    max_fallbacks: router.maxFallbacks,
    tag_filtering: router.tagFiltering,
    drop_params: router.dropParameters,
  });
}
