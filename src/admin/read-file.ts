// A configuration file, read with what the house knows of providers.
import { readConfigurationFile } from '../config/configuration-file.ts';
import type { FileReading } from '../config/file-reading.ts';
import type { ProviderFacts } from '../config/litellm-place.ts';
import type { Environment } from '../config/load.ts';
import { providers, resolveProvider } from '../providers/index.ts';

/** What the configuration must know of providers. */
export const providerFacts: ProviderFacts = {
  knownProviders: providers,
  resolveProvider: (model, custom, base) => {
    const found = resolveProvider(model, custom, base);
    return found === undefined ? undefined : { provider: found.provider.name, model: found.model };
  },
};

/** Takes a path, the environment and the refusals the operator accepts; returns what the file declares, and every notice. */
export function readFile(path: string, environment: Environment, accepted: readonly string[] = []): FileReading {
  return readConfigurationFile(path, { environment, accepted, ...providerFacts });
}
