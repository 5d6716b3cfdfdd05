// LiteLLM's routing rows (table LiteLLM_Config), and the file's names that lead to models of its database → aliases, fallbacks, settings.
// Invariant: a name that leads nowhere is never brought; it is a finding with a proposal.

import type { FallbackRule } from '../config/litellm-routing.ts';
import { readPostedSettings } from '../config/posted-settings.ts';
import type { JsonObject } from '../core/json.ts';
import type { AliasRecord, RouterSettings } from '../core/records.ts';
import { addAlias, changeAlias, isCovered } from '../store/api-aliases.ts';
import { setRouterSettings } from '../store/api-settings.ts';
import type { Queries } from '../store/database.ts';
import { readAliases } from '../store/tables/aliases.ts';
import { checksumOf, type Gathered } from './item.ts';
import type { FoundModel } from './models.ts';
import { proposal } from './proposal.ts';

export const configTable = 'LiteLLM_Config';

/** A name of the file that stands for another. */
export interface FileAlias {
  readonly name: string;
  readonly target: string;
  readonly hidden: boolean;
}

export interface RoutingSources {
  /** Rows of LiteLLM_Config that hold routing, by section. */
  readonly sections: { readonly router_settings?: JsonObject; readonly litellm_settings?: JsonObject };
  /** The file, and its names that stand for others. */
  readonly file: { readonly path: string; readonly aliases: readonly FileAlias[] } | undefined;
  readonly models: readonly FoundModel[];
  readonly accepted: readonly string[];
  /** Names that are there or will be: brought ones, stored ones, the file's. */
  readonly known: ReadonlySet<string>;
}

/** Takes what there is of routing and where to gather; gathers aliases, fallbacks and settings. */
export function gatherRouting(sources: RoutingSources, gathered: Gathered): void {
  const { routing, notices } = readPostedSettings(sources.sections, sources.accepted);
  for (const { path, says, mend } of notices) {
    const [row = '', ...rest] = path.split('.');
    gathered.findings.push({ table: configTable, row, field: rest.join('.'), says, mend });
  }
  const names = new Set(sources.known);
  const lead = leader(sources, names, gathered);
  const brought = new Set(sources.models.filter((model) => !model.isDecommissioned).map((model) => model.alias));
  for (const { alias, target, hidden } of routing.groupAliases) {
    gathered.found.alias += 1;
    const at = { table: configTable, row: 'router_settings', field: `model_group_alias.${alias.name}` };
    if (!lead(target.name, at, 'alias')) continue;
    names.add(alias.name);
    gathered.items.push(aliasItem({ name: alias.name, target: target.name, hidden }, `router_settings/${alias.name}`));
  }
  for (const alias of sources.file?.aliases ?? []) {
    const at = { table: sources.file?.path ?? '', row: 'router_settings', field: `model_group_alias.${alias.name}` };
    if (!names.has(alias.target)) gathered.found.alias += 1;
    if (!lead(alias.target, at, 'alias') || !brought.has(alias.target)) continue;
    gathered.found.alias += 1;
    names.add(alias.name);
    const says = `it leads to ${alias.target}, which stands in the database; the alias is brought over with it`;
    gathered.findings.push({
      ...at,
      says,
      mend: 'take it out of the file, which cannot name what it does not declare',
    });
    gathered.items.push(aliasItem(alias, `file/${alias.name}`));
  }
  gatherFallbacks(routing, lead, names, gathered);
}

type At = { readonly table: string; readonly row: string; readonly field: string };
type Lead = (name: string, at: At, refusing?: 'alias') => boolean;

/** Says whether a name leads somewhere, and tells where it does not. */
function leader({ models }: RoutingSources, names: ReadonlySet<string>, gathered: Gathered): Lead {
  const all = [...names];
  return (name, at, refusing) => {
    if (isCovered(name, all)) return true;
    const dead = models.find((model) => model.alias === name && model.isDecommissioned);
    const says =
      dead === undefined ? `it leads to ${name}, which is no model` : `it leads to ${name}, which is decommissioned`;
    const finding = { ...at, says, mend: proposal(name, at.field, dead, models) };
    if (refusing === undefined) gathered.findings.push(finding);
    else gathered.refuse(refusing, finding);
    return false;
  };
}

