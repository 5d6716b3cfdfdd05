// Which provider an entry calls, which model there, and at what address.
import { suggestion } from './did-you-mean.ts';
import type { ModelPlace } from './draft.ts';
import { litellmProviders } from './litellm-keys.ts';
import type { Desk, Section } from './litellm-section.ts';
import { noteStraySettings, regionalAddress, settingsOf } from './litellm-settings.ts';
import type { KnownProvider, ResolveProvider } from './provider-facts.ts';
import type { Dictionary, Tree } from './yaml-source.ts';
import { shown } from './yaml-values.ts';

export interface ProviderFacts {
  readonly knownProviders: readonly KnownProvider[];
  readonly resolveProvider: ResolveProvider;
}

/** A place, and what is set for it beside its key. */
export interface FoundPlace extends ModelPlace {
  readonly settings: ReadonlyMap<string, string>;
}

/** Takes litellm_params (whole, and what is honoured of it) and the alias; returns the place, or undefined after saying why. */
export function placeOf(
  desk: Desk,
  params: Dictionary,
  section: Section,
  alias: string,
  facts: ProviderFacts,
): FoundPlace | undefined {
  const { findings, read } = desk;
  const tree = section.get('model');
  if (tree === undefined) findings.error(params, 'litellm_params.model is missing', 'write model: provider/name');
  const model = tree === undefined ? undefined : read.text(tree);
  const customTree = section.get('custom_llm_provider');
  const custom = customTree === undefined ? undefined : read.text(customTree);
  const baseTree = section.get('api_base') ?? section.get('base_url') ?? section.get('aws_bedrock_runtime_endpoint');
  const declared = baseTree === undefined ? undefined : addressIn(desk, baseTree);
  if (tree === undefined || model === undefined) return undefined;
  const resolved = facts.resolveProvider(model, custom, declared) ?? starAtOpenai(model);
  const provider = facts.knownProviders.find((known) => known.name === resolved?.provider);
  if (resolved === undefined || provider === undefined) return unknownProvider(desk, tree, model, custom, facts);
  if (resolved.model.includes('*') && !alias.includes('*'))
    findings.error(tree, `${shown(tree)} has a * to fill in, but model_name has none`, 'write a * in model_name too');
  noteStraySettings(desk, section, provider);
  const settings = settingsOf(desk, section, provider, resolved.model);
  const baseUrl = declared ?? addressInEnvironment(desk, provider) ?? regionalAddress(provider, settings);
  if (baseUrl === null && provider.defaultBaseUrl === null && !section.has('mock_response')) {
    const ways = provider.baseUrlVariables.map((name) => `, or set ${name}`).join('');
    const region = provider.regional === undefined ? '' : `${provider.regional.field} or `;
    findings.error(params, `${provider.name} has no address of its own`, `give ${region}api_base${ways}`);
  }
  const isEveryModel = model === '*' && custom === undefined && baseUrl === null;
  const declaredBase = declared ?? null;
  return { provider: provider.name, model: resolved.model, isEveryModel, baseUrl, declaredBase, settings };
}

/** `*` alone means OpenAI, as in LiteLLM. */
function starAtOpenai(model: string): { provider: string; model: string } | undefined {
  return model === '*' ? { provider: 'openai', model: '*' } : undefined;
}

function addressIn(desk: Desk, tree: Tree): string | undefined {
  const text = desk.read.text(tree);
  if (text === undefined) return undefined;
  if (isAddress(text)) {
    const excess = excessOf(new URL(text));
    if (excess === undefined) return text.replace(/\/+$/, '');
    desk.findings.error(tree, `the address carries ${excess.what}`, excess.mend);
    return undefined;
  }
  desk.findings.error(tree, 'expected an address that begins with http:// or https://', 'write the whole address');
  return undefined;
}

/** What would be stored unsealed or lost on the way: an address is scheme, host, port and path. */
function excessOf({ username, password, search, hash }: URL): { what: string; mend: string } | undefined {
  if (username !== '' || password !== '')
    return { what: 'a user name or password', mend: 'take it out and give it as api_key, which is sealed' };
  if (search !== '' || hash !== '')
    return { what: 'a query or fragment', mend: 'take it out; api_version and extra_headers have fields of their own' };
  return undefined;
}

function addressInEnvironment(desk: Desk, provider: KnownProvider): string | null {
  const name = provider.baseUrlVariables.find((variable) => desk.variables[variable]);
  const text = name === undefined ? undefined : desk.variables[name];
  return text === undefined ? null : text.replace(/\/+$/, '');
}

/** Takes a provider's name; returns the version of its API that the environment asks for, or undefined. */
export function versionInEnvironment(desk: Desk, name: string, { knownProviders }: ProviderFacts): string | undefined {
  const provider = knownProviders.find((known) => known.name === name);
  const variable = provider?.versionVariables?.find((one) => desk.variables[one]);
  return variable === undefined ? undefined : desk.variables[variable];
}

function isAddress(text: string): boolean {
  return /^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text);
}

/** A provider of LiteLLM's that is not built yet is listed and its entry left out; any other name is an error. */
function unknownProvider(
  desk: Desk,
  tree: Tree,
  model: string,
  custom: string | undefined,
  { knownProviders }: ProviderFacts,
): undefined {
  const prefix = custom ?? (model.includes('/') ? model.slice(0, model.indexOf('/')) : '');
  const known = knownProviders.flatMap((provider) => [provider.name, ...provider.prefixes]);
  const mend = 'write model: provider/name';
  if (litellmProviders.includes(prefix) && !known.includes(prefix))
    desk.findings.notYet(tree, `the provider ${prefix} is not built yet`, 'this deployment is left out');
  else if (prefix === '')
    desk.findings.error(tree, `${shown(tree)} names no provider`, `${mend}, or give custom_llm_provider`);
  else desk.findings.error(tree, `unknown provider in ${shown(tree)}`, suggestion(prefix, known) || mend);
  return undefined;
}
