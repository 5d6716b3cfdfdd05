// How a config.yaml routes: router_settings, and below it the same keys of litellm_settings, as in LiteLLM.
import type { RouterSettings, StrategyName } from '../core/records.ts';
import type { Desk, Section } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { Entry, Tree } from './yaml-source.ts';
import { entryOf, isNothing, shown } from './yaml-values.ts';

/** A name the file refers to, and where. */
export interface Mention {
  readonly name: string;
  /** The name fit to print: what came from the environment shows as its reference. */
  readonly shown: string;
  readonly at: Located;
}

/** When `source` cannot answer, these may; `*` stands for every alias without a rule of its own. */
export interface FallbackRule {
  readonly source: Mention;
  readonly targets: readonly Mention[];
}

export interface GroupAlias {
  readonly alias: Mention;
  readonly target: Mention;
  readonly hidden: boolean;
}

export interface Routing {
  readonly router: Partial<RouterSettings>;
  readonly groupAliases: readonly GroupAlias[];
  readonly fallbacks: readonly FallbackRule[];
  readonly contextWindowFallbacks: readonly FallbackRule[];
  readonly contentPolicyFallbacks: readonly FallbackRule[];
  readonly defaultFallbacks: readonly Mention[];
  /** Retries by kind of error, by alias. */
  readonly retryPolicies: readonly { readonly alias: Mention; readonly policy: Readonly<Record<string, number>> }[];
}

const strategies: Readonly<Record<string, StrategyName>> = {
  'simple-shuffle': 'simple-shuffle',
  'least-busy': 'least-busy',
  'usage-based-routing': 'usage-based',
  'usage-based-routing-v2': 'usage-based',
  'usage-based': 'usage-based',
  'latency-based-routing': 'latency-based',
  'latency-based': 'latency-based',
  'cost-based-routing': 'cost-based',
  'cost-based': 'cost-based',
  'in-order': 'in-order',
};

const failureKinds: readonly string[] = [
  'BadRequestError',
  'AuthenticationError',
  'TimeoutError',
  'RateLimitError',
  'ContentPolicyViolationError',
  'InternalServerError',
];

/** Takes the honoured keys of both sections; returns the routing they ask for, its names not looked up yet. */
export function readRouting(desk: Desk, router: Section, library: Section): Routing {
  const pick = chooser(desk, router, library);
  return {
    router: readSettings(desk, pick),
    groupAliases: groupAliases(desk, router.get('model_group_alias')),
    fallbacks: rules(desk, pick('fallbacks')),
    contextWindowFallbacks: rules(desk, pick('context_window_fallbacks')),
    contentPolicyFallbacks: rules(desk, pick('content_policy_fallbacks')),
    defaultFallbacks: mentions(desk, pick('default_fallbacks')),
    retryPolicies: retryPolicies(desk, router.get('model_group_retry_policy')),
  };
}

type Pick = (key: string, libraryKey?: string) => Tree | undefined;

/** router_settings wins over litellm_settings, whole values; a value that loses is reported. */
function chooser(desk: Desk, router: Section, library: Section): Pick {
  return (key, libraryKey = key) => {
    const [first, second] = [router.get(key), library.get(libraryKey)];
    if (first !== undefined && second !== undefined) {
      const { line } = first.place;
      desk.findings.warning(
        second,
        `router_settings.${key} at line ${line} wins, so this has no effect`,
        'keep one of the two',
      );
    }
    return first ?? second;
  };
}

