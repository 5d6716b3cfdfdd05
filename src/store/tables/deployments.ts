// Models at providers, each under an alias. Invariant: of two that are called alike under one alias, the table holds one: their
// fingerprints are the same. One that is decommissioned is history: it is never served, and its fingerprint is free again.
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
    {
      id: '2026-11-23-22-deployments-once',
      sql: [
        // What is taken out decides how much a deployment gets to do, not how it answers: `shares` in core/records.ts.
        `create function plumbline.fingerprint(provider text, model text, base_url text, credential text, parameters jsonb)
          returns text language sql immutable parallel safe as $$
            select encode(sha256(convert_to(jsonb_build_array(provider, model, base_url, credential, parameters
              - '{weight,rpm,tpm,order,maxParallel,cooldownMs,prices}'::text[])::text, 'UTF8')), 'hex')
          $$`,
        `alter table plumbline.deployments
          add column decommissioned_at timestamptz`,
        `alter table plumbline.deployments
          add column fingerprint text generated always as (case when decommissioned_at is null
            then plumbline.fingerprint(provider, model, base_url, credential, parameters) end) stored`,
        `delete from plumbline.deployments late using plumbline.deployments early
          where late.alias = early.alias and late.fingerprint = early.fingerprint
            and (early.position, early.id) < (late.position, late.id)`,
        // Looked at when the transaction ends, so that two may change places in one declaration.
        `alter table plumbline.deployments add constraint deployments_once
          unique (alias, fingerprint) deferrable initially deferred`,
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

const recordColumns = `id, alias, owner, position, provider, model, base_url as "baseUrl", credential, parameters, info`;

/** Returns every deployment that is in service, by alias and position. */
export function readDeployments(queries: Queries): Promise<DeploymentRecord[]> {
  return queries.query<DeploymentRecord>(
    `select ${recordColumns} from plumbline.deployments
     where decommissioned_at is null order by alias, position, id`,
  );
}

/** A deployment that was taken out of service, and when (milliseconds since 1970). */
export type DecommissionedRecord = DeploymentRecord & { readonly decommissionedAt: number };

/** Returns the deployments that are out of service, the latest first. */
export function readDecommissioned(queries: Queries): Promise<DecommissionedRecord[]> {
  return queries.query<DecommissionedRecord>(
    `select ${recordColumns}, extract(epoch from decommissioned_at)::float8 * 1000 as "decommissionedAt"
     from plumbline.deployments where decommissioned_at is not null order by decommissioned_at desc, id`,
  );
}

/**
 * Takes an owner and all it declares; makes them that owner's deployments. Where the management API holds the same under the same
 * alias, the API's row goes: a file that says so too must not be kept from starting.
 */
export async function replaceDeployments(
  queries: Queries,
  owner: Owner,
  declared: readonly DeploymentRecord[],
  prunes = true,
): Promise<Replaced> {
  const rows = declared.map(({ id, alias, position, provider, model, baseUrl, credential, parameters, info }) => {
    return { id, alias, position, provider, model, base_url: baseUrl, credential, parameters, info };
  });
  const replaced = await replaceOwnedRows(queries, shape, owner, rows, prunes);
  const taken = await queries.query<{ id: string }>(takeOver, [owner, declared.map(({ id }) => id)]);
  return { ...replaced, removed: [...replaced.removed, ...taken.map(({ id }) => id)] };
}

const takeOver = `delete from plumbline.deployments other using plumbline.deployments own
  where own.id = any($2::text[]) and own.owner = $1 and own.owner <> 'api' and other.owner = 'api'
    and other.alias = own.alias and other.fingerprint = own.fingerprint
  returning other.id`;
