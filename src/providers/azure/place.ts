// Where an operation of an Azure OpenAI resource is found. The address may be that of the resource, of its v1 API, of one
// deployment, or a whole target address with its api-version, as the portal shows it.
// https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle https://learn.microsoft.com/azure/ai-services/openai/reference
import { onceFor } from '../once-for.ts';
import type { Call, Upstream } from '../provider.ts';

/** LiteLLM's, when neither the configuration nor the environment says one (contracts section 13.2). */
export const defaultVersion = '2025-02-01-preview';

/** Words for the API without dates; of these only the preview must be asked for. */
const undated: readonly string[] = ['v1', 'latest', 'preview'];

/** The first dated version that knows stream_options. */
const usageInStreamsSince = '2024-09-01';

/** Hints of LiteLLM's before a deployment's name. */
const hint = /^(?:o_series|gpt5_series|responses)\//;

/** Takes a model as configured; returns the deployment's name. */
export function deploymentName(model: string): string {
  return model.replace(hint, '');
}

/** A model's name within a deployment's, as teams name them: `prod-o3-mini`, `team_gpt-5`. LiteLLM looks for it, too. */
const modelWithin = /(?<![a-z\d])(?:o\d|gpt-\d|chatgpt|codex-mini)(?:[^/]*)$/;

/** Takes an upstream; returns the model behind the deployment, as far as base_model, LiteLLM's hint or the name tell. */
export function modelBehind({ model, info }: Upstream): string {
  if (info.base_model !== undefined) return info.base_model;
  if (model.startsWith('o_series/')) return 'o3';
  if (model.startsWith('gpt5_series/')) return 'gpt-5';
  return modelWithin.exec(model.toLowerCase())?.[0] ?? model;
}

/** Takes a call and the operation's path; returns path and query below the base address. */
export function azurePath({ upstream }: Call, operationPath: string): string {
  const { base, query, isV1 } = addressOf(upstream);
  if (base.endsWith(operationPath)) return query;
  const openai = base.endsWith('/openai') ? '' : '/openai';
  if (isV1) return `${base.endsWith('/openai/v1') ? '' : `${openai}/v1`}${operationPath}${query}`;
  const names = /\/deployments\/[^/]+$/.test(base);
  const deployment = names ? '' : `${openai}/deployments/${encodeURIComponent(deploymentName(upstream.model))}`;
  return `${deployment}${operationPath}${query}`;
}

/** Takes an upstream; true when it can be asked for usage in streams. */
export function knowsUsageInStreams(upstream: Upstream): boolean {
  const { isV1, version } = addressOf(upstream);
  return isV1 || version >= usageInStreamsSince;
}

interface Address {
  /** Path of the base address, without a trailing slash. */
  readonly base: string;
  readonly version: string;
  readonly isV1: boolean;
  readonly query: string;
}

/** Read once for each deployment, not for each request. */
const addressOf = onceFor(readAddress);

/** The address's own version goes before the configured one: it was copied together with its path. */
function readAddress({ baseUrl, parameters }: Upstream): Address {
  const url = new URL(baseUrl);
  const base = url.pathname.replace(/\/+$/, '');
  const version = url.searchParams.get('api-version') ?? parameters.apiVersion ?? defaultVersion;
  const isV1 = /\/openai\/v1(?:\/|$)/.test(base) || undated.includes(version);
  if (isV1) return { base, version, isV1, query: version === 'preview' ? '?api-version=preview' : '' };
  return { base, version, isV1, query: `?api-version=${encodeURIComponent(version)}` };
}