const bare = {
  owner: 'api',
  target: null,
  hidden: false,
  strategy: null,
  fallbacks: [],
  contextWindowFallbacks: [],
  contentPolicyFallbacks: [],
  retryPolicy: {},
} as const;

function aliasItem(alias: FileAlias, id: string): Gathered['items'][number] {
  const record: AliasRecord = { ...bare, ...alias };
  return {
    kind: 'alias',
    id,
    name: `${alias.name} → ${alias.target}`,
    checksum: checksumOf(record),
    isDisabled: false,
    async write(queries, _, before) {
      const stored = await aliasNamed(queries, alias.name);
      if (stored !== undefined && before !== undefined) {
        await changeAlias(queries, { ...stored, target: alias.target, hidden: alias.hidden });
        return { ourId: alias.name };
      }
      const isNew = await addAlias(queries, record);
      return { ourId: alias.name, isMerged: !isNew };
    },
  };
}

async function aliasNamed(queries: Queries, name: string): Promise<AliasRecord | undefined> {
  return (await readAliases(queries)).find((alias) => alias.name === name);
}

type Lists = Partial<
  Pick<AliasRecord, 'fallbacks' | 'contextWindowFallbacks' | 'contentPolicyFallbacks' | 'retryPolicy'>
>;

function gatherFallbacks(
  routing: ReturnType<typeof readPostedSettings>['routing'],
  lead: Lead,
  names: ReadonlySet<string>,
  gathered: Gathered,
): void {
  const at = (field: string): At => ({ table: configTable, row: 'router_settings', field });
  const lists = new Map<string, Lists>();
  const everybody: string[] = [];
  const take = (kind: keyof Lists, rules: readonly FallbackRule[]): void => {
    for (const { source, targets } of rules) {
      const leading = targets.map(({ name }) => name).filter((name) => lead(name, at(`${kind} of ${source.name}`)));
      if (source.name === '*' && kind === 'fallbacks') everybody.push(...leading);
      else if (names.has(source.name)) lists.set(source.name, { ...lists.get(source.name), [kind]: leading });
      else lead(source.name, at(kind));
    }
  };
  take('fallbacks', routing.fallbacks);
  take('contextWindowFallbacks', routing.contextWindowFallbacks);
  take('contentPolicyFallbacks', routing.contentPolicyFallbacks);
  for (const { alias, policy } of routing.retryPolicies)
    if (names.has(alias.name) || lead(alias.name, at('model_group_retry_policy')))
      lists.set(alias.name, { ...lists.get(alias.name), retryPolicy: policy });
  for (const [name, settings] of lists) gathered.items.push(listsItem(name, settings));
  const defaults = routing.defaultFallbacks
    .map(({ name }) => name)
    .filter((name) => lead(name, at('default_fallbacks')));
  const all = [...new Set([...everybody, ...defaults])];
  const router = { ...routing.router, ...(all.length === 0 ? {} : { defaultFallbacks: all }) };
  for (const [name, value] of Object.entries(router)) gathered.items.push(settingItem(name, value));
  gathered.found.setting += lists.size + Object.keys(router).length;
}

function listsItem(name: string, lists: Lists): Gathered['items'][number] {
  return {
    kind: 'setting',
    id: `alias/${name}`,
    name: `fallbacks and retries of ${name}`,
    checksum: checksumOf(lists),
    isDisabled: false,
    async write(queries) {
      const stored = await aliasNamed(queries, name);
      await changeAlias(queries, { ...bare, name, ...stored, ...lists });
      return { ourId: name };
    },
  };
}

function settingItem(name: string, value: unknown): Gathered['items'][number] {
  return {
    kind: 'setting',
    id: `router/${name}`,
    name: `router.${name}`,
    checksum: checksumOf(value),
    isDisabled: false,
    async write(queries) {
      await setRouterSettings(queries, { [name]: value } as Partial<RouterSettings>);
      return { ourId: `router.${name}` };
    },
  };
}
