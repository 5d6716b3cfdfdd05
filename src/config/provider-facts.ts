// What configuration must know of the providers. Handed in by the caller: this room does not see the providers' shelf.

export interface KnownProvider {
  readonly name: string;
  /** Further prefixes that mean this provider. */
  readonly prefixes: readonly string[];
  /** Environment names of the API key, in order of precedence. */
  readonly keyVariables: readonly string[];
  /** Environment names of the base address, in order of precedence. */
  readonly baseUrlVariables: readonly string[];
  /** Environment names of the API's version, in order of precedence. */
  readonly versionVariables?: readonly string[];
  /** Secrets beside the key: field of the credential → environment names, in order of precedence. */
  readonly secretVariables?: Readonly<Record<string, readonly string[]>>;
  readonly defaultBaseUrl: string | null;
  readonly keyRequired: boolean;
}

/** Takes model as written, custom_llm_provider and api_base; returns the provider's name and the model's name there. */
export type ResolveProvider = (
  model: string,
  custom?: string,
  base?: string,
) => { readonly provider: string; readonly model: string } | undefined;
