// The section models of our own form: names that clients call, each a deployment, a list of them, or a dictionary that says more. Becomes a
// model_list and the routing of each name.
import type { StrategyName } from '../core/records.ts';
import { isSecretField, litellmParams, requestParameters, settingFields } from './litellm-keys.ts';
import { type Desk, resolve } from './litellm-section.ts';
import { strategyIn } from './plumbline-router.ts';
import {
  dictionaryAt,
  entriesOf,
  entryAt,
  inTheirWords,
  listAt,
  listOrOne,
  textAt,
  unknownWord,
} from './plumbline-tree.ts';
import { aliasWords, type DeploymentPart, deploymentParts, deploymentWords, priceWords } from './plumbline-words.ts';
import type { Entry, List, Tree } from './yaml-source.ts';
import { entryOf, isNothing } from './yaml-values.ts';

/** What LiteLLM's form cannot say of a name. */
export interface OwnSettings {
  readonly strategy: StrategyName | null;
  readonly hidden: boolean;
}

export interface OwnModels {
  /** As model_list. */
  readonly list: List | undefined;
  /** By alias: the dictionary that says more of it. */
  readonly said: readonly Entry[];
  readonly settings: ReadonlyMap<string, OwnSettings>;
}

/** Takes the section; returns it as a model_list, and what is said of the names themselves. */
export function readOwnModels(desk: Desk, tree: Tree | undefined): OwnModels {
  const items: Tree[] = [];
  const said: Entry[] = [];
  const settings = new Map<string, OwnSettings>();
  for (const entry of tree === undefined || isNothing(tree) ? [] : (desk.read.dictionary(tree)?.entries ?? [])) {
    const { deployments, alias } = partsOf(desk, entry);
    for (const item of deployments) items.push(modelEntry(desk, entry, item));
    if (alias.length === 0) continue;
    const dictionary = dictionaryAt(entry.value, alias);
    said.push({ ...entry, value: dictionary });
    settings.set(entry.key, settingsOf(desk, dictionary));
  }
  return { list: tree === undefined ? undefined : listAt(tree, items), said, settings };
}

interface Parts {
  readonly deployments: readonly Tree[];
  /** Entries that speak of the name itself. */
  readonly alias: readonly Entry[];
}

function partsOf(desk: Desk, { value }: Entry): Parts {
  if (value.kind === 'list') return { deployments: value.items, alias: [] };
  if (value.kind === 'scalar' && !isNothing(value)) return { deployments: [value], alias: [] };
  const entries = entriesOf(desk, value);
  const alias = entries
    .filter(({ key }) => Object.hasOwn(aliasWords, key))
    .map((entry) => (entry.key === 'deployments' ? entry : { ...entry, value: resolve(desk, entry.value) }));
  const rest = entries.filter(({ key }) => !Object.hasOwn(aliasWords, key));
  const leads = alias.find(({ key }) => key === 'deployments' || key === 'target');
  if (entries.length === 0) desk.findings.error(value, 'nothing is said of this name', 'write a model: provider/name');
  if (leads === undefined) return { deployments: rest.length === 0 ? [] : [dictionaryAt(value, rest)], alias };
  const both = alias.find(({ key }) => key !== leads.key && (key === 'deployments' || key === 'target'));
  if (both !== undefined)
    desk.findings.error(both, 'a name has deployments, or a target for which it stands', 'keep one of the two');
  for (const entry of rest) misplaced(desk, entry, leads.key);
  const items = leads.key === 'target' ? [] : listOrOne(desk, leads.value);
  return { deployments: items, alias: alias.filter(({ key }) => key !== 'deployments') };
}

const isPart = (key: string): key is DeploymentPart => deploymentParts.some((part) => part === key);
const everyWord = {
  ...aliasWords,
  ...deploymentWords,
  ...Object.fromEntries(deploymentParts.map((key) => [key, key])),
};

function misplaced(desk: Desk, entry: Entry, leads: string): void {
  if (!Object.hasOwn(deploymentWords, entry.key) && !isPart(entry.key)) unknownWord(desk, entry, everyWord);
  else if (leads === 'target')
    desk.findings.error(entry, 'this is said of a deployment, and here is a target instead', 'remove it');
  else desk.findings.error(entry, 'this is said of a deployment', 'write it in an entry of deployments');
}

function settingsOf(desk: Desk, dictionary: Tree): OwnSettings {
  const [strategy, hidden] = ['strategy', 'hidden'].map((key) => entryOf(dictionary, key)?.value);
  return {
    strategy: (strategy === undefined ? undefined : strategyIn(desk, strategy)) ?? null,
    hidden: hidden !== undefined && desk.read.yesNo(hidden) === true,
  };
}

/** A deployment as an entry of model_list. */
function modelEntry(desk: Desk, { key, place, path }: Entry, item: Tree): Tree {
  const name = entryAt('model_name', textAt({ place, path }, key));
  const isShort = item.kind === 'scalar';
  const entries = isShort ? [entryAt('model', item)] : entriesOf(desk, item);
  const params = entries.flatMap((entry) => (isPart(entry.key) ? liftedFrom(desk, entry) : paramOf(desk, entry)));
  const info = entries.flatMap((entry) => infoIn(desk, entry));
  return dictionaryAt(item, [
    name,
    entryAt('litellm_params', dictionaryAt(item, params)),
    ...(info.length === 0 ? [] : [entryAt('model_info', dictionaryAt(item, info))]),
  ]);
}

function paramOf(desk: Desk, entry: Entry): readonly Entry[] {
  const theirs = Object.hasOwn(deploymentWords, entry.key) ? deploymentWords[entry.key] : undefined;
  if (theirs !== undefined) return [{ ...entry, key: theirs }];
  if (Object.hasOwn(aliasWords, entry.key))
    desk.findings.error(entry, 'this is said of the name, not of one deployment', 'write it beside deployments');
  else unknownWord(desk, entry, everyWord);
  return [];
}

/** What stands in litellm_params itself. */
function liftedFrom(desk: Desk, { key, value }: Entry): readonly Entry[] {
  if (key === 'prices') return inTheirWords(desk, entriesOf(desk, value), priceWords);
  if (key !== 'parameters' && key !== 'secrets') return [];
  const fits = key === 'secrets' ? isSecretField : isParameter;
  return entriesOf(desk, value).filter((entry) => {
    if (!fits(entry.key)) desk.findings.error(entry, strays[key].says, strays[key].mend);
    return fits(entry.key);
  });
}

const strays = {
  secrets: { says: 'its name does not say that this is a secret', mend: 'write it outside of secrets' },
  parameters: { says: 'this is no parameter of a request', mend: 'write it beside parameters, or under secrets' },
} as const;

function isParameter(name: string): boolean {
  if (requestParameters.includes(name) || settingFields.includes(name)) return true;
  return !isSecretField(name) && !Object.hasOwn(litellmParams, name);
}

function infoIn(desk: Desk, entry: Entry): readonly Entry[] {
  if (entry.key === 'info') return entriesOf(desk, entry.value);
  return entry.key === 'id' ? [entry] : [];
}
