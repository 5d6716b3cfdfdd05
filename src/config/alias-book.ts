// Every name of the file, looked up: aliases, what they stand for, and their fallbacks. A name that leads nowhere is left out, with a
// warning: LiteLLM starts with such a file too, and takes the name for no model when it is called.
import type { AliasRecord } from '../core/records.ts';
import type { DeploymentBook } from './deployment-book.ts';
import { suggestion } from './did-you-mean.ts';
import type { FallbackRule, GroupAlias, Mention, Routing } from './litellm-routing.ts';
import type { Desk } from './litellm-section.ts';

type Lists = ReadonlyMap<string, readonly string[]>;

export class AliasBook {
  readonly #desk: Desk;
  readonly #deployments: DeploymentBook;
  readonly #leftOut: ReadonlySet<string>;
  readonly #routing: Routing;
  readonly #targets: ReadonlyMap<string, string>;

  constructor(desk: Desk, deployments: DeploymentBook, leftOut: ReadonlySet<string>, routing: Routing) {
    this.#desk = desk;
    this.#deployments = deployments;
    this.#leftOut = leftOut;
    this.#routing = routing;
    this.#targets = this.#readTargets(routing.groupAliases);
  }

  /** Default fallbacks: those for `*`, then default_fallbacks. */
  defaultFallbacks(): string[] {
    const stars = this.#routing.fallbacks.filter((rule) => rule.source.name === '*').flatMap((rule) => rule.targets);
    return this.#known([...stars, ...this.#routing.defaultFallbacks], '*');
  }

  /** All aliases: those with deployments first, then those that stand for another. */
  records(): AliasRecord[] {
    const fallbacks = this.#lists(this.#routing.fallbacks);
    const contextWindow = this.#lists(this.#routing.contextWindowFallbacks);
    const contentPolicy = this.#lists(this.#routing.contentPolicyFallbacks);
    const retryPolicies = this.#retryPolicies();
    const hidden = new Set(this.#routing.groupAliases.filter((group) => group.hidden).map((group) => group.alias.name));
    return [...this.#deployments.aliases(), ...this.#targets.keys()].map((name) => ({
      name,
      owner: 'file',
      target: this.#targets.get(name) ?? null,
      hidden: hidden.has(name),
      strategy: null,
      fallbacks: fallbacks.get(name) ?? [],
      contextWindowFallbacks: contextWindow.get(name) ?? contextWindow.get('*') ?? [],
      contentPolicyFallbacks: contentPolicy.get(name) ?? contentPolicy.get('*') ?? [],
      retryPolicy: retryPolicies.get(name) ?? {},
    }));
  }

  #readTargets(groups: readonly GroupAlias[]): ReadonlyMap<string, string> {
    const written = new Map(groups.map((group) => [group.alias.name, group]));
    const targets = new Map<string, string>();
    const taken = new Set(this.#deployments.aliases());
    for (const { alias } of groups) {
      if (taken.has(alias.name)) {
        const says = `${alias.name} is a model_name too, and would hide it`;
        this.#desk.findings.error(alias.at, says, 'rename one of the two');
        continue;
      }
      const end = this.#follow(alias, written);
      if (end === undefined || !this.#isKnown(end, [])) continue;
      this.#deployments.fillIn(end.name);
      if (this.#deployments.aliases().includes(end.name)) targets.set(alias.name, end.name);
      else
        this.#desk.findings.warning(
          end.at,
          `${end.shown} is the id of a deployment, so this is left out`,
          'name its model_name',
        );
    }
    return targets;
  }

  /** Aliases of aliases are followed to the end. */
  #follow(alias: Mention, written: ReadonlyMap<string, GroupAlias>): Mention | undefined {
    const seen = new Set<string>();
    let at: Mention = alias;
    for (let group = written.get(at.name); group !== undefined; group = written.get(at.name)) {
      if (seen.has(at.name)) {
        this.#desk.findings.error(alias.at, `${alias.name} stands for itself`, 'point it at a model_name');
        return undefined;
      }
      seen.add(at.name);
      at = group.target;
    }
    return at;
  }

  /** Targets by the alias they serve; of two rules for one alias the first wins, as in LiteLLM. */
  #lists(rules: readonly FallbackRule[]): Lists {
    const lists = new Map<string, readonly string[]>();
    for (const { source, targets } of rules) {
      const names = source.name === '*' ? ['*'] : this.#sources(source);
      const known = this.#known(targets, source.name);
      for (const name of names) {
        if (lists.has(name))
          this.#desk.findings.warning(source.at, `${source.shown} has fallbacks already; the first win`, 'join them');
        else lists.set(name, known);
      }
    }
    return lists;
  }

  #retryPolicies(): ReadonlyMap<string, Readonly<Record<string, number>>> {
    const policies = this.#routing.retryPolicies.flatMap(({ alias, policy }) =>
      this.#sources(alias).map((name) => [name, policy] as const),
    );
    return new Map(policies);
  }

  /** The aliases a rule is for: the very name, names that are it behind a provider's prefix, or one behind a wildcard. */
  #sources(source: Mention): string[] {
    const names = [...this.#deployments.aliases(), ...this.#targets.keys()];
    if (names.includes(source.name)) return [source.name];
    const behind = names.filter((name) => name.slice(name.indexOf('/') + 1) === source.name);
    if (behind.length > 0) return behind;
    if (!this.#isKnown(source, names)) return [];
    this.#deployments.fillIn(source.name);
    return [source.name];
  }

  #known(targets: readonly Mention[], source: string): string[] {
    const names = new Set<string>();
    for (const target of targets) {
      if (target.name === source)
        this.#desk.findings.warning(target.at, `${target.shown} falls back on itself`, 'remove it');
      else if (this.#isKnown(target, [...this.#targets.keys()])) names.add(target.name);
    }
    return [...names];
  }

  /** True when the name can be called; else it is reported. */
  #isKnown({ name, at, shown }: Mention, others: readonly string[]): boolean {
    if (name.includes('*')) {
      const says = `${shown} is a wildcard, and no model to call, so this is left out`;
      this.#desk.findings.warning(at, says, 'name a model behind it');
      return false;
    }
    if (this.#deployments.matches(name) || others.includes(name)) return true;
    if (this.#leftOut.has(name)) {
      this.#desk.findings.warning(at, `${shown} was left out, so nothing leads to it`, 'see its entry in model_list');
      return false;
    }
    const mend = suggestion(name, [...this.#deployments.aliases(), ...others]) || 'add it to model_list';
    this.#desk.findings.warning(at, `there is no model ${shown}, so this is left out`, mend);
    return false;
  }
}