function readSettings(desk: Desk, pick: Pick): Partial<RouterSettings> {
  const { read } = desk;
  const seconds = (tree: Tree): number | undefined => read.seconds(tree);
  const whole = (tree: Tree): number | undefined => read.whole(tree);
  const yesNo = (tree: Tree): boolean | undefined => read.yesNo(tree);
  const take = <Value>(tree: Tree | undefined, reader: (tree: Tree) => Value | undefined): Value | undefined =>
    tree === undefined ? undefined : reader(tree);
  const settings: { [Key in keyof RouterSettings]?: RouterSettings[Key] | undefined } = {
    strategy: take(pick('routing_strategy'), (tree) => read.choice(tree, strategies, 'routing strategy')),
    retries: take(pick('num_retries'), whole),
    retryPolicy: take(pick('retry_policy'), (tree) => policy(desk, tree, 'Retries')),
    retryAfterMs: take(pick('retry_after'), seconds),
    timeoutMs: take(pick('timeout', 'request_timeout'), seconds),
    streamTimeoutMs: take(pick('stream_timeout'), seconds),
    cooldownMs: take(pick('cooldown_time'), seconds),
    disableCooldowns: take(pick('disable_cooldowns'), yesNo),
    allowedFails: take(pick('allowed_fails'), whole),
    allowedFailsPolicy: take(pick('allowed_fails_policy'), (tree) => policy(desk, tree, 'AllowedFails')),
    maxFallbacks: take(pick('max_fallbacks'), whole),
    tagFiltering: take(pick('enable_tag_filtering'), yesNo),
    dropParameters: take(pick('drop_params'), yesNo),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** `{BadRequestErrorRetries: 1}` → `{BadRequestError: 1}`. */
function policy(desk: Desk, tree: Tree, ending: string): Record<string, number> {
  const known = failureKinds.map((kind) => kind + ending);
  const pairs: [string, number][] = [];
  for (const entry of desk.read.dictionary(tree)?.entries ?? []) {
    if (!known.includes(entry.key)) desk.findings.unknown(entry, 'kind of error', entry.key, known);
    else if (!isNothing(entry.value)) {
      const count = desk.read.whole(entry.value);
      if (count !== undefined) pairs.push([entry.key.slice(0, -ending.length), count]);
    }
  }
  return Object.fromEntries(pairs);
}

function retryPolicies(desk: Desk, tree: Tree | undefined): Routing['retryPolicies'] {
  const entries = tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? []);
  return entries.map((entry) => ({
    alias: keyMention(entry),
    policy: policy(desk, entry.value, 'Retries'),
  }));
}

/** `name: target` or `name: {model: target, hidden: true}`. */
function groupAliases(desk: Desk, tree: Tree | undefined): GroupAlias[] {
  const aliases: GroupAlias[] = [];
  for (const entry of tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? [])) {
    const inner = entry.value.kind === 'dictionary' ? entryOf(entry.value, 'model')?.value : entry.value;
    if (inner === undefined)
      desk.findings.error(entry.value, 'model is missing', 'write a name, or {model: name, hidden: true}');
    const name = inner === undefined ? undefined : desk.read.text(inner);
    const hidden = hiddenIn(desk, entry.value);
    if (inner !== undefined && name !== undefined)
      aliases.push({ alias: keyMention(entry), target: { name, at: inner, shown: shown(inner) }, hidden });
  }
  return aliases;
}

function hiddenIn(desk: Desk, tree: Tree): boolean {
  if (tree.kind !== 'dictionary') return false;
  for (const entry of tree.entries)
    if (entry.key !== 'model' && entry.key !== 'hidden')
      desk.findings.unknown(entry, 'key', entry.key, ['model', 'hidden']);
  const hidden = entryOf(tree, 'hidden')?.value;
  return hidden !== undefined && !isNothing(hidden) && desk.read.yesNo(hidden) === true;
}

/** `[{source: [target, …]}, …]`: each dictionary with exactly one key, else LiteLLM does not start either. */
function rules(desk: Desk, tree: Tree | undefined): FallbackRule[] {
  const found: FallbackRule[] = [];
  for (const item of tree === undefined ? [] : (desk.read.list(tree) ?? [])) {
    const entries = desk.read.dictionary(item)?.entries ?? [];
    if (item.kind === 'dictionary' && entries.length !== 1)
      desk.findings.error(item, `expected one key, found ${entries.length}`, 'begin each with its own "- "');
    for (const entry of entries) found.push({ source: keyMention(entry), targets: mentions(desk, entry.value) });
  }
  return found;
}

function keyMention(entry: Entry): Mention {
  return { name: entry.key, at: entry, shown: entry.key };
}

function mentions(desk: Desk, tree: Tree | undefined): Mention[] {
  const items = tree === undefined ? [] : (desk.read.list(tree) ?? []);
  return items.flatMap((item) => {
    const name = desk.read.text(item);
    return name === undefined ? [] : [{ name, at: item, shown: shown(item) }];
  });
}
