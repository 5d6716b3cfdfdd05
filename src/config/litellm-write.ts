// What is in force, as a config.yaml that would bring it about again. Pure: no secret passes through here, only where each is to
// be looked up. What LiteLLM's form cannot say is named, never left out in silence.
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { AliasRecord, DeploymentRecord, RouterSettings } from '../core/records.ts';
import { givenPrefixes } from './credential-book.ts';
import { type NamedToolServer, toolServerEntry } from './tool-entry.ts';
import { yamlText } from './write-yaml.ts';

/** A credential, and for each of its fields the reference that stands for the secret (`os.environ/NAME`). */
export interface NamedFields {
  readonly name: string;
  readonly references: Readonly<Record<string, string>>;
}

export interface InForce {
  readonly aliases: readonly AliasRecord[];
  readonly deployments: readonly DeploymentRecord[];
  readonly credentials: readonly NamedFields[];
  readonly router: Partial<RouterSettings>;
  readonly toolServers: readonly NamedToolServer[];
}

export interface Written {
  readonly yaml: string;
  /** What the file does not say, one sentence each. */
  readonly unsaid: readonly string[];
}

/** Takes what is in force; returns it as a file. */
export function writeLitellmFile(state: InForce): Written {
  const credentials = new Map(state.credentials.map((credential) => [credential.name, credential]));
  const listed = state.credentials.filter(({ name }) => !isGiven(name));
  const file = filled({
    model_list: state.deployments.map((record) => entryOf(record, credentials)),
    credential_list: listed.map(({ name, references }) => ({ credential_name: name, credential_values: references })),
    mcp_servers: Object.fromEntries(state.toolServers.map((named) => [named.record.name, toolServerEntry(named)])),
    router_settings: litellmRouterOf(state),
    litellm_settings: filled({ drop_params: state.router.dropParameters }),
  });
  return { yaml: yamlText(file), unsaid: unsaidOf(state) };
}

/** Takes a credential's name; true when reading a file gives it to secrets that stand in an entry, or in the environment. */
export function isGiven(name: string): boolean {
  return Object.values(givenPrefixes).some((prefix) => name.startsWith(prefix));
}

function entryOf(record: DeploymentRecord, credentials: ReadonlyMap<string, NamedFields>): JsonObject {
  return {
    model_name: record.alias,
    litellm_params: { ...litellmParamsOf(record), ...secretsOf(record.credential, credentials) },
    model_info: { id: record.id, ...record.info },
  };
}

/** Takes a deployment; returns its litellm_params, without its credential. */
export function litellmParamsOf({ provider, model, baseUrl, parameters }: DeploymentRecord): JsonObject {
  return given({
    model: `${provider}/${model}`,
    ...(baseUrl === null ? {} : { api_base: baseUrl }),
    ...parametersOf(parameters),
  });
}

function secretsOf(name: string | null, credentials: ReadonlyMap<string, NamedFields>): JsonObject {
  if (name === null || name.startsWith(givenPrefixes.environment)) return {};
  if (!isGiven(name)) return { litellm_credential_name: name };
  const fields = Object.entries(credentials.get(name)?.references ?? {});
  const headers = fields
    .filter(([field]) => field.startsWith('header:'))
    .map(([field, text]) => [field.slice(7), text]);
  const plain = Object.fromEntries(fields.filter(([field]) => !field.startsWith('header:')));
  return headers.length === 0 ? plain : { ...plain, extra_headers: Object.fromEntries(headers) };
}

function parametersOf(parameters: DeploymentRecord['parameters']): JsonObject {
  return given({
    weight: parameters.weight,
    rpm: parameters.rpm,
    tpm: parameters.tpm,
    order: parameters.order,
    timeout: inSeconds(parameters.timeoutMs),
    stream_timeout: inSeconds(parameters.streamTimeoutMs),
    num_retries: parameters.retries,
    cooldown_time: inSeconds(parameters.cooldownMs),
    max_parallel_requests: parameters.maxParallel,
    tags: parameters.tags,
    drop_params: parameters.dropParameters,
    additional_drop_params: parameters.dropNamed,
    headers: parameters.headers,
    extra_body: parameters.extraBody,
    mock_response: parameters.mockResponse,
    ...parameters.prices,
    api_version: parameters.apiVersion,
    organization: parameters.organization,
    ...parameters.defaults,
  });
}

