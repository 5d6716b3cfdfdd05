// Drafts → deployment records: ids given, those called alike kept once, wildcards filled in where a concrete name is needed.
import { type DeploymentParameters, type DeploymentRecord, shares } from '../core/records.ts';
import type { CredentialBook } from './credential-book.ts';
import { deploymentId } from './deployment-id.ts';
import type { Draft } from './draft.ts';
import type { Desk } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { KnownProvider } from './provider-facts.ts';

export class DeploymentBook {
  readonly #desk: Desk;
  readonly #credentials: CredentialBook;
  readonly #records: DeploymentRecord[] = [];
  /** By what it is, by id, by how it is called. */
  readonly #twins = new Map<string, number>();
  readonly #ids = new Map<string, Located>();
  readonly #calls = new Map<string, Kept>();

  constructor(desk: Desk, credentials: CredentialBook) {
    this.#desk = desk;
    this.#credentials = credentials;
  }

  /** Takes a draft; records it, unless the same deployment is there already, which is reported. */
  add(draft: Draft): void {
    const identity = { owner: 'file', alias: draft.alias, provider: draft.provider, model: draft.model } as const;
    const key = JSON.stringify([draft.alias, draft.provider, draft.model, draft.declaredBase]);
    const twin = this.#twins.get(key) ?? 0;
    const id = draft.id ?? deploymentId({ ...identity, baseUrl: draft.declaredBase, twin });
    const credential = this.#credentials.nameFor(draft, id);
    const { provider, model, baseUrl, parameters, info } = draft;
    const called = JSON.stringify([draft.alias, provider, model, baseUrl, credential, behaviour(parameters)]);
    const before = this.#calls.get(called);
    const position = this.#records.length;
    const record = { ...identity, id, position, baseUrl, credential, parameters, info };
    if (before !== undefined) {
      this.#sameAgain(draft, record, before);
      return;
    }
    this.#calls.set(called, { at: draft.at, position, written: JSON.stringify(parameters) });
    this.#twins.set(key, twin + 1);
    this.#claim(id, draft);
    this.#records.push(record);
  }

  /** True when the name can be called: an alias, a name that a wildcard covers, or a deployment's id. */
  matches(name: string): boolean {
    return this.#ids.has(name) || this.aliases().some((alias) => starOf(alias, name) !== undefined);
  }

  /** The names that deployments give, in the order of the file. */
  aliases(): string[] {
    return [...new Set(this.#records.map((record) => record.alias))];
  }

  records(): DeploymentRecord[] {
    return [...this.#records];
  }

  /**
   * Takes a name that `matches`; when only a wildcard covers it, records copies of the wildcard's deployments under that
   * very name, `*` filled in, so that the name can have fallbacks and aliases of its own. The longest wildcard wins.
   */
  fillIn(name: string): void {
    const aliases = this.aliases();
    const covering = aliases.filter((alias) => starOf(alias, name) !== undefined);
    const pattern = covering.sort((one, other) => other.length - one.length)[0];
    if (pattern === undefined || aliases.includes(name)) return;
    const star = starOf(pattern, name) ?? '';
    for (const [twin, record] of this.#records.filter(({ alias }) => alias === pattern).entries()) {
      const model = record.model.replace('*', () => star);
      const id = deploymentId({ ...record, alias: name, model, twin });
      this.#records.push({ ...record, id, alias: name, model, position: this.#records.length });
    }
  }

  #claim(id: string, draft: Draft): void {
    const before = this.#ids.get(id)?.place;
    if (before === undefined) this.#ids.set(id, draft.at);
    else {
      const says = `this id is taken by the deployment at ${before.file}:${before.line}:${before.column}`;
      this.#desk.findings.error(draft.at, says, 'give each its own model_info.id');
    }
  }

  /** What both get to do is added up, unless one is a mere copy of the other. */
  #sameAgain(draft: Draft, record: DeploymentRecord, { at: { place, path }, position, written }: Kept): void {
    const kept = this.#records[position];
    if (kept === undefined) return;
    const isCopy = written === JSON.stringify(record.parameters);
    const sums = isCopy ? {} : added(kept.parameters, record.parameters);
    this.#records[position] = { ...kept, parameters: { ...kept.parameters, ...sums } };
    const named = Object.entries(sums).map(([name, sum]) => ` ${name} ${sum}`);
    const withSums = named.length === 0 ? '' : `, with${named.join(' and')} of both`;
    const lost = record.id === kept.id || draft.id === undefined ? '' : `; nothing has the id ${draft.id}`;
    const says = `the same deployment as ${path} at ${place.file}:${place.line}:${place.column}; kept once${withSums}${lost}`;
    this.#desk.findings.warning(draft.at, says, 'remove one of the two');
  }
}

interface Kept {
  readonly at: Located;
  readonly position: number;
  /** Its parameters as they were read. */
  readonly written: string;
}

/** What decides how a deployment answers, in one order. */
function behaviour(parameters: DeploymentParameters): readonly unknown[] {
  return Object.entries(parameters)
    .filter(([name]) => !shares.some((share) => share === name))
    .sort();
}

/** How much two get to do together. */
function added(
  one: DeploymentParameters,
  other: DeploymentParameters,
): Pick<DeploymentParameters, 'weight' | 'rpm' | 'tpm'> {
  const summed = (['weight', 'rpm', 'tpm'] as const).flatMap((name) => {
    const both = [one[name], other[name]].filter((value) => value !== undefined);
    return both.length === 0 ? [] : [[name, both.reduce((sum, value) => sum + value, 0)] as const];
  });
  return Object.fromEntries(summed);
}

/** Takes an alias and a name; returns what its `*` stands for ('' when they are the same), or undefined: no match. */
export function starOf(alias: string, name: string): string | undefined {
  if (alias === name) return '';
  const star = alias.indexOf('*');
  if (star === -1 || name.length < alias.length - 1) return undefined;
  const [head, tail] = [alias.slice(0, star), alias.slice(star + 1)];
  return name.startsWith(head) && name.endsWith(tail) ? name.slice(head.length, name.length - tail.length) : undefined;
}

/**
 * Takes a draft of `*` (every model of every provider) and the providers; returns a draft `name/*` for each other
 * provider that has a key in the environment, as LiteLLM routes such names by their prefix.
 */
export function everyProvider(
  draft: Draft,
  providers: readonly KnownProvider[],
  hasKey: (name: string) => boolean,
): Draft[] {
  if (!draft.isEveryModel || draft.alias !== '*') return [];
  return providers
    .filter((provider) => provider.name !== draft.provider && hasKey(provider.name))
    .map((provider) => ({ ...draft, alias: `${provider.name}/*`, provider: provider.name, model: '*', id: undefined }));
}
