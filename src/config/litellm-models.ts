// The section model_list: each entry becomes a draft of a deployment, or is reported and left out.
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { DeploymentParameters, ModelInfo } from '../core/records.ts';
import { suggestion } from './did-you-mean.ts';
import { type NamedCredential, secretText } from './litellm-credentials.ts';
import {
  entryKeys,
  isSecretField,
  isSecretHeader,
  litellmParams,
  litellmProviders,
  modelInfoFields,
  modes,
  priceFields,
  requestParameters,
  secretFields,
} from './litellm-keys.ts';
import { type Desk, emptySection, readSection, resolve, type Section } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { KnownProvider, ResolveProvider } from './provider-facts.ts';
import type { Dictionary, Entry, Tree } from './yaml-source.ts';
import { entryOf, isNothing, jsonObjectOf, jsonOf, shown } from './yaml-values.ts';

/** A secret as the file gives it. */
export interface GivenSecret {
  readonly text: string;
  /** The variable it was read from, when it was written os.environ/NAME. */
  readonly reference: string | undefined;
}

/** A deployment before it has an id and its credential a name. */
export interface Draft {
  readonly at: Located;
  readonly alias: string;
  readonly id: string | undefined;
  readonly provider: string;
  readonly model: string;
  readonly baseUrl: string | null;
  /** True for model `*`: whatever model, at the provider its name begins with. */
  readonly isEveryModel: boolean;
  /** The base address as the file gives it, for the id. */
  readonly declaredBase: string | null;
  /** A name of credential_list. */
  readonly named: string | undefined;
  /** Secrets of its own, by field. */
  readonly secrets: Readonly<Record<string, GivenSecret>>;
  readonly parameters: DeploymentParameters;
  readonly info: ModelInfo;
}

export interface Models {
  readonly drafts: readonly Draft[];
  /** Aliases of entries that were left out, so that what points at them is not called unknown. */
  readonly leftOut: ReadonlySet<string>;
}

interface Facts {
  readonly knownProviders: readonly KnownProvider[];
  readonly resolveProvider: ResolveProvider;
}

/** Takes model_list, router_settings.default_litellm_params and the named credentials; returns drafts in the order of the file. */
export function readModels(
  desk: Desk,
  tree: Tree | undefined,
  defaults: Tree | undefined,
  credentials: ReadonlyMap<string, NamedCredential>,
  facts: Facts,
): Models {
  const drafts: Draft[] = [];
  const leftOut = new Set<string>();
  const common = defaults === undefined ? undefined : desk.read.dictionary(defaults);
  for (const item of tree === undefined ? [] : (desk.read.list(tree) ?? [])) {
    const entry = readSection(desk, item, entryKeys);
    const alias = aliasOf(desk, item, entry);
    const draft = alias === undefined ? undefined : new EntryReader(desk, credentials, facts).read(item, alias, entry, common);
    if (draft !== undefined) drafts.push(draft);
    else if (alias !== undefined) leftOut.add(alias);
  }
  return { drafts, leftOut };
}

function aliasOf(desk: Desk, item: Tree, entry: Section): string | undefined {
  const name = entry.get('model_name');
  if (name !== undefined) return desk.read.text(name);
  if (item.kind === 'dictionary') desk.findings.error(item, 'model_name is missing', 'give the name that clients call');
  return undefined;
}

/** Reads one entry. */
class EntryReader {
  readonly #desk: Desk;
  readonly #credentials: ReadonlyMap<string, NamedCredential>;
  readonly #facts: Facts;
  readonly #secrets = new Map<string, GivenSecret>();
  readonly #defaults = new Map<string, JsonValue>();

  constructor(desk: Desk, credentials: ReadonlyMap<string, NamedCredential>, facts: Facts) {
    this.#desk = desk;
    this.#credentials = credentials;
    this.#facts = facts;
  }

