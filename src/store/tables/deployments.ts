// Models at providers, each under an alias. Room is left for a fingerprint that keeps two equal ones from one alias.
import type { DeploymentRecord, Owner } from '../../core/records.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import type { Table } from '../table.ts';

export const deployments: Table = {
  name: 'deployments',
  steps: [
    {
      id: '2026-11-23-04-deployments',
      sql: [
        `create table plumbline.deployments (
          id text primary key check (id <> ''),
          alias text not null
            references plumbline.aliases (name) on update cascade deferrable initially deferred,
          owner text not null check (owner in ('file', 'environment', 'api')),
          position integer not null,
          provider text not null,
          model text not null,
          base_url text,
          credential text
            references plumbline.credentials (name) on update cascade deferrable initially deferred,
          parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
          info jsonb not null default '{}' check (jsonb_typeof(info) = 'object'),
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`,
        'create index deployments_alias on plumbline.deployments (alias, position)',
        'create index deployments_credential on plumbline.deployments (credential)',
        `create trigger tell_change after insert or update or delete on plumbline.deployments
          for each row execute function plumbline.tell_change()`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'deployment',
  table: 'plumbline.deployments',
  key: 'id',
  columns: {
    alias: 'text',
    position: 'integer',
    provider: 'text',
    model: 'text',
    base_url: 'text',
    credential: 'text',
    parameters: 'jsonb',
    info: 'jsonb',
  },
};

/** Returns every deployment, by alias and position. */
export function readDeployments(queries: Queries): Promise<DeploymentRecord[]> {
  return queries.query<DeploymentRecord>(
    `select id, alias, owner, position, provider, model, base_url as "baseUrl", credential, parameters, info
     from plumbline.deployments order by alias, position, id`,
  );
}

/** Takes an owner and all it declares; makes them that owner's deployments. */
export function replaceDeployments(
  queries: Queries,
  owner: Owner,
  declared: readonly DeploymentRecord[],
  prunes = true,
): Promise<Replaced> {
  const rows = declared.map(({ id, alias, position, provider, model, baseUrl, credential, parameters, info }) => {
    return { id, alias, position, provider, model, base_url: baseUrl, credential, parameters, info };
  });
  return replaceOwnedRows(queries, shape, owner, rows, prunes);
}
