// Settings of a provider beside its key: a region, a profile, a role. They stand among the deployment's defaults under
// LiteLLM's names, and only where the provider knows them.
import { settingFields } from './litellm-keys.ts';
import type { Desk, Section } from './litellm-section.ts';
import type { KnownProvider } from './provider-facts.ts';

/** Takes what is honoured of litellm_params, the provider and the model's name there; returns the settings, by field. */
export function settingsOf(desk: Desk, section: Section, provider: KnownProvider, model: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const [field, variables] of Object.entries(provider.settingVariables ?? {})) {
    const tree = section.get(field);
    const named = provider.regional?.field === field ? provider.regional.regionOf(model) : undefined;
    const variable = variables.find((name) => desk.variables[name]);
    const found = variable === undefined ? undefined : desk.variables[variable];
    const text = (tree === undefined ? undefined : desk.read.loose(tree)) ?? named ?? found;
    if (text !== undefined) settings.set(field, text);
  }
  return settings;
}

/** Warns of settings that the provider does not know: they would be without effect. */
export function noteStraySettings(desk: Desk, section: Section, provider: KnownProvider): void {
  const known = Object.keys(provider.settingVariables ?? {});
  for (const field of settingFields) {
    const tree = section.get(field);
    if (tree === undefined || known.includes(field)) continue;
    desk.findings.warning(tree, `${field} means nothing to ${provider.name}`, 'remove it');
  }
}

/** Takes the provider and its settings; returns the address they lead to, or null. */
export function regionalAddress({ regional }: KnownProvider, settings: ReadonlyMap<string, string>): string | null {
  const region = regional === undefined ? undefined : settings.get(regional.field);
  return region === undefined ? null : (regional?.addressIn(region) ?? null);
}
