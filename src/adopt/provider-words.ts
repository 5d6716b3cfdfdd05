// What the readers of configuration must know of the providers, for rows of LiteLLM's.
import type { ProviderFacts } from '../config/litellm-place.ts';
import { providers, resolveProvider } from '../providers/index.ts';

export const facts: ProviderFacts = {
  knownProviders: providers,
  resolveProvider: (model, custom, base) => {
    const found = resolveProvider(model, custom, base);
    return found === undefined ? undefined : { provider: found.provider.name, model: found.model };
  },
};

/** Takes a provider's name; returns the variables that hold its key, in order of precedence. */
export function keyVariablesOf(name: string): readonly string[] {
  return providers.find((provider) => provider.name === name)?.keyVariables ?? [];
}
