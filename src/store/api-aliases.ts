// Aliases of the management API: added, changed, deleted; each in the caller's transaction.

import { mayCall } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import type { AliasRecord } from '../core/records.ts';
import { aloneWithModels, holdOwnRow } from './api-row.ts';
import type { Queries } from './database.ts';
import { readAliases, replaceAliases } from './tables/aliases.ts';
import { readRouterSettings } from './tables/settings.ts';

/** Takes an alias; stores it. Returns false when the very same is there already. Throws field_invalid when the name is taken, or a name it gives leads nowhere. */
export async function addAlias(queries: Queries, alias: AliasRecord): Promise<boolean> {
  await aloneWithModels(queries);
  const all = await readAliases(queries);
  const before = all.find(({ name }) => name === alias.name);
  if (before !== undefined && contentOf(before) === contentOf(alias)) return false;
  if (before !== undefined)
    throw invalid('name', `the alias ${alias.name} is there already and is another; change that one`);
  checkNames(alias, all);
  await write(queries, alias);
  return true;
}

/** Takes an alias as it is to be; stores it. Throws owned_elsewhere, model_not_found, field_invalid. */
export async function changeAlias(queries: Queries, alias: AliasRecord): Promise<void> {
  await aloneWithModels(queries);
  if (!(await holdOwnRow(queries, 'alias', alias.name))) throw unknown(alias.name);
  checkNames(alias, await readAliases(queries));
  await write(queries, alias);
}

/** Takes a name; deletes the alias, which has no deployments. Throws owned_elsewhere, model_not_found, field_invalid when something leads there. */
export async function deleteAlias(queries: Queries, name: string): Promise<void> {
  await aloneWithModels(queries);
  if (!(await holdOwnRow(queries, 'alias', name))) throw unknown(name);
  const [used] = await queries.query('select 1 from plumbline.deployments where alias = $1 limit 1', [name]);
  if (used !== undefined)
    throw invalid('name', `the alias ${name} has deployments; delete those, and it goes with the last`);
  await refusePointedAt(queries, name);
  await queries.query('delete from plumbline.aliases where name = $1', [name]);
}

/** Takes a name; returns when nothing that stands for it or falls back on it would be lost with it. Throws field_invalid with the names of what does. */
export async function refusePointedAt(queries: Queries, name: string): Promise<void> {
  const others = (await readAliases(queries)).filter((alias) => alias.name !== name);
  const left = others.map((alias) => alias.name);
  const isLost = (wanted: string): boolean => isCovered(wanted, [name]) && !isCovered(wanted, left);
  const pointing = others.filter((alias) => alias.target === name || fallbacksOf(alias).some(isLost));
  const { defaultFallbacks = [] } = await readRouterSettings(queries);
  const by = [
    ...pointing.map((alias) => `the alias ${alias.name}`),
    ...(defaultFallbacks.some(isLost) ? ['the default fallbacks'] : []),
  ];
  if (by.length > 0)
    throw invalid('name', `${name} would lead nowhere, and ${by.join(', ')} would point at it; change that first`);
}

/** Takes a name to call and aliases; true when one of them is it, or is a wildcard that covers it. */
export function isCovered(called: string, aliases: readonly string[]): boolean {
  const answers = (alias: string): boolean => alias === called || (alias.includes('*') && mayCall([alias], called));
  return !called.includes('*') && aliases.some(answers);
}

function fallbacksOf({ fallbacks, contextWindowFallbacks, contentPolicyFallbacks }: AliasRecord): readonly string[] {
  return [...fallbacks, ...contextWindowFallbacks, ...contentPolicyFallbacks];
}

/** What it stands for must be an alias of its own; what it falls back on may be behind a wildcard too. */
function checkNames(alias: AliasRecord, all: readonly AliasRecord[]): void {
  const names = all.map(({ name }) => name);
  const lost =
    fallbacksOf(alias).find((name) => !isCovered(name, names)) ??
    (alias.target === null || names.includes(alias.target) ? undefined : alias.target);
  if (lost !== undefined) throw invalid('name', `there is no model ${lost}, so ${alias.name} cannot lead there`);
  const target = all.find(({ name }) => name === alias.target);
  if (alias.target === null) return;
  if (target === undefined || target.target !== null || target.name.includes('*') || target.name === alias.name)
    throw invalid(
      'target',
      `${alias.target} is no name with deployments of its own, so ${alias.name} cannot stand for it`,
    );
}

async function write(queries: Queries, alias: AliasRecord): Promise<void> {
  await replaceAliases(queries, 'api', [{ ...alias, owner: 'api' }], false);
}

function contentOf({ owner: _, ...alias }: AliasRecord): string {
  return JSON.stringify(Object.entries(alias).sort());
}

function invalid(field: string, message: string): GatewayError {
  return new GatewayError('field_invalid', { message, field });
}

function unknown(name: string): GatewayError {
  return new GatewayError('model_not_found', {
    message: `there is no alias ${name}; /aliases lists them`,
    field: 'name',
  });
}
