// What can be called, by name. Built whole from the tables whenever they change, then swapped in: never edited in place.
import { mayCall, namedIn, narrowed } from '../core/caller.ts';
import type { Price } from '../core/prices.ts';
import {
  type AliasRecord,
  type CredentialRecord,
  type DeploymentRecord,
  defaultRouterSettings,
  type RouterSettings,
} from '../core/records.ts';
import type { Secret } from '../kit/secret.ts';
import type { Provider } from '../providers/provider.ts';
import type { Alias, Target } from './target.ts';

export interface ModelRows {
  readonly aliases: readonly AliasRecord[];
  readonly deployments: readonly DeploymentRecord[];
  readonly credentials: readonly CredentialRecord[];
  readonly router: RouterSettings;
}

export interface ModelTools {
  /** Takes a deployment and its model's name at the provider; returns the price, or null when it is unknown. */
  readonly priceOf: (record: DeploymentRecord, model: string) => Price | null;
  readonly providerByName: (name: string) => Provider | undefined;
  /** Takes a credential's name, field and sealed text; returns the secret. Throws when it cannot be opened. */
  readonly unseal: (credential: string, field: string, sealed: string) => Secret;
  /** Takes what could not be built and why; the rest of the map stands all the same. */
  readonly complain: (subject: string, reason: string) => void;
}

export interface ModelMap {
  /** Takes the name a client asks for; returns what it means, or undefined. */
  find(name: string): Alias | undefined;
  /** Every alias, wildcards and hidden ones included, in the order of the tables. */
  readonly aliases: readonly Alias[];
  /** What a key with this list of models may see and call by name: aliases, and what its own list names; wildcards are left out. */
  listedFor(models: readonly string[]): readonly Alias[];
  /** The wildcards beyond those names under which a key with this list of models may call: the tables', narrowed to its own. */
  wildcardsFor(models: readonly string[]): readonly string[];
}

/** Takes rows and tools; returns the map. A row that cannot be built is complained of and left out. */
export function buildModelMap(rows: ModelRows, tools: ModelTools): ModelMap {
  const credentials = openCredentials(rows.credentials, tools);
  const targets = Map.groupBy(
    rows.deployments.flatMap((record) => openTarget(record, credentials, tools)),
    (target) => target.record.alias,
  );
  const own = rows.aliases
    .filter((row) => row.target === null)
    .map((row) => openAlias(row, targets.get(row.name) ?? [], rows.router));
  const byName = new Map(own.map((alias) => [alias.name, alias]));
  const rowsByName = new Map(rows.aliases.map((row) => [row.name, row]));
  const standIns = rows.aliases.flatMap((row) => openStandIn(row, rowsByName, byName, tools));
  for (const alias of standIns) byName.set(alias.name, alias);
  return mapOf([...own, ...standIns], byName, tools);
}

function mapOf(aliases: readonly Alias[], byName: ReadonlyMap<string, Alias>, tools: ModelTools): ModelMap {
  const patterns = aliases.filter((alias) => alias.name.includes('*')).sort((a, b) => b.name.length - a.name.length);
  const byId = new Map(
    aliases.flatMap((alias) => alias.targets.map((target) => [target.record.id, alone(alias, target)])),
  );
  const find = (name: string): Alias | undefined =>
    name.includes('*') ? undefined : (byName.get(name) ?? byId.get(name) ?? matching(patterns, name, tools.priceOf));
  const own = aliases.filter((alias) => !alias.name.includes('*') && isCallable(alias));
  const open = patterns.filter(isCallable).map(({ name }) => name);
  return {
    aliases,
    find,
    listedFor: (models) => {
      const named = namedIn(models).flatMap((name) => (byName.has(name) ? [] : (find(name) ?? [])));
      return [...own.filter(({ name }) => mayCall(models, name)), ...named.filter(isCallable)];
    },
    wildcardsFor: (models) => [...new Set(open.flatMap((name) => narrowed(models, name)))],
  };
}

/** May be shown: not hidden, and with a deployment that could be built. */
function isCallable(alias: Alias): boolean {
  return !alias.hidden && alias.targets.length > 0;
}

/** A deployment asked for by its id: that one only, no balancing, no fallback. */
function alone(alias: Alias, target: Target): Alias {
  return { ...alias, targets: [target], fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [] };
}

/** The longest pattern that matches wins; what its star matched takes the place of the star upstream. */
function matching(patterns: readonly Alias[], name: string, priceOf: ModelTools['priceOf']): Alias | undefined {
  for (const alias of patterns) {
    const star = alias.name.indexOf('*');
    const tailLength = alias.name.length - star - 1;
    if (!mayCall([alias.name], name)) continue;
    const matched = name.slice(star, name.length - tailLength);
    return { ...alias, name, targets: alias.targets.map((target) => filledIn(target, matched, priceOf)) };
  }
  return undefined;
}

