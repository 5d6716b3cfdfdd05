// All of a LiteLLM deployment, read and judged: what can be brought over, what cannot and why. Changes nothing anywhere.
import { generalSettings, litellmSettings } from '../config/litellm-keys.ts';
import type { Environment } from '../config/load.ts';
import type { JsonObject } from '../core/json.ts';
import { type LitellmKey, LitellmOpener } from '../kit/litellm-seal.ts';
import { countLitellm, type LitellmRow, litellmRows } from '../store/litellm/litellm-rows.ts';
import { estimateUsage } from '../store/litellm/litellm-usage.ts';
import type { LitellmDatabase } from '../store/litellm/open-litellm.ts';
import { credentialTable, gatherCredentials } from './credentials.ts';
import { checksumOf, type Finding, Gathered } from './item.ts';
import { saysNothing } from './key-rights.ts';
import { gatherKeys, keyTable, type Spent } from './keys.ts';
import { LitellmEnvironment } from './litellm-environment.ts';
import { type FoundModel, gatherModels, modelTable } from './models.ts';
import { asObject, FieldOpener, type SealCounts } from './opened-fields.ts';
import { configTable, type FileAlias, gatherRouting } from './routing.ts';

export interface SurveyOptions {
  readonly litellm: LitellmDatabase;
  /** Keys its values may be sealed with. */
  readonly keys: readonly LitellmKey[];
  readonly environment: Environment;
  readonly file: SurveyedFile | undefined;
  /** Paths of settings that are not in force here and that the operator accepts all the same. */
  readonly accepted: readonly string[];
  /** Names that our tables hold. */
  readonly stored: readonly string[];
}

/** What a configuration file says of names. */
export interface SurveyedFile {
  readonly path: string;
  /** Names it declares by itself. */
  readonly names: readonly string[];
  readonly aliases: readonly FileAlias[];
}

export interface Survey {
  readonly gathered: Gathered;
  readonly seals: SealCounts;
  readonly spent: readonly Spent[];
  /** Tables that are read and counted only: what they hold → how many; null: there is no such table. */
  readonly counted: Readonly<Record<string, number | null>>;
  /** Tables that adoption reads and that are not there, or not to be read whole. */
  readonly missing: readonly string[];
}

const userTable = 'LiteLLM_UserTable';
const tagTable = 'LiteLLM_TagTable';

/** Rooms that are not built here yet. */
const countedTables: Readonly<Record<string, string>> = {
  users: userTable,
  teams: 'LiteLLM_TeamTable',
  organizations: 'LiteLLM_OrganizationTable',
  budgets: 'LiteLLM_BudgetTable',
  'end users': 'LiteLLM_EndUserTable',
  tags: tagTable,
  skills: 'LiteLLM_SkillsTable',
  'MCP servers': 'LiteLLM_MCPServerTable',
};

const readTables = [modelTable, credentialTable, configTable, keyTable];

/** What holds keys back stands here: unread, it is not known to hold nothing. */
const holdingTables = [keyTable, configTable, userTable, tagTable];

function closedFinding(table: string): Finding {
  const says = 'this account may not read all of it';
  return { table, row: '', field: '', says, mend: `grant it select on "${table}", and run this again` };
}

/** Takes where to read and what with; returns what there is. Throws store_unavailable when the database goes away. */
export async function surveyLitellm(options: SurveyOptions): Promise<Survey> {
  const { litellm, file, accepted } = options;
  const gathered = new Gathered();
  const opener = new FieldOpener(new LitellmOpener(options.keys));
  const sections = await readSections(litellm);
  const variables = opener.open(sections.get('environment_variables') ?? {}, {
    table: configTable,
    row: 'environment_variables',
    field: '',
  });
  gathered.findings.push(...variables.findings);
  const environment = new LitellmEnvironment(variables.fields, options.environment);
  const credentialRows = litellmRows(litellm, credentialTable, 'credential_name', ['updated_at']);
  const credentials = await gatherCredentials(credentialRows, opener, gathered);
  const awaited = new Set((file?.names ?? []).filter((name) => !options.stored.includes(name)));
  const around = checksumOf([...credentials], variables.fields);
  const modelRows = litellmRows(litellm, modelTable, 'model_id', ['updated_at', 'updated_by']);
  const models = await gatherModels(
    modelRows,
    { opener, environment, credentials, awaited, around, accepted },
    gathered,
  );
  const brought = models.filter((model) => !model.isDecommissioned).map((model) => model.alias);
  gatherRouting(
    {
      sections: routingOf(sections),
      file,
      models,
      accepted,
      known: new Set([...brought, ...options.stored, ...(file?.names ?? [])]),
    },
    gathered,
  );
  gathered.findings.push(...leftOut(sections, environment.unused));
  const isClosed = (table: string): boolean => litellm.unreadable.includes(table);
  const wanted = [...readTables, ...Object.values(countedTables), 'LiteLLM_SpendLogs'];
  gathered.findings.push(...wanted.filter(isClosed).map(closedFinding));
  const users = await readUsers(litellm);
  const keyRows = litellmRows(litellm, keyTable, 'token', ['updated_at', 'updated_by']);
  const everybody = [
    ...refusedSettings(sections, accepted).map(([name, says]) => `${name} is not in force here: ${says}`),
    ...holdingTables.filter(isClosed).map((table) => `${table} may not be read, and what it says of keys is not known`),
  ];
  const held = { users, groups: groupsOf(models), tags: await readTags(litellm), everybody };
  const spent = await gatherKeys(keyRows, held, gathered);
  return {
    gathered,
    seals: opener.counts,
    spent,
    counted: await countAll(litellm),
    missing: readTables.filter((table) => !litellm.tables.has(table) || isClosed(table)),
  };
}

