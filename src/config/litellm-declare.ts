// Drafts and routing → the file's Declaration: ids and credential names given, duplicates dropped, every name looked up.
import type { Declaration } from '../core/records.ts';
import { AliasBook } from './alias-book.ts';
import { CredentialBook } from './credential-book.ts';
import { DeploymentBook, everyProvider } from './deployment-book.ts';
import type { NamedCredential } from './litellm-credentials.ts';
import type { Models } from './litellm-models.ts';
import type { Routing } from './litellm-routing.ts';
import type { Desk } from './litellm-section.ts';
import type { KnownProvider } from './provider-facts.ts';

/** Takes what the sections gave; returns the Declaration but for the tools. Names that lead nowhere are reported. */
export function declare(
  desk: Desk,
  models: Models,
  routing: Routing,
  named: ReadonlyMap<string, NamedCredential>,
  knownProviders: readonly KnownProvider[],
): Omit<Declaration, 'toolServers'> {
  const credentials = new CredentialBook(desk, named, knownProviders);
  const deployments = new DeploymentBook(desk, credentials);
  const declared = new Set(models.drafts.map((draft) => draft.alias));
  const hasKey = (provider: string): boolean => credentials.keyInEnvironment(provider) !== undefined;
  for (const draft of models.drafts) deployments.add(draft);
  for (const draft of models.drafts.flatMap((every) => everyProvider(every, knownProviders, hasKey)))
    if (!declared.has(draft.alias)) deployments.add(draft);
  const aliases = new AliasBook(desk, deployments, models.leftOut, routing);
  const defaultFallbacks = aliases.defaultFallbacks();
  return {
    owner: 'file',
    aliases: aliases.records(),
    deployments: deployments.records(),
    credentials: credentials.declared(),
    router: { ...routing.router, ...(defaultFallbacks.length === 0 ? {} : { defaultFallbacks }) },
  };
}