function filledIn(target: Target, matched: string, priceOf: ModelTools['priceOf']): Target {
  const model = target.upstream.model.replace('*', () => matched);
  const price = target.price ?? priceOf(target.record, model);
  return { ...target, upstream: { ...target.upstream, model }, price };
}

function openAlias(row: AliasRecord, targets: readonly Target[], router: RouterSettings): Alias {
  return {
    name: row.name,
    hidden: row.hidden,
    strategy: row.strategy ?? router.strategy,
    targets: targets.toSorted((a, b) => a.record.position - b.record.position),
    fallbacks: row.fallbacks.length > 0 ? row.fallbacks : router.defaultFallbacks.filter((name) => name !== row.name),
    contextWindowFallbacks: row.contextWindowFallbacks,
    contentPolicyFallbacks: row.contentPolicyFallbacks,
    retryPolicy: { ...router.retryPolicy, ...row.retryPolicy },
  };
}

/** What it stands for may stand for another in turn. One that leads nowhere stays a name, and can not be called. */
function openStandIn(
  row: AliasRecord,
  rows: ReadonlyMap<string, AliasRecord>,
  own: ReadonlyMap<string, Alias>,
  tools: ModelTools,
): Alias[] {
  if (row.target === null) return [];
  const end = own.get(endOf(row, rows));
  const isOne = end !== undefined && !end.name.includes('*');
  if (!isOne) tools.complain(`alias ${row.name}`, `it stands for ${row.target}, which is no model that can be called`);
  const target = isOne ? end : openAlias(row, [], defaultRouterSettings);
  return [{ ...target, ...ownRules(row), name: row.name, hidden: row.hidden }];
}

/** The name at the end of the chain; the last but one when it leads in a circle. */
function endOf(row: AliasRecord, rows: ReadonlyMap<string, AliasRecord>): string {
  const seen = new Set([row.name]);
  let at = row;
  while (at.target !== null && !seen.has(at.target)) {
    seen.add(at.target);
    const next = rows.get(at.target);
    if (next === undefined) return at.target;
    at = next;
  }
  return at.name;
}

const headerMark = 'header:';

/** Fallbacks declared for the name itself go before those of what it stands for. */
function ownRules(row: AliasRecord): Partial<Alias> {
  const { fallbacks, contextWindowFallbacks, contentPolicyFallbacks } = row;
  const rules = { fallbacks, contextWindowFallbacks, contentPolicyFallbacks };
  return Object.fromEntries(Object.entries(rules).filter(([, names]) => names.length > 0));
}

type OpenCredentials = ReadonlyMap<string, Readonly<Record<string, Secret>>>;

function openCredentials(rows: readonly CredentialRecord[], tools: ModelTools): OpenCredentials {
  const open = new Map<string, Readonly<Record<string, Secret>>>();
  for (const row of rows) {
    try {
      const fields = Object.entries(row.sealed).map(([field, sealed]) => [
        field,
        tools.unseal(row.name, field, sealed),
      ]);
      open.set(row.name, Object.fromEntries(fields));
    } catch (error) {
      tools.complain(`credential ${row.name}`, error instanceof Error ? error.message : String(error));
    }
  }
  return open;
}

/** Headers that hold secrets are kept in the credential, as `header:<name>`. */
function secretHeaders(credential: Readonly<Record<string, Secret>>): Record<string, Secret> {
  const fields = Object.entries(credential).filter(([field]) => field.startsWith(headerMark));
  return Object.fromEntries(fields.map(([field, secret]) => [field.slice(headerMark.length), secret]));
}

function openTarget(record: DeploymentRecord, credentials: OpenCredentials, tools: ModelTools): Target[] {
  const refuse = (reason: string): Target[] => {
    tools.complain(`deployment ${record.id} of ${record.alias}`, reason);
    return [];
  };
  const provider = tools.providerByName(record.provider);
  if (provider === undefined) return refuse(`no provider is named ${record.provider}`);
  const credential = record.credential === null ? {} : credentials.get(record.credential);
  if (credential === undefined) return refuse(`its credential ${record.credential} is missing or cannot be opened`);
  const canned = record.parameters.mockResponse !== undefined;
  const address = record.baseUrl ?? provider.defaultBaseUrl ?? (canned ? 'http://localhost' : null);
  if (address === null) return refuse(`provider ${provider.name} needs a base address (api_base)`);
  if (!URL.canParse(address)) return refuse('its base address is not a URL');
  const url = new URL(address);
  const baseUrl = address.replace(/\/+$/, '');
  const basePath = url.pathname.replace(/\/+$/, '');
  return [
    {
      record,
      provider,
      upstream: { model: record.model, baseUrl, credential, parameters: record.parameters, info: record.info },
      origin: url.origin,
      basePath,
      shownAddress: url.origin + basePath,
      price: tools.priceOf(record, record.model),
      headers: { ...record.parameters.headers, ...secretHeaders(credential) },
    },
  ];
}
