// The section model_list: each entry becomes a draft of a deployment, or is reported and left out.
import { suggestion } from './did-you-mean.ts';
import type { Draft } from './draft.ts';
import type { NamedCredential } from './litellm-credentials.ts';
import { idIn, readInfo } from './litellm-info.ts';
import { entryKeys } from './litellm-keys.ts';
import { parametersOf, readParams } from './litellm-params.ts';
import { type ProviderFacts, placeOf, versionInEnvironment } from './litellm-place.ts';
import { type Desk, readSection, resolve, type Section } from './litellm-section.ts';
import type { Dictionary, Tree } from './yaml-source.ts';
import { entryOf, isNothing, shown } from './yaml-values.ts';

export interface Models {
  /** In the order of the file. */
  readonly drafts: readonly Draft[];
  /** Aliases of entries that were left out, so that what points at them is not called unknown. */
  readonly leftOut: ReadonlySet<string>;
}

/** What entries draw on beside themselves. */
export interface ModelSources {
  /** router_settings.default_litellm_params */
  readonly defaults: Dictionary | undefined;
  readonly credentials: ReadonlyMap<string, NamedCredential>;
  readonly facts: ProviderFacts;
}

/** Takes model_list and what its entries draw on; returns the drafts. */
export function readModels(desk: Desk, tree: Tree | undefined, sources: ModelSources): Models {
  const drafts: Draft[] = [];
  const leftOut = new Set<string>();
  for (const item of tree === undefined ? [] : (desk.read.list(tree) ?? [])) {
    const entry = readSection(desk, item, entryKeys);
    const alias = aliasOf(desk, item, entry);
    const draft = alias === undefined ? undefined : readEntry(desk, item, alias, entry, sources);
    if (draft !== undefined) drafts.push(draft);
    else if (alias !== undefined) leftOut.add(alias);
  }
  return { drafts, leftOut };
}

function aliasOf(desk: Desk, item: Tree, entry: Section): string | undefined {
  const name = entry.get('model_name');
  if (name?.kind === 'scalar' && /\*.*\*/.test(String(name.value)))
    desk.findings.error(name, 'more than one * in a name is not understood', 'keep one');
  if (name !== undefined) return desk.read.text(name);
  if (item.kind === 'dictionary') desk.findings.error(item, 'model_name is missing', 'give the name that clients call');
  return undefined;
}

function readEntry(desk: Desk, item: Tree, alias: string, entry: Section, sources: ModelSources): Draft | undefined {
  const own = entry.get('litellm_params');
  const dictionary: Dictionary | undefined = own === undefined ? undefined : desk.read.dictionary(own);
  if (own === undefined) desk.findings.error(item, 'litellm_params is missing', 'give it at least a model');
  if (dictionary === undefined) return undefined;
  const named = namedIn(desk, dictionary, sources.credentials);
  const common = sources.defaults?.entries ?? [];
  const params = readParams(desk, dictionary, [...(named?.plain ?? []), ...common]);
  const info = readInfo(desk, entry.get('model_info'), params.section.get('base_model'));
  const found = placeOf(desk, dictionary, params.section, alias, sources.facts);
  if (found === undefined) return undefined;
  const { settings, ...place } = found;
  const { id: _, ...kept } = info;
  const defaults = new Map([...params.defaults, ...settings]);
  const parameters = parametersOf(desk, { ...params, defaults }, info);
  const apiVersion = parameters.apiVersion ?? versionInEnvironment(desk, place.provider, sources.facts);
  return {
    ...place,
    at: item,
    alias,
    id: idIn(info),
    named: named?.name,
    secrets: Object.fromEntries(params.secrets),
    parameters: apiVersion === undefined ? parameters : { ...parameters, apiVersion },
    info: kept,
  };
}

function namedIn(
  desk: Desk,
  params: Dictionary,
  credentials: ReadonlyMap<string, NamedCredential>,
): NamedCredential | undefined {
  const tree = entryOf(params, 'litellm_credential_name')?.value;
  const name = tree === undefined || isNothing(tree) ? undefined : desk.read.text(resolve(desk, tree));
  if (tree === undefined || name === undefined) return undefined;
  const found = credentials.get(name);
  const mend = suggestion(name, credentials.keys()) || 'add it to credential_list';
  if (found === undefined) desk.findings.error(tree, `there is no credential ${shown(tree)}`, mend);
  return found;
}