/** Takes aliases and routing; returns them as router_settings, without what is absent or empty. */
export function litellmRouterOf({ aliases, router }: Pick<InForce, 'aliases' | 'router'>): JsonObject {
  return filled({
    routing_strategy: router.strategy,
    num_retries: router.retries,
    retry_policy: policyOf(router.retryPolicy, 'Retries'),
    retry_after: inSeconds(router.retryAfterMs),
    timeout: inSeconds(router.timeoutMs),
    stream_timeout: inSeconds(router.streamTimeoutMs ?? undefined),
    cooldown_time: inSeconds(router.cooldownMs),
    disable_cooldowns: router.disableCooldowns,
    allowed_fails: router.allowedFails ?? undefined,
    allowed_fails_policy: policyOf(router.allowedFailsPolicy, 'AllowedFails'),
    max_fallbacks: router.maxFallbacks,
    enable_tag_filtering: router.tagFiltering,
    default_fallbacks: router.defaultFallbacks,
    fallbacks: rulesOf(aliases, ({ fallbacks }) => fallbacks),
    context_window_fallbacks: rulesOf(aliases, ({ contextWindowFallbacks }) => contextWindowFallbacks),
    content_policy_fallbacks: rulesOf(aliases, ({ contentPolicyFallbacks }) => contentPolicyFallbacks),
    model_group_retry_policy: Object.fromEntries(
      aliases
        .filter(({ retryPolicy }) => Object.keys(retryPolicy).length > 0)
        .map(({ name, retryPolicy }) => [name, policyOf(retryPolicy, 'Retries') ?? {}]),
    ),
    model_group_alias: Object.fromEntries(
      aliases.flatMap(({ name, target, hidden }) =>
        target === null ? [] : [[name, hidden ? { model: target, hidden } : target] as const],
      ),
    ),
  });
}

function policyOf(policy: Readonly<Record<string, number>> | undefined, ending: string): JsonObject | undefined {
  if (policy === undefined) return undefined;
  return Object.fromEntries(Object.entries(policy).map(([kind, count]) => [kind + ending, count]));
}

function rulesOf(aliases: readonly AliasRecord[], of: (alias: AliasRecord) => readonly string[]): JsonObject[] {
  return aliases.filter((alias) => of(alias).length > 0).map((alias) => ({ [alias.name]: [...of(alias)] }));
}

/** Takes milliseconds or undefined; returns them in seconds. */
export const inSeconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

type Loose = Readonly<Record<string, JsonValue | Readonly<Record<string, unknown>> | readonly unknown[] | undefined>>;

/** Takes an object; returns it without what is absent. */
export function given(object: Loose): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** Takes an object; returns it without what is absent or empty. */
export function filled(object: Loose): JsonObject {
  const isThere = (value: unknown): boolean =>
    value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0);
  return Object.fromEntries(Object.entries(object).filter(([, value]) => isThere(value))) as JsonObject;
}

function unsaidOf({ aliases, deployments }: InForce): string[] {
  const called = new Set(deployments.map(({ alias }) => alias));
  return aliases.flatMap(({ name, strategy, target, hidden }) => [
    ...(strategy === null
      ? []
      : [`the alias ${name} has a strategy of its own (${strategy}); in a file all share routing_strategy`]),
    ...(target === null && !called.has(name)
      ? [`the alias ${name} has no deployment, and a file cannot declare it`]
      : []),
    ...(target === null && hidden ? [`the alias ${name} is hidden; in a file only an alias of another can be`] : []),
  ]);
}
