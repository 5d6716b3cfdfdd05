// The catalogue of providers, and how a model's name finds its provider (contracts section 13.1).
import { anthropic } from './anthropic.ts';
import { azure } from './azure.ts';
import { azureAi } from './azure-ai.ts';
import { bedrock } from './bedrock.ts';
import { cohere } from './cohere.ts';
import { compatibleProviders } from './compatible-providers.ts';
import { gemini } from './gemini.ts';
import { mistralProviders } from './mistral-providers.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';
import { vertexAi } from './vertex-ai.ts';

export const providers: readonly Provider[] = [
  openai,
  azure,
  azureAi,
  anthropic,
  bedrock,
  cohere,
  gemini,
  ollama,
  vertexAi,
  ...mistralProviders,
  ...compatibleProviders,
];

const byName: ReadonlyMap<string, Provider> = new Map(
  providers.flatMap((provider) => [provider.name, ...provider.prefixes].map((name) => [name, provider])),
);

/** Takes a name or one of the further prefixes; returns the provider, or undefined. */
export function providerByName(name: string): Provider | undefined {
  return byName.get(name);
}

/** A provider, and the model's name there. */
export interface ResolvedModel {
  readonly provider: Provider;
  readonly model: string;
}

/** Makers whose models are known by their bare names, as LiteLLM knows them from its cost map. */
const bareNames: readonly (readonly [pattern: RegExp, provider: string])[] = [
  [/^(?:ft:)?(?:gpt-|chatgpt-|o[1-9](?:-|$)|codex-|davinci|babbage)/, 'openai'],
  [/^(?:text-embedding-(?:3|ada)|text-moderation|omni-moderation)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^(?:command|c4ai-|rerank-(?:v\d|english|multilingual)|embed-(?:v\d|english|multilingual))/, 'cohere'],
  [/^(?:open-)?(?:mistral|mixtral|codestral|magistral|ministral|devstral|pixtral)-/, 'mistral'],
  [/^gemini-/, 'gemini'],
  [/^grok-/, 'xai'],
  [/^deepseek-(?:chat|reasoner|coder)/, 'deepseek'],
  [/^sonar/, 'perplexity'],
  [/^(?:voyage-|rerank-(?:lite-)?\d)/, 'voyage'],
  [/^jina-/, 'jina_ai'],
];

/**
 * Takes `model` as written in a configuration, a provider named beside it and an address, if any; returns the provider and
 * the model's name there, or undefined when nothing says which. In order: the named provider, the prefix before the first
 * slash, the host of the address, a bare name that only one maker uses. `*` alone is OpenAI's.
 */
export function resolveProvider(text: string, named?: string, baseUrl?: string): ResolvedModel | undefined {
  const slash = text.indexOf('/');
  const prefix = slash === -1 ? undefined : byName.get(text.slice(0, slash));
  const rest = text.slice(slash + 1);
  if (named !== undefined) {
    const provider = byName.get(named);
    if (provider === undefined) return undefined;
    return { provider, model: prefix === provider ? rest : text };
  }
  if (prefix !== undefined) return { provider: prefix, model: rest };
  const provider = providerAt(baseUrl) ?? providerOfBareName(text);
  return provider === undefined ? undefined : { provider, model: text };
}

/** Local addresses say nothing: every local server may stand there. */
function providerAt(baseUrl: string | undefined): Provider | undefined {
  const host = hostOf(baseUrl);
  if (host === undefined) return undefined;
  return providers.find(({ defaultBaseUrl, keyRequired }) => keyRequired && hostOf(defaultBaseUrl) === host);
}

function hostOf(address: string | null | undefined): string | undefined {
  return typeof address === 'string' && URL.canParse(address) ? new URL(address).host : undefined;
}

function providerOfBareName(model: string): Provider | undefined {
  if (model === '*') return byName.get('openai');
  const found = bareNames.find(([pattern]) => pattern.test(model));
  return found === undefined ? undefined : byName.get(found[1]);
}
