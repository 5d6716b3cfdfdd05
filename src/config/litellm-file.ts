// LiteLLM's config.yaml → a Declaration and notices. Never throws for content; nothing in the file is silently ignored.
import type { FileOptions, FileReading, OpenedFile } from './file-reading.ts';
import { readBootSettings, readEnvironmentSection } from './litellm-boot.ts';
import { readCredentialList } from './litellm-credentials.ts';
import { declare } from './litellm-declare.ts';
import { generalSettings, litellmSettings, routerSettings, topKeys } from './litellm-keys.ts';
import { readModels } from './litellm-models.ts';
import { readGuards } from './litellm-plugins.ts';
import { readRouting } from './litellm-routing.ts';
import { type Desk, readSection, type Section } from './litellm-section.ts';
import { readToolServers } from './litellm-tools.ts';
import type { Located } from './notices.ts';
import type { Dictionary } from './yaml-source.ts';
import { Reader } from './yaml-values.ts';

/** Takes an opened config.yaml; returns what it declares and every notice. With an error among them, do not start. */
export function readLitellmFile(opened: OpenedFile, options: FileOptions): FileReading {
  const { path, top, files, findings, readText } = opened;
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

/** Checked once here, so that a wrong type is not reported by every entry. */
function readDefaults(desk: Desk, router: Section): Dictionary | undefined {
  const tree = router.get('default_litellm_params');
  return tree === undefined ? undefined : desk.read.dictionary(tree);
}
