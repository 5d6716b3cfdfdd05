// Our own form of a configuration file: the same as a config.yaml says, in fewer words. It is put into LiteLLM's shape and read by the same
// readers, so there is one way into a Declaration. An unknown key is an error.
import type { AliasRecord } from '../core/records.ts';
import type { FileOptions, FileReading, OpenedFile } from './file-reading.ts';
import { readCredentialList } from './litellm-credentials.ts';
import { declare } from './litellm-declare.ts';
import { isSecretField, topKeys } from './litellm-keys.ts';
import { readModels } from './litellm-models.ts';
import { readRouting } from './litellm-routing.ts';
import { type Desk, emptySection } from './litellm-section.ts';
import { readToolServers } from './litellm-tools.ts';
import type { Located } from './notices.ts';
import { type OwnModels, readOwnModels } from './plumbline-models.ts';
import { readOwnRouter } from './plumbline-router.ts';
import { asField, dictionaryAt, entriesOf, entryAt, inTheirWords, listAt, textAt } from './plumbline-tree.ts';
import { inOurWords, toolWords, topWords } from './plumbline-words.ts';
import type { Entry, Tree } from './yaml-source.ts';
import { isIdle, isNothing, Reader } from './yaml-values.ts';

/** Takes an opened file in our own form; returns what it declares and every notice. With an error among them, do not start. */
export function readPlumblineFile(opened: OpenedFile, options: FileOptions): FileReading {
  const { path, top, files, findings, readText } = opened;
  const desk: Desk = { findings, read: new Reader(findings), variables: options.environment, readText };
  const start: Located = { place: { file: path, line: 1, column: 1 }, path: '' };
  const sections = new Map(inTheirWords(desk, entriesOf(desk, top), topWords).map(({ key, value }) => [key, value]));
  refuseVersion(desk, sections.get('plumbline'));
  if (files.length > 1) findings.error(start, 'this form cannot include other files', 'write it as one file');
  const credentials = readCredentialList(desk, credentialList(desk, sections.get('credentials')));
  const own = readOwnModels(desk, sections.get('models'));
  const models = readModels(desk, own.list, { defaults: undefined, credentials, facts: options });
  const routing = readRouting(desk, readOwnRouter(desk, sections.get('router'), own.said), emptySection);
  const declared = declare(desk, models, routing, credentials, options.knownProviders);
  const toolServers = readToolServers(desk, toolSection(desk, sections.get('tool_servers')), undefined);
  if (models.drafts.length === 0)
    findings.warning({ ...start, path: 'models' }, 'the file gives no model that can be called', 'add one to models');
  findings.reportUnused(start);
  return {
    declaration: { ...declared, aliases: declared.aliases.map((alias) => settled(alias, own)), toolServers },
    environmentVariables: {},
    settings: {},
    notices: findings.list().map(inOurWords),
    files,
  };
}

function refuseVersion(desk: Desk, tree: Tree | undefined): void {
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === 1)) return;
  desk.findings.error(tree, 'this version of the form is not known', 'write plumbline: 1');
}

/** What a model_list cannot say. */
function settled(alias: AliasRecord, { settings }: OwnModels): AliasRecord {
  const own = settings.get(alias.name);
  return own === undefined ? alias : { ...alias, ...own };
}

function credentialList(desk: Desk, tree: Tree | undefined): Tree | undefined {
  if (tree === undefined) return undefined;
  const items = entriesOf(desk, tree).map(({ key, value, ...at }) => {
    const entries = value.kind === 'scalar' ? [entryAt('api_key', asField(value, 'key'))] : fieldsOf(desk, value);
    return dictionaryAt(at, [
      entryAt('credential_name', textAt(at, key)),
      entryAt('credential_values', dictionaryAt(value, entries)),
    ]);
  });
  return listAt(tree, items);
}

function fieldsOf(desk: Desk, tree: Tree): readonly Entry[] {
  const entries = entriesOf(desk, tree).map((entry) => (entry.key === 'key' ? { ...entry, key: 'api_key' } : entry));
  return entries.filter((entry) => {
    const isSecret = isSecretField(entry.key) || entry.key.startsWith('header:');
    if (!isSecret) desk.findings.error(entry, `${entry.key} is no secret`, 'give it with each deployment');
    return isSecret;
  });
}

function toolSection(desk: Desk, tree: Tree | undefined): Tree | undefined {
  if (tree === undefined || isNothing(tree)) return undefined;
  const { says = '' } = topKeys['mcp_servers'] ?? {};
  if (!isIdle(tree)) desk.findings.notYet(tree, `not in force: ${says}`, '');
  const servers = entriesOf(desk, tree).map(({ value, ...entry }) => {
    const isShort = value.kind === 'scalar';
    const entries = isShort
      ? [entryAt('url', asField(value, 'address'))]
      : inTheirWords(desk, entriesOf(desk, value), toolWords);
    return { ...entry, value: dictionaryAt(value, entries) };
  });
  return dictionaryAt(tree, servers);
}
