// Azure AI Foundry: models of many vendors at one resource (…/models, …/openai/v1) or at an endpoint of their own, all in
// OpenAI's dialect. Claude has Anthropic's dialect there: anthropic/<deployment> with api_base …/anthropic.
// https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/endpoints
import type { Operation } from '../core/chat.ts';
import type { Secret } from '../kit/secret.ts';
import { longestCallId, openAiModelRules } from './openai-compatible/openai-models.ts';
import { openAiCompatible } from './openai-compatible.ts';
import type { Call, Provider, Upstream } from './provider.ts';

/** Of the inference API below /models; LiteLLM's too. */
const defaultVersion = '2024-05-01-preview';

/** Resources take `api-key`; endpoints of a single model take a bearer. */
const resourceHost = /\.(?:services\.ai|openai|cognitiveservices)\.azure\.com$/;

/** OpenAI's models are called by their newer word, everybody else's by the older one. */
const othersModels = /^(?!.*(?:gpt-[45]|chatgpt|codex|(?:^|\/)o\d|model-router))/;

function inferencePath({ upstream }: Call, operationPath: string): string {
  const url = new URL(upstream.baseUrl);
  const base = url.pathname.replace(/\/+$/, '');
  const prefix = base === '' && resourceHost.test(url.hostname) ? rootOf(upstream) : '';
  const path = base.endsWith(operationPath) ? '' : prefix + operationPath;
  return path + queryOf(url, base + prefix, upstream);
}

function rootOf({ parameters }: Upstream): string {
  return parameters.apiVersion === 'v1' || parameters.apiVersion === 'preview' ? '/openai/v1' : '/models';
}

function queryOf(url: URL, place: string, { parameters }: Upstream): string {
  const version = url.searchParams.get('api-version') ?? parameters.apiVersion;
  if (/\/openai\/v1(?:\/|$)/.test(place)) return version === 'preview' ? '?api-version=preview' : '';
  const said = version ?? (/\/models(?:\/|$)/.test(place) ? defaultVersion : undefined);
  return said === undefined ? '' : `?api-version=${encodeURIComponent(said)}`;
}

/** Cohere's rankers: below `providers` at a resource, in the older version at an endpoint of their own. */
function rerankPath({ upstream }: Call): string {
  const { pathname, hostname } = new URL(upstream.baseUrl);
  const base = pathname.replace(/\/+$/, '');
  if (base.endsWith('/rerank')) return '';
  if (/\/v\d$/.test(base)) return '/rerank';
  return base === '' && resourceHost.test(hostname) ? '/providers/cohere/v2/rerank' : '/v1/rerank';
}

function headers(call: Call): Record<string, Secret> {
  const { api_key: key, azure_ad_token: token } = call.upstream.credential;
  if (token !== undefined && !token.isEmpty) return { authorization: token.prefixed('Bearer ') };
  if (key === undefined || key.isEmpty) return {};
  const isResource = resourceHost.test(new URL(call.upstream.baseUrl).hostname);
  return isResource ? { 'api-key': key } : { authorization: key.prefixed('Bearer ') };
}

const dialect = openAiCompatible({
  name: 'azure_ai',
  label: 'Azure AI Foundry',
  keyVariables: ['AZURE_AI_API_KEY'],
  baseUrlVariables: ['AZURE_AI_API_BASE'],
  baseUrl: null,
  keyRequired: true,
  operations: ['chat', 'embedding', 'rerank'],
  paths: {
    chat: (call) => inferencePath(call, '/chat/completions'),
    embedding: (call) => inferencePath(call, '/embeddings'),
    rerank: rerankPath,
  },
  chat: {
    renames: {},
    byModel: [{ models: othersModels, renames: { max_completion_tokens: 'max_tokens' } }, ...openAiModelRules],
    keeps: ['reasoning_content'],
    longestCallId,
  },
});

const operations: readonly Operation[] = ['chat', 'embedding', 'rerank'];

export const azureAi: Provider = {
  ...dialect,
  versionVariables: ['AZURE_AI_API_VERSION'],
  secretVariables: { azure_ad_token: ['AZURE_AD_TOKEN'] },
  wires: Object.fromEntries(
    operations.flatMap((operation) => {
      const wire = dialect.wires[operation];
      return wire === undefined ? [] : [[operation, { ...wire, headers }]];
    }),
  ),
};
