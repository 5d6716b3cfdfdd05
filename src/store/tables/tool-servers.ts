// Servers of tools (MCP), each once by its name. Invariants: no two have tools of one prefix; one is either called or started; no secret of
// theirs is readable: the table refuses in `sealed` what is not sealed.
import type { DeclaredToolServer, Owner, ToolServerRecord } from '../../core/records.ts';
import type { Sealer } from '../../kit/seal.ts';
import { sealerFor } from '../canary.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import { sealFields } from '../seal-fields.ts';
import { toolServerPlace } from '../sealed-place.ts';
import type { Table } from '../table.ts';

export const toolServers: Table = {
  name: 'tool_servers',
  steps: [
    {
      id: '2026-11-23-50-tool-servers',
      additive: true,
      sql: [
        `create table plumbline.tool_servers (
          id uuid primary key default gen_random_uuid(),
          name text not null unique check (name <> ''),
          owner text not null check (owner in ('file', 'environment', 'api')),
          alias text check (alias <> ''),
          transport text not null check (transport in ('http', 'sse', 'stdio')),
          url text,
          command text,
          arguments jsonb not null default '[]' check (jsonb_typeof(arguments) = 'array'),
          auth text not null default 'none'
            check (auth in ('none', 'api_key', 'bearer_token', 'basic', 'authorization', 'oauth2')),
          settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
          sealed jsonb not null default '{}',
          prefix text generated always as (coalesce(alias, name)) stored,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint tool_servers_reached check (case when transport = 'stdio'
            then command is not null and url is null else command is null and url is not null end),
          constraint tool_servers_sealed check (jsonb_typeof(sealed) = 'object' and not jsonb_path_exists(sealed,
            'strict $.* ? (@.type() <> "string" || !(@ like_regex "^pl1:[0-9a-f]{8}:[A-Za-z0-9_-]{38,}$"))')),
          constraint tool_servers_prefix unique (prefix) deferrable initially deferred
        )`,
        `comment on column plumbline.tool_servers.prefix is 'what the names of its tools begin with'`,
        `create trigger tell_change after insert or update or delete on plumbline.tool_servers
          for each row execute function plumbline.tell_change()`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'tool server',
  table: 'plumbline.tool_servers',
  key: 'name',
  columns: {
    alias: 'text',
    transport: 'text',
    url: 'text',
    command: 'text',
    arguments: 'jsonb',
    auth: 'text',
    settings: 'jsonb',
    sealed: 'jsonb',
  },
};

/** Returns every tool server, its secrets sealed. */
export function readToolServers(queries: Queries): Promise<ToolServerRecord[]> {
  return queries.query<ToolServerRecord>(
    `select name, owner, alias, transport, url, command, arguments, auth, settings, sealed
     from plumbline.tool_servers order by name`,
  );
}

/**
 * Takes an owner and all it declares; makes them that owner's tool servers. A secret that is stored already keeps its sealed text. Throws
 * StartRefused when a stored one does not open.
 */
export async function replaceToolServers(
  queries: Queries,
  owner: Owner,
  declared: readonly DeclaredToolServer[],
  sealer: Sealer,
  prunes = true,
): Promise<Replaced> {
  const writing = await sealerFor(queries, sealer);
  const stored = new Map((await readToolServers(queries)).map((row) => [row.name, row.sealed]));
  const rows = declared.map(({ secrets, ...row }) => {
    const placeOf = (field: string): string => toolServerPlace(row.name, field);
    return { ...row, sealed: sealFields(writing, placeOf, secrets, stored.get(row.name)) };
  });
  return replaceOwnedRows(queries, shape, owner, rows, prunes);
}
