// What there is to call when no configuration file says so: provider keys in the environment, local servers (probed by
// the caller), and, when nothing else answers, the canned model `demo`. Pure.
import type { AliasRecord, Declaration, DeclaredCredential, DeploymentRecord } from '../core/records.ts';
import { Secret } from '../kit/secret.ts';
import { columns } from '../kit/table.ts';
import { deploymentId } from './deployment-id.ts';
import type { KnownProvider } from './provider-facts.ts';

/** A provider whose key stands in the environment. */
export interface Found {
  readonly provider: string;
  /** The variable that holds the key. */
  readonly variable: string;
  readonly key: Secret;
  /** From the environment; null: the provider's own. */
  readonly baseUrl: string | null;
  /** From the environment; absent: the provider's own. */
  readonly apiVersion?: string;
}

/** A local server that answered, and the models it lists. */
export interface FoundServer {
  readonly provider: string;
  readonly baseUrl: string;
  readonly models: readonly string[];
}

/** The alias and the answer of the canned model. */
export const demo = {
  alias: 'demo',
  answer:
    'This is the canned answer of the demo model: Plumbline works, but no model was called. ' +
    'Set a provider key such as OPENAI_API_KEY, start a local server such as Ollama, or give --config FILE, and restart.',
} as const;

/** Takes the environment; returns the providers that have a key there, in the catalogue's order. */
export function discoverFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  knownProviders: readonly KnownProvider[],
): Found[] {
  return knownProviders.flatMap((provider) => {
    const variable = provider.keyVariables.find((name) => environment[name]);
    const key = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || key === undefined) return [];
    const base = provider.baseUrlVariables.map((name) => environment[name]).find((text) => text);
    const baseUrl = base?.replace(/\/+$/, '') ?? addressOfRegion(provider, environment);
    if (baseUrl === null && provider.defaultBaseUrl === null) return [];
    const apiVersion = provider.versionVariables?.map((name) => environment[name]).find((text) => text);
    const version = apiVersion === undefined ? {} : { apiVersion };
    return [{ provider: provider.name, variable, key: new Secret(key.trim()), baseUrl, ...version }];
  });
}

function addressOfRegion(
  { regional, settingVariables }: KnownProvider,
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  const names = regional === undefined ? undefined : settingVariables?.[regional.field];
  const region = names?.map((name) => environment[name]).find((text) => text);
  return region === undefined ? null : (regional?.addressIn(region) ?? null);
}

/**
 * Takes what was found and when the demo is wanted (auto: only with nothing else); returns the environment's Declaration:
 * `<provider>/*` for each key, `<provider>/<model>` for each model of a local server and `<provider>/*` for the first.
 */
export function declarationOf(
  found: readonly Found[],
  servers: readonly FoundServer[],
  wanted: 'auto' | 'on' | 'off' = 'auto',
): Declaration {
  const targets: Target[] = [...found.map(targetOfKey), ...servers.flatMap(targetsOfServer)];
  if (wanted === 'on' || (wanted === 'auto' && targets.length === 0)) targets.push(demoTarget);
  const deployments = withoutTwins(targets).map(deploymentOf);
  return {
    owner: 'environment',
    aliases: [...new Set(deployments.map((deployment) => deployment.alias))].map(aliasOf),
    deployments,
    credentials: found.map(credentialOf),
    router: {},
    toolServers: [],
  };
}

type Target = Pick<DeploymentRecord, 'alias' | 'provider' | 'model' | 'baseUrl' | 'credential' | 'parameters'>;

const demoTarget: Target = {
  alias: demo.alias,
  provider: 'openai',
  model: demo.alias,
  baseUrl: null,
  credential: null,
  parameters: { mockResponse: demo.answer },
};

function targetOfKey({ provider, baseUrl, apiVersion }: Found): Target {
  const parameters = apiVersion === undefined ? {} : { apiVersion };
  return { alias: `${provider}/*`, provider, model: '*', baseUrl, credential: nameOf(provider), parameters };
}

function targetsOfServer({ provider, baseUrl, models }: FoundServer): Target[] {
  return ['*', ...models].map((model) => ({
    alias: `${provider}/${model}`,
    provider,
    model,
    baseUrl,
    credential: null,
    parameters: {},
  }));
}

/** Two servers may serve one model, and both are used; but a name behind `*` can only mean one place. */
function withoutTwins(targets: readonly Target[]): Target[] {
  return targets.filter(
    (target, index) => target.model !== '*' || targets.findIndex((other) => other.alias === target.alias) === index,
  );
}

function deploymentOf(target: Target, position: number): DeploymentRecord {
  const owner = 'environment';
  return { ...target, owner, position, id: deploymentId({ ...target, owner, twin: 0 }), info: {} };
}

function aliasOf(name: string): AliasRecord {
  return {
    name,
    owner: 'environment',
    target: null,
    hidden: false,
    strategy: null,
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
    retryPolicy: {},
  };
}

function credentialOf({ provider, key }: Found): DeclaredCredential {
  return { name: nameOf(provider), values: { api_key: key } };
}

/** Not `environment/`: those are the file's. */
function nameOf(provider: string): string {
  return `discovered/${provider}`;
}

/** Providers whose key most people have, shown with what to set when they were not found. */
const usual = ['openai', 'anthropic', 'gemini', 'mistral', 'groq', 'openrouter', 'deepseek'];

/** Takes what was found and the providers; returns a table of what can be called and what to set for more. No secret is in it. */
export function discoveryTable(
  found: readonly Found[],
  servers: readonly FoundServer[],
  knownProviders: readonly KnownProvider[],
): string {
  const keys = found.map(({ provider, variable }) => [provider, `key in ${variable}`, `${provider}/*`]);
  const local = servers.map(({ provider, baseUrl, models }) => [
    provider,
    `${models.length} models at ${baseUrl}`,
    `${provider}/${models[0] ?? '*'}`,
  ]);
  const missing = usual.flatMap((name) => {
    const provider = knownProviders.find((known) => known.name === name);
    const isThere = found.some((one) => one.provider === name);
    return provider === undefined || isThere ? [] : [[name, 'not found', `set ${provider.keyVariables.join(' or ')}`]];
  });
  return columns(['PROVIDER', 'FOUND', 'CALL IT, OR SET'], [...keys, ...local, ...missing]);
}
