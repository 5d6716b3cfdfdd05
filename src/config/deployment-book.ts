// Drafts → deployment records: ids given, identical ones kept once, wildcards filled in where a concrete name is needed.
import type { DeploymentRecord } from '../core/records.ts';
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
  /** By what it is, by id, by content. */
  readonly #twins = new Map<string, number>();
  readonly #ids = new Map<string, Located>();
  readonly #contents = new Map<string, Located>();

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
    const content = JSON.stringify([draft.id, draft.alias, provider, model, baseUrl, credential, parameters, info]);
    const before = this.#contents.get(content);
    if (before === undefined) this.#contents.set(content, draft.at);
    else {
      this.#sameAgain(draft, before);
      return;
    }
    this.#twins.set(key, twin + 1);
    this.#claim(id, draft);
    const position = this.#records.length;
    this.#records.push({ ...identity, id, position, baseUrl, credential, parameters, info });
  }

  /** True when a deployment has this id. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The names that deployments give, in the order of the file. */
  aliases(): string[] {
    return [...new Set(this.#records.map((record) => record.alias))];
  }

  records(): DeploymentRecord[] {
    return [...this.#records];
  }

  /**
   * Takes a name; when the most specific wildcard alias that matches it has deployments, records copies under that very
   * name, `*` filled in, and returns true.
   */
  fillIn(name: string): boolean {
    const patterns = this.aliases().filter((alias) => alias.includes('*') && starsOf(alias, name) !== undefined);
    const pattern = patterns.sort((one, other) => other.length - one.length)[0];
    if (pattern === undefined) return false;
    const stars = starsOf(pattern, name) ?? [];
    for (const record of this.#records.filter(({ alias }) => alias === pattern)) {
      let next = 0;
      const model = record.model.replace(/\*/g, () => stars[next++] ?? '');
      const id = deploymentId({ ...record, alias: name, model, twin: this.#records.length });
      this.#records.push({ ...record, id, alias: name, model, position: this.#records.length });
    }
    return true;
  }

  #claim(id: string, draft: Draft): void {
    const before = this.#ids.get(id)?.place;
    if (before === undefined) this.#ids.set(id, draft.at);
    else {
      const says = `the id ${id} is taken by the deployment at ${before.file}:${before.line}:${before.column}`;
      this.#desk.findings.error(draft.at, says, 'give each its own model_info.id');
    }
  }

  #sameAgain(draft: Draft, { place, path }: Located): void {
    const says = `the same deployment as ${path} at ${place.file}:${place.line}:${place.column}; kept once`;
    this.#desk.findings.warning(draft.at, says, 'remove one of the two');
  }
}

/** Takes a pattern and a name; returns what each `*` stands for, or undefined when they do not match. */
export function starsOf(pattern: string, name: string): string[] | undefined {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.*)')}$`, 's').exec(name)?.slice(1);
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
  if (!draft.isEveryModel) return [];
  return providers
    .filter((provider) => provider.name !== draft.provider && hasKey(provider.name))
    .map((provider) => ({ ...draft, alias: `${provider.name}/*`, provider: provider.name, model: '*', id: undefined }));
}
