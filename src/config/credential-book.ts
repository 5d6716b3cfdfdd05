// Which credential a drafted deployment is called with, under a stable name; the same secret is declared once.
import type { DeclaredCredential } from '../core/records.ts';
import { Secret } from '../kit/secret.ts';
import type { Draft, GivenSecret } from './draft.ts';
import type { NamedCredential } from './litellm-credentials.ts';
import type { Desk } from './litellm-section.ts';
import type { KnownProvider } from './provider-facts.ts';

/** Beginnings of the names given here; a credential_list may not use them. */
export const givenPrefixes = { environment: 'environment/', variable: 'variable/', deployment: 'deployment/' } as const;

type Secrets = Readonly<Record<string, GivenSecret>>;

export class CredentialBook {
  readonly #desk: Desk;
  readonly #named: ReadonlyMap<string, NamedCredential>;
  readonly #providers: ReadonlyMap<string, KnownProvider>;
  readonly #declared = new Map<string, DeclaredCredential>();
  /** What a credential holds → its name. */
  readonly #names = new Map<string, string>();

  constructor(desk: Desk, named: ReadonlyMap<string, NamedCredential>, providers: readonly KnownProvider[]) {
    this.#desk = desk;
    this.#named = named;
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
    for (const { at, name, secrets } of named.values()) {
      this.#declared.set(name, { name, values: secrets });
      const prefix = Object.values(givenPrefixes).find((given) => name.startsWith(given));
      if (prefix !== undefined)
        desk.findings.error(at, `names that begin with ${prefix} are given by Plumbline`, 'rename it');
    }
  }

  /**
   * Takes a draft and its id; returns the name of its credential, declaring it when new; null when it has none. In
   * order: its own secrets, a named credential, the provider's variables in the environment.
   */
  nameFor(draft: Draft, id: string): string | null {
    const named = draft.named === undefined ? undefined : this.#named.get(draft.named);
    const own = Object.keys(draft.secrets).length > 0;
    if (!own && named !== undefined) return named.name;
    const isKeyed = 'api_key' in draft.secrets || (named !== undefined && 'api_key' in named.secrets);
    const found = isKeyed ? undefined : this.#fromEnvironment(draft);
    if (!own) return found === undefined ? null : this.#declare(`${givenPrefixes.environment}${draft.provider}`, found);
    return this.#declare(nameOf(draft.secrets, id), { ...found, ...draft.secrets }, named);
  }

  /** All credentials, in the order they were met. */
  declared(): DeclaredCredential[] {
    return [...this.#declared.values()];
  }

  /** Takes a provider's name; returns the key its variables hold, or undefined. */
  keyInEnvironment(provider: string): GivenSecret | undefined {
    for (const reference of this.#providers.get(provider)?.keyVariables ?? []) {
      const text = this.#desk.variables[reference];
      if (text) return { text, reference };
    }
    return undefined;
  }

  #fromEnvironment(draft: Draft): Secrets | undefined {
    const key = this.keyInEnvironment(draft.provider);
    const others = this.#othersInEnvironment(draft.provider);
    if (key !== undefined) return { api_key: key, ...others };
    if (Object.keys(others).length > 0) return others;
    const provider = this.#providers.get(draft.provider);
    const needsKey = provider?.keyRequired === true && draft.baseUrl === null && draft.named === undefined;
    if (needsKey && draft.parameters.mockResponse === undefined && Object.keys(draft.secrets).length === 0) {
      const variables = provider.keyVariables.join(' or ');
      this.#desk.findings.warning(
        draft.at,
        `no key for ${draft.provider}: calls will fail`,
        `give api_key, or set ${variables}`,
      );
    }
    return undefined;
  }

  /** Secrets beside the key (a token of Entra's) that the provider's variables hold. */
  #othersInEnvironment(provider: string): Secrets {
    const fields = Object.entries(this.#providers.get(provider)?.secretVariables ?? {});
    const found = fields.flatMap(([field, names]) => {
      const reference = names.find((name) => this.#desk.variables[name]);
      const text = reference === undefined ? undefined : this.#desk.variables[reference];
      return text === undefined ? [] : [[field, { text, reference }] as const];
    });
    return Object.fromEntries(found);
  }

  #declare(name: string, secrets: Secrets, below?: NamedCredential): string {
    const holds = JSON.stringify([
      below?.name,
      Object.entries(secrets)
        .map(([field, { text }]) => [field, text])
        .sort(),
    ]);
    const before = this.#names.get(holds);
    if (before !== undefined) return before;
    const values = Object.fromEntries(Object.entries(secrets).map(([field, { text }]) => [field, new Secret(text)]));
    this.#declared.set(name, { name, values: { ...below?.secrets, ...values } });
    this.#names.set(holds, name);
    return name;
  }
}

/** A single key from a variable is named after the variable, anything else after the first deployment that has it. */
function nameOf(secrets: Secrets, id: string): string {
  const [first, ...more] = Object.entries(secrets);
  const reference = first?.[0] === 'api_key' && more.length === 0 ? first[1].reference : undefined;
  return reference === undefined ? `${givenPrefixes.deployment}${id}` : `${givenPrefixes.variable}${reference}`;
}