  read(item: Tree, alias: string, entry: Section, common: Dictionary | undefined): Draft | undefined {
    const own = entry.get('litellm_params');
    const params = own === undefined ? undefined : this.#desk.read.dictionary(own);
    if (own === undefined) this.#desk.findings.error(item, 'litellm_params is missing', 'give it at least a model');
    if (params === undefined) return undefined;
    const named = this.#named(params);
    const section = this.#section(params, [...(named?.plain ?? []), ...(common?.entries ?? [])]);
    const info = this.#info(entry.get('model_info'), section);
    const place = this.#place(params, section, alias);
    const parameters = this.#parameters(section, info);
    if (place === undefined) return undefined;
    return {
      at: item,
      alias,
      id: typeof info.id === 'string' || typeof info.id === 'number' ? String(info.id) : undefined,
      ...place,
      named: named?.name,
      secrets: Object.fromEntries(this.#secrets),
      parameters,
      info: withoutId(info),
    };
  }

  #named(params: Dictionary): NamedCredential | undefined {
    const tree = entryOf(params, 'litellm_credential_name')?.value;
    if (tree === undefined || isNothing(tree)) return undefined;
    const name = this.#desk.read.text(resolve(this.#desk, tree));
    if (name === undefined) return undefined;
    const found = this.#credentials.get(name);
    const mend = suggestion(name, this.#credentials.keys()) || 'add it to credential_list';
    if (found === undefined) this.#desk.findings.error(tree, `there is no credential ${shown(tree)}`, mend);
    return found;
  }

  /** The honoured parameters; below them what a named credential and the router's defaults give. */
  #section(params: Dictionary, below: readonly Entry[]): Section {
    const own = new Set(params.entries.map((entry) => entry.key));
    const entries = [...params.entries];
    for (const entry of below) if (!own.has(entry.key) && own.add(entry.key)) entries.push(entry);
    const section = readSection(this.#desk, { ...params, entries }, litellmParams, (entry) => this.#other(entry));
    for (const field of secretFields) {
      const tree = section.get(field);
      if (tree !== undefined) this.#secret(field, tree);
    }
    return section;
  }

  #secret(field: string, tree: Tree): void {
    const text = secretText(this.#desk, tree);
    const reference = tree.kind === 'scalar' ? tree.reference : undefined;
    if (text !== undefined) this.#secrets.set(field, { text, reference });
  }

  /** A key that is not LiteLLM's own: passed on with every request. */
  #other(entry: Entry): void {
    const { findings } = this.#desk;
    if (isNothing(entry.value)) return;
    if (/(^|_)cost(_|$)/.test(entry.key))
      return findings.notYet(entry, 'not in force: only prices by token, request and query are reckoned with', '');
    const isRequest = requestParameters.includes(entry.key);
    const meant = isRequest ? '' : suggestion(entry.key, [...Object.keys(litellmParams), ...requestParameters]);
    if (meant !== '') return findings.refuse(entry, `unknown key ${entry.key}`, meant);
    const value = resolve(this.#desk, entry.value);
    if (!isRequest && isSecretField(entry.key)) return this.#secret(entry.key, value);
    if (!isRequest)
      findings.warning(entry, `the key ${entry.key} is not known, and is passed on to the provider`, 'remove it if it is none of its');
    this.#defaults.set(entry.key, jsonOf(value));
  }

  #info(tree: Tree | undefined, section: Section): ModelInfo {
    const resolved = tree === undefined ? undefined : this.#desk.read.dictionary(tree);
    for (const entry of resolved?.entries ?? []) this.#infoField(entry);
    const base = section.get('base_model');
    const info: JsonObject = resolved === undefined ? {} : jsonObjectOf(resolved);
    const baseModel = base === undefined ? undefined : this.#desk.read.text(base);
    return (baseModel === undefined ? info : { base_model: baseModel, ...info }) as ModelInfo;
  }

