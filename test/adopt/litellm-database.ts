// A database as LiteLLM has it, written from its description: tables of January 2026, rows as its API stores them.
import type { Database } from '../../src/store/database.ts';
import { type Form, sealAsLitellm } from './seal-as-litellm.ts';

export const salt = 'sk-salt-of-the-litellm';

const stamps = `created_at timestamp(3) not null default now(), created_by text, updated_at timestamp(3) not null default now(), updated_by text`;

/** Table → its columns. Tests leave tables and columns out, or add some. */
export const litellmTables: Readonly<Record<string, string>> = {
  LiteLLM_ProxyModelTable: `model_id text primary key, model_name text not null, litellm_params jsonb not null, model_info jsonb, ${stamps}`,
  LiteLLM_CredentialsTable: `credential_id text primary key, credential_name text unique not null, credential_values jsonb not null, credential_info jsonb, ${stamps}`,
  LiteLLM_Config: 'param_name text primary key, param_value jsonb',
  LiteLLM_SkillsTable: `skill_id text primary key, display_title text, description text, instructions text, source text not null default 'custom', file_content bytea, metadata jsonb default '{}', ${stamps}`,
  LiteLLM_VerificationToken: `token text primary key, key_name text, key_alias text, soft_budget_cooldown boolean not null default false, spend double precision not null default 0.0, expires timestamp(3), models text[], aliases jsonb not null default '{}', config jsonb not null default '{}', user_id text, team_id text, permissions jsonb not null default '{}', max_parallel_requests integer, metadata jsonb not null default '{}', blocked boolean, tpm_limit bigint, rpm_limit bigint, max_budget double precision, budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] default '{}', allowed_routes text[] default '{}', model_spend jsonb not null default '{}', model_max_budget jsonb not null default '{}', budget_id text, organization_id text, object_permission_id text, created_at timestamp(3) default now(), created_by text, updated_at timestamp(3) default now(), updated_by text, rotation_count integer default 0, auto_rotate boolean default false, rotation_interval text, last_rotation_at timestamp(3), key_rotation_at timestamp(3)`,
  LiteLLM_UserTable: `user_id text primary key, user_alias text, team_id text, sso_user_id text unique, organization_id text, object_permission_id text, password text, teams text[] default '{}', user_role text, max_budget double precision, spend double precision not null default 0.0, user_email text, models text[], metadata jsonb not null default '{}', max_parallel_requests integer, tpm_limit bigint, rpm_limit bigint, budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] default '{}', model_spend jsonb not null default '{}', model_max_budget jsonb not null default '{}', created_at timestamp(3) default now(), updated_at timestamp(3) default now()`,
  LiteLLM_TeamTable: `team_id text primary key, team_alias text, models text[], max_budget double precision, spend double precision not null default 0.0, blocked boolean not null default false, created_at timestamp(3) not null default now()`,
  LiteLLM_OrganizationTable: 'organization_id text primary key, organization_alias text, budget_id text, models text[]',
  LiteLLM_BudgetTable: 'budget_id text primary key, max_budget double precision, tpm_limit bigint',
  LiteLLM_EndUserTable:
    'user_id text primary key, alias text, spend double precision not null default 0.0, budget_id text, blocked boolean not null default false',
  LiteLLM_TagTable: 'tag_name text primary key, description text, models text[], budget_id text',
  LiteLLM_MCPServerTable: `server_id text primary key, server_name text, url text, transport text not null default 'sse', credentials jsonb default '{}'`,
  LiteLLM_SpendLogs: `request_id text primary key, call_type text not null, api_key text not null default '', spend double precision not null default 0.0, total_tokens integer not null default 0, prompt_tokens integer not null default 0, completion_tokens integer not null default 0, "startTime" timestamp(3) not null, "endTime" timestamp(3) not null, "completionStartTime" timestamp(3), model text not null default '', model_id text default '', model_group text default '', custom_llm_provider text default '', api_base text default '', "user" text default '', metadata jsonb default '{}', cache_hit text default '', cache_key text default '', request_tags jsonb default '[]', team_id text, organization_id text, end_user text, requester_ip_address text, messages jsonb default '{}', response jsonb default '{}', session_id text, status text, mcp_namespaced_tool_name text, agent_id text, proxy_server_request jsonb default '{}'`,
};

export interface Shape {
  readonly without?: readonly string[];
  /** Table → SQL after `alter table`. */
  readonly altered?: Readonly<Record<string, string>>;
}

/** Takes an empty database; makes LiteLLM's tables there. */
export async function makeTables(database: Database, { without = [], altered = {} }: Shape = {}): Promise<void> {
  for (const [name, columns] of Object.entries(litellmTables)) {
    if (without.includes(name)) continue;
    await database.query(`create table public."${name}" (${columns})`);
    const change = altered[name];
    if (change !== undefined) await database.query(`alter table public."${name}" ${change}`);
  }
  if (!without.includes('LiteLLM_SpendLogs'))
    await database.query('create index on public."LiteLLM_SpendLogs" ("startTime")');
}

export interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly info?: Readonly<Record<string, unknown>>;
}

/** How a text is sealed: each of the forms, the innermost first; none leaves it plain. */
export interface Sealing {
  readonly layers?: readonly Form[];
  readonly key?: string;
}

/** Takes an object; returns it with its texts sealed, as LiteLLM stores parameters. */
export function sealed(
  fields: Readonly<Record<string, unknown>>,
  { layers = ['box'], key = salt }: Sealing = {},
): Record<string, unknown> {
  const seal = (text: string) => layers.reduce((inner, form) => sealAsLitellm(inner, key, form), text);
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? seal(value) : value]),
  );
}

export async function addModels(database: Database, rows: readonly ModelRow[], sealing?: Sealing): Promise<void> {
  for (const { id, name, params, info = {} } of rows)
    await database.query(
      `insert into public."LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_by, updated_by, created_at)
       values ($1, $2, $3::jsonb, $4::jsonb, 'admin', 'admin', now() + (select count(*) from public."LiteLLM_ProxyModelTable") * interval '1 ms')`,
      [id, name, JSON.stringify(sealed(params, sealing)), JSON.stringify({ id, db_model: true, ...info })],
    );
}

/** Takes columns and their values; adds the row. Objects become JSON. */
export async function addRow(
  database: Database,
  table: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(columns);
  const values = Object.values(columns).map((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : value,
  );
  await database.query(
    `insert into public."${table}" (${names.map((name) => `"${name}"`).join(', ')})
     values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    values,
  );
}

/** Returns every row of every table of LiteLLM's as text, for comparison to the byte. */
export async function dump(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const pages: string[] = [];
  for (const { name } of tables) {
    const [page] = await database.query<{ rows: string }>(
      `select coalesce(string_agg(row::text, e'\\n' order by row::text), '') as rows from public."${name}" as row`,
    );
    pages.push(`${name}\n${page?.rows}`);
  }
  return pages.join('\n');
}