async function readSections(litellm: LitellmDatabase): Promise<ReadonlyMap<string, JsonObject>> {
  const sections = new Map<string, JsonObject>();
  for await (const row of litellmRows(litellm, configTable, 'param_name')) {
    const value = asObject(row['param_value']);
    if (value !== undefined) sections.set(String(row['param_name']), value);
  }
  return sections;
}

/** Of litellm_settings only what routes: the rest belongs into a file, where each of its keys is judged. */
const routing =
  `num_retries request_timeout fallbacks default_fallbacks context_window_fallbacks content_policy_fallbacks
  allowed_fails drop_params`.split(/\s+/);

function routingOf(sections: ReadonlyMap<string, JsonObject>): {
  router_settings?: JsonObject;
  litellm_settings?: JsonObject;
} {
  const [router, library] = [sections.get('router_settings'), sections.get('litellm_settings')];
  const routes = Object.entries(library ?? {}).filter(([name]) => routing.includes(name));
  return {
    ...(router === undefined ? {} : { router_settings: router }),
    ...(routes.length === 0 ? {} : { litellm_settings: Object.fromEntries(routes) }),
  };
}

/** Settings that hold callers back and that this version does not enforce: their names and why. */
function refusedSettings(
  sections: ReadonlyMap<string, JsonObject>,
  accepted: readonly string[],
): (readonly [string, string])[] {
  const tables = { general_settings: generalSettings, litellm_settings: litellmSettings };
  return Object.entries(tables).flatMap(([section, rows]) =>
    Object.entries(sections.get(section) ?? {}).flatMap(([name, value]) => {
      const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
      return row?.status === 'refused' && !saysNothing(value) && !accepted.includes(`${section}.${name}`)
        ? [[`${section}.${name}`, row.says] as const]
        : [];
    }),
  );
}

/** What LiteLLM keeps in its configuration table and is not brought over, by name. */
function leftOut(sections: ReadonlyMap<string, JsonObject>, variables: readonly string[]): Finding[] {
  const others = [...sections].filter(([row]) => row !== 'environment_variables' && row !== 'router_settings');
  const settings = others.map(([row, values]) => {
    const names = Object.entries(values).filter(
      ([name, value]) => !saysNothing(value) && !(row === 'litellm_settings' && routing.includes(name)),
    );
    return [row, names.map(([name]) => name)] as const;
  });
  const finding = (row: string, names: readonly string[], mend: string): Finding[] =>
    names.length === 0
      ? []
      : [{ table: configTable, row, field: '', says: `not brought over: ${names.join(', ')}`, mend }];
  return [
    ...settings.flatMap(([row, names]) =>
      finding(row, names, 'write into config.yaml what is still wanted; `plumbline check` judges it'),
    ),
    ...finding(
      'environment_variables',
      variables,
      'no model draws on them; set in the environment what is still wanted',
    ),
  ];
}

async function readTags(litellm: LitellmDatabase): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  for await (const row of litellmRows(litellm, tagTable, 'tag_name'))
    if (!saysNothing(row['budget_id']) || !saysNothing(row['models'])) tags.add(String(row['tag_name']));
  return tags;
}

/** Users are few beside keys; passwords are not asked for. */
async function readUsers(litellm: LitellmDatabase): Promise<ReadonlyMap<string, LitellmRow>> {
  const users = new Map<string, LitellmRow>();
  for await (const row of litellmRows(litellm, userTable, 'user_id', ['password', 'metadata']))
    users.set(String(row['user_id']), row);
  return users;
}

function groupsOf(models: readonly FoundModel[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { alias, groups: names, isDecommissioned } of models) {
    if (isDecommissioned) continue;
    for (const name of names) groups.set(name, [...(groups.get(name) ?? []), alias]);
  }
  return groups;
}

async function countAll(litellm: LitellmDatabase): Promise<Record<string, number | null>> {
  const counted: Record<string, number | null> = {};
  for (const [name, table] of Object.entries(countedTables))
    counted[name] = (await countLitellm(litellm, table)) ?? null;
  counted['usage rows (about)'] = (await estimateUsage(litellm)) ?? null;
  return counted;
}
