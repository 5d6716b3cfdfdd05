// Routing of our own form (the section router, and what is said of each name), as router_settings.
import { type StrategyName, strategyNames } from '../core/records.ts';
import { type Desk, resolve, type Section } from './litellm-section.ts';
import { dictionaryAt, entriesOf, entryAt, inTheirWords, listAt, listOrOne } from './plumbline-tree.ts';
import { failureKinds, routerWords } from './plumbline-words.ts';
import type { Dictionary, Entry, Tree } from './yaml-source.ts';
import { entryOf, isNothing } from './yaml-values.ts';

/** Takes the section and what is said of names (each with a dictionary of it); returns both as router_settings. */
export function readOwnRouter(desk: Desk, tree: Tree | undefined, said: readonly Entry[]): Section {
  const section = new Map<string, Tree>();
  for (const { key, value: written } of inTheirWords(desk, entriesOf(desk, tree), routerWords)) {
    const value = resolve(desk, written);
    if (key !== 'routing_strategy' || strategyIn(desk, value) !== undefined)
      section.set(key, settingOf(desk, key, value));
  }
  const first = said[0]?.value;
  if (first === undefined) return section;
  for (const key of ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'])
    section.set(key, listAt(first, rulesOf(desk, said, key)));
  section.set('model_group_alias', dictionaryAt(first, targetsOf(said)));
  section.set('model_group_retry_policy', dictionaryAt(first, policiesOf(desk, said)));
  return section;
}

/** Takes a tree that should name a strategy; returns the strategy, or undefined after saying which there are. */
export function strategyIn(desk: Desk, tree: Tree): StrategyName | undefined {
  return desk.read.choice(tree, Object.fromEntries(strategyNames.map((name) => [name, name])), 'strategy');
}

const endings: Readonly<Record<string, string>> = { retry_policy: 'Retries', allowed_fails_policy: 'AllowedFails' };

function settingOf(desk: Desk, key: string, value: Tree): Tree {
  const ending = endings[key];
  if (ending !== undefined) return policyOf(desk, value, ending);
  return key === 'default_fallbacks' ? listAt(value, listOrOne(desk, value)) : value;
}

/** `{RateLimitError: 3}` → `{RateLimitErrorRetries: 3}`. */
function policyOf(desk: Desk, tree: Tree, ending: string): Dictionary {
  const entries = entriesOf(desk, tree).filter((entry) => {
    if (!failureKinds.includes(entry.key)) desk.findings.unknown(entry, 'kind of error', entry.key, failureKinds);
    return failureKinds.includes(entry.key);
  });
  return dictionaryAt(
    tree,
    entries.map((entry) => ({ ...entry, key: entry.key + ending })),
  );
}

/** The value that is said of each name under a key. */
function each(said: readonly Entry[], key: string): readonly { readonly name: Entry; readonly value: Tree }[] {
  return said.flatMap((name) => {
    const value = entryOf(name.value, key)?.value;
    return value === undefined || isNothing(value) ? [] : [{ name, value }];
  });
}

function rulesOf(desk: Desk, said: readonly Entry[], key: string): readonly Tree[] {
  return each(said, key).map(({ name, value }) =>
    dictionaryAt(value, [entryAt(name.key, listAt(value, listOrOne(desk, value)), name)]),
  );
}

function targetsOf(said: readonly Entry[]): readonly Entry[] {
  return each(said, 'target').map(({ name, value }) => {
    const hidden = entryOf(name.value, 'hidden');
    const entries = [entryAt('model', value), ...(hidden === undefined ? [] : [hidden])];
    return entryAt(name.key, dictionaryAt(value, entries), name);
  });
}

function policiesOf(desk: Desk, said: readonly Entry[]): readonly Entry[] {
  return each(said, 'retry_policy').map(({ name, value }) => entryAt(name.key, policyOf(desk, value, 'Retries'), name));
}