  #infoField(entry: Entry): void {
    const { findings, read } = this.#desk;
    const near = modelInfoFields.includes(entry.key) ? '' : suggestion(entry.key, modelInfoFields);
    if (near !== '') findings.warning(entry, `${entry.key} is not known; it is kept as it is`, near);
    if (isNothing(entry.value)) return;
    if (entry.key === 'id') read.loose(entry.value);
    if (entry.key === 'base_model') read.text(entry.value);
    if (priceFields.some((field) => field === entry.key)) read.number(entry.value);
    if (entry.key === 'max_input_tokens' || entry.key === 'max_output_tokens') read.whole(entry.value);
    if (entry.key === 'mode') this.#mode(entry.value);
    if (entry.key === 'team_id')
      findings.refuse(entry, 'not in force: teams are not built yet, so every key could call this deployment', '');
    if (entry.key === 'access_groups')
      findings.notYet(entry, 'not in force: keys name models, not access groups, yet', '');
  }

  #mode(tree: Tree): void {
    const mode = this.#desk.read.text(tree);
    if (mode === undefined || modes.includes(mode)) return;
    this.#desk.findings.error(tree, `unknown mode ${shown(tree)}`, suggestion(mode, modes) || `known are ${modes.join(', ')}`);
  }

  /** Which provider, which model there, and where. */
  #place(
    params: Dictionary,
    section: Section,
    alias: string,
  ): Pick<Draft, 'provider' | 'model' | 'isEveryModel' | 'baseUrl' | 'declaredBase'> | undefined {
    const { findings, read } = this.#desk;
    const tree = section.get('model');
    if (tree === undefined) findings.error(params, 'litellm_params.model is missing', 'write model: provider/name');
    const model = tree === undefined ? undefined : read.text(tree);
    const custom = textIn(this.#desk, section.get('custom_llm_provider'));
    const baseTree = section.get('api_base') ?? section.get('base_url');
    const declared = baseTree === undefined ? undefined : this.#base(baseTree);
    if (tree === undefined || model === undefined) return undefined;
    const resolved = this.#facts.resolveProvider(model, custom, declared) ?? starAtOpenai(model);
    const provider = this.#facts.knownProviders.find((known) => known.name === resolved?.provider);
    if (resolved === undefined || provider === undefined) return this.#unknownProvider(tree, model, custom);
    if (resolved.model.includes('*') && !alias.includes('*'))
      findings.error(tree, `${shown(tree)} has a * to fill in, but ${alias} has none`, 'write a * in model_name too');
    const fromVariable = provider.baseUrlVariables.map((name) => this.#desk.variables[name]).find((value) => value);
    const baseUrl = declared ?? fromVariable?.replace(/\/+$/, '') ?? null;
    if (baseUrl === null && provider.defaultBaseUrl === null && !section.has('mock_response')) {
      const ways = provider.baseUrlVariables.map((name) => `, or set ${name}`).join('');
      findings.error(params, `${provider.name} has no address of its own`, `give api_base${ways}`);
    }
    const isEveryModel = model === '*' && custom === undefined && baseUrl === null;
    return { provider: provider.name, model: resolved.model, isEveryModel, baseUrl, declaredBase: declared ?? null };
  }

  #unknownProvider(tree: Tree, model: string, custom: string | undefined): undefined {
    const prefix = custom ?? (model.includes('/') ? model.slice(0, model.indexOf('/')) : '');
    const known = this.#facts.knownProviders.flatMap((provider) => [provider.name, ...provider.prefixes]);
    const { findings } = this.#desk;
    if (litellmProviders.includes(prefix) && !known.includes(prefix))
      findings.notYet(tree, `the provider ${prefix} is not built yet`, 'this deployment is left out');
    else if (prefix === '')
      findings.error(tree, `${shown(tree)} names no provider`, 'write model: provider/name, or give custom_llm_provider');
    else
      findings.error(tree, `unknown provider in ${shown(tree)}`, suggestion(prefix, known) || 'write model: provider/name');
    return undefined;
  }

  #base(tree: Tree): string | undefined {
    const text = this.#desk.read.text(tree);
    if (text === undefined) return undefined;
    if (/^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
    this.#desk.findings.error(tree, 'expected an address that begins with http:// or https://', 'write the whole address');
    return undefined;
  }

  #parameters(section: Section, info: ModelInfo): DeploymentParameters {
    const { read } = this.#desk;
    const take = <Value>(key: string, reader: (tree: Tree) => Value | undefined): Value | undefined => {
      const tree = section.get(key);
      return tree === undefined ? undefined : reader(tree);
    };
    const number = (tree: Tree): number | undefined => read.number(tree);
    const whole = (tree: Tree): number | undefined => read.whole(tree);
    const seconds = (tree: Tree): number | undefined => read.seconds(tree);
    const text = (tree: Tree): string | undefined => read.loose(tree);
    const retries = take('num_retries', whole) ?? take('max_retries', whole);
    return withoutAbsent({
      weight: take('weight', number),
      rpm: take('rpm', number),
      tpm: take('tpm', number),
      order: take('order', number),
      timeoutMs: take('timeout', seconds),
      streamTimeoutMs: take('stream_timeout', seconds),
      retries,
      cooldownMs: take('cooldown_time', seconds),
      maxParallel: take('max_parallel_requests', whole),
      tags: take('tags', (tree) => read.texts(tree)),
      dropParameters: take('drop_params', (tree) => read.yesNo(tree)),
      dropNamed: take('additional_drop_params', (tree) => read.texts(tree)),
      headers: this.#headers(section),
      extraBody: take('extra_body', (tree) => read.object(tree)),
      mockResponse: take('mock_response', (tree) => read.text(tree)),
      prices: this.#prices(section, info),
      apiVersion: take('api_version', text),
      organization: take('organization', text),
      defaults: this.#defaults.size === 0 ? undefined : Object.fromEntries(this.#defaults),
    });
  }

  /** Plain headers; those that carry a secret go to the credential as `header:<name>`. */
  #headers(section: Section): Record<string, string> | undefined {
    const plain = new Map<string, string>();
    for (const key of ['headers', 'extra_headers']) {
      const tree = section.get(key);
      for (const { key: name, value } of tree === undefined ? [] : (this.#desk.read.dictionary(tree)?.entries ?? [])) {
        if (isSecretHeader(name)) this.#secret(`header:${name.toLowerCase()}`, value);
        else if (value.kind === 'scalar' && value.value !== null) plain.set(name, String(value.value));
        else if (value.kind !== 'scalar') this.#desk.read.text(value);
      }
    }
    return plain.size === 0 ? undefined : Object.fromEntries(plain);
  }

  /** Prices of litellm_params; below them those of model_info. */
  #prices(section: Section, info: ModelInfo): DeploymentParameters['prices'] | undefined {
    const prices: Partial<Record<(typeof priceFields)[number], number>> = {};
    for (const field of priceFields) {
      const tree = section.get(field);
      const kept = info[field];
      const price = tree === undefined ? (typeof kept === 'string' ? Number(kept) : kept) : this.#desk.read.number(tree);
      if (typeof price === 'number' && Number.isFinite(price)) prices[field] = price;
    }
    return Object.keys(prices).length === 0 ? undefined : prices;
  }
}

/** `*` alone means OpenAI, as in LiteLLM. */
function starAtOpenai(model: string): { provider: string; model: string } | undefined {
  return model === '*' ? { provider: 'openai', model: '*' } : undefined;
}

function textIn(desk: Desk, tree: Tree | undefined): string | undefined {
  return tree === undefined ? undefined : desk.read.text(tree);
}

function withoutId(info: ModelInfo): ModelInfo {
  const { id: _, ...rest } = info;
  return rest;
}

type Optional<Shape> = { readonly [Key in keyof Shape]?: Shape[Key] | undefined };

function withoutAbsent(parameters: Optional<DeploymentParameters>): DeploymentParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

