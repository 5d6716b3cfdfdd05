// LiteLLM's config.yaml → a Declaration and notices. Never throws for content; nothing in the file is silently ignored.
import { readFileSync } from 'node:fs';
import type { Declaration } from '../core/records.ts';
import type { Secret } from '../kit/secret.ts';
import { type FileSettings, readBootSettings, readEnvironmentSection } from './litellm-boot.ts';
import { readCredentialList } from './litellm-credentials.ts';
import { declare } from './litellm-declare.ts';
import { readWithIncludes } from './litellm-include.ts';
import { generalSettings, litellmSettings, routerSettings, topKeys } from './litellm-keys.ts';
import { readModels } from './litellm-models.ts';
import { readGuards } from './litellm-plugins.ts';
import { readRouting } from './litellm-routing.ts';
import { type Desk, readSection, type Section, type Variables } from './litellm-section.ts';
import { readToolServers } from './litellm-tools.ts';
import { Findings, hasErrors, type Located, type Notice } from './notices.ts';
import type { KnownProvider, ResolveProvider } from './provider-facts.ts';
import type { Dictionary } from './yaml-source.ts';
import { Reader } from './yaml-values.ts';

export interface FileOptions {
  readonly environment: Variables;
  readonly knownProviders: readonly KnownProvider[];
  readonly resolveProvider: ResolveProvider;
  /** Paths whose refusals the operator accepted (option acceptNotYet). */
  readonly accepted?: readonly string[];
  /** Reads a file as text; throws when it cannot. */
  readonly readText?: (path: string) => string;
}

export interface FileReading {
  readonly declaration: Declaration;
  readonly masterKey?: Secret;
  readonly databaseUrl?: Secret;
  /** The section environment_variables, resolved. Holds secrets in plain text: hand it on, never print it. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  /** The boot options it gives, for `settle`. */
  readonly settings: FileSettings;
  readonly notices: readonly Notice[];
  /** Every file that was read, the first the one named. */
  readonly files: readonly string[];
}

/** Takes the path of a config.yaml; returns what it declares and every notice. With an error among them, do not start. */
export function readLitellmFile(path: string, options: FileOptions): FileReading {
  const findings = new Findings(options.accepted ?? []);
  const readText = options.readText ?? readUtf8;
  const { top, files } = readWithIncludes(path, findings, readText);
  const environmentVariables = readEnvironmentSection(top, options.environment, findings, readText);
  const variables = { ...options.environment, ...environmentVariables };
  const desk: Desk = { findings, read: new Reader(findings), variables, readText };
  const sections = readSection(desk, top, topKeys);
  const general = readSection(desk, sections.get('general_settings'), generalSettings);
  const library = readSection(desk, sections.get('litellm_settings'), litellmSettings);
  const router = readSection(desk, sections.get('router_settings'), routerSettings);
  readGuards(desk, sections.get('guardrails'), library);
  const credentials = readCredentialList(desk, sections.get('credential_list'));
  const models = readModels(desk, sections.get('model_list'), {
    defaults: readDefaults(desk, router),
    credentials,
    facts: options,
  });
  const routing = readRouting(desk, router, library);
  const toolServers = readToolServers(desk, sections.get('mcp_servers'), library.get('mcp_aliases'));
  const declaration = { ...declare(desk, models, routing, credentials, options.knownProviders), toolServers };
  const settings = readBootSettings(desk, general, library, top);
  const start: Located = { place: { file: path, line: 1, column: 1 }, path: '' };
  if (top !== undefined && models.drafts.length === 0)
    findings.warning(
      { ...start, path: 'model_list' },
      'the file gives no model that can be called',
      'add one to model_list',
    );
  findings.reportUnused(start);
  return {
    declaration,
    ...(settings.masterKey === undefined ? {} : { masterKey: settings.masterKey.value }),
    ...(settings.databaseUrl === undefined ? {} : { databaseUrl: settings.databaseUrl.value }),
    environmentVariables,
    settings,
    notices: findings.list(),
    files,
  };
}

/** Takes what readLitellmFile takes; returns the notices and whether the gateway would start with this file. */
export function checkFile(
  path: string,
  options: FileOptions,
): { readonly ok: boolean; readonly notices: readonly Notice[] } {
  const { notices } = readLitellmFile(path, options);
  return { ok: !hasErrors(notices), notices };
}

/** Checked once here, so that a wrong type is not reported by every entry. */
function readDefaults(desk: Desk, router: Section): Dictionary | undefined {
  const tree = router.get('default_litellm_params');
  return tree === undefined ? undefined : desk.read.dictionary(tree);
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}
