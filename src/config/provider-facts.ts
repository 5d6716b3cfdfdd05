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
  /** Settings beside the key (a region, a profile, a role): LiteLLM's field → environment names. They stand among the deployment's defaults. */
  readonly settingVariables?: Readonly<Record<string, readonly string[]>>;
  /** Where it lives in each region: the setting that names one, the one a model's name carries, and the address there. Absent: it has no regions. */
  readonly regional?: {
    readonly field: string;
    regionOf(model: string): string | undefined;
    addressIn(region: string): string;
  };
  readonly defaultBaseUrl: string | null;
  readonly keyRequired: boolean;
}

/** Takes model as written, custom_llm_provider and api_base; returns the provider's name and the model's name there. */
export type ResolveProvider = (
  model: string,
  custom?: string,
  base?: string,
) => { readonly provider: string; readonly model: string } | undefined;
