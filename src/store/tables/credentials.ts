// Our credentials at providers, sealed. Invariant: no field of a row is readable; the table refuses what is not sealed.
import { secretChanges } from '../../core/posted-secrets.ts';
import type { CredentialRecord, DeclaredCredential, Owner } from '../../core/records.ts';
import type { Sealer } from '../../kit/seal.ts';
import { sealerFor } from '../canary.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import { sealFields } from '../seal-fields.ts';
import { credentialPlace } from '../sealed-place.ts';
import type { Table } from '../table.ts';

export const credentials: Table = {
  name: 'credentials',
  steps: [
    {
      id: '2026-11-23-02-credentials',
      sql: [
        `create table plumbline.credentials (
          id uuid primary key default gen_random_uuid(),
          name text not null unique check (name <> ''),
          owner text not null check (owner in ('file', 'environment', 'api')),
          sealed jsonb not null,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint credentials_sealed check (jsonb_typeof(sealed) = 'object' and not jsonb_path_exists(sealed,
            'strict $.* ? (@.type() <> "string" || !(@ starts with "pl1:"))'))
        )`,
        `create trigger tell_change after insert or update or delete on plumbline.credentials
          for each row execute function plumbline.tell_change()`,
      ],
    },
    {
      id: '2026-11-23-21-credentials-envelope',
      sql: [
        'alter table plumbline.credentials drop constraint credentials_sealed',
        `alter table plumbline.credentials add constraint credentials_sealed
          check (jsonb_typeof(sealed) = 'object' and not jsonb_path_exists(sealed,
            'strict $.* ? (@.type() <> "string" || !(@ like_regex "^pl1:[0-9a-f]{8}:[A-Za-z0-9_-]{38,}$"))'))`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'credential',
  table: 'plumbline.credentials',
  key: 'name',
  columns: { sealed: 'jsonb' },
  needed: 'exists (select 1 from plumbline.deployments where credential = held.name and owner <> $1)',
};

const placesOf =
  (name: string) =>
  (field: string): string =>
    credentialPlace(name, field);

/** Returns every credential, sealed. */
export function readCredentials(queries: Queries): Promise<CredentialRecord[]> {
  return queries.query<CredentialRecord>('select name, owner, sealed from plumbline.credentials order by name');
}

/**
 * Takes an owner and all it declares; makes them that owner's credentials. A value that is stored already keeps its sealed
 * text. Throws StartRefused when a stored value does not open: nothing is written over what another salt key sealed.
 */
export async function replaceCredentials(
  queries: Queries,
  owner: Owner,
  declared: readonly DeclaredCredential[],
  sealer: Sealer,
  prunes = true,
): Promise<Replaced> {
  const writing = await sealerFor(queries, sealer);
  const stored = new Map((await readCredentials(queries)).map((row) => [row.name, row.sealed]));
  const rows = declared.map(({ name, values }) => ({
    name,
    sealed: sealFields(writing, placesOf(name), values, stored.get(name)),
  }));
  return replaceOwnedRows(queries, shape, owner, rows, prunes);
}

/**
 * Takes a transaction, a credential's name, posted fields (see secretChanges) and the keys; changes what they change and leaves
 * every other field's ciphertext as it is. Returns the names of the fields it holds then, undefined when there is no such
 * credential. Throws field_invalid as secretChanges does.
 */
export async function patchCredential(
  queries: Queries,
  name: string,
  posted: Readonly<Record<string, string | null>>,
  sealer: Sealer,
): Promise<readonly string[] | undefined> {
  const writing = await sealerFor(queries, sealer);
  const [row] = await queries.query<Pick<CredentialRecord, 'sealed'>>(
    'select sealed from plumbline.credentials where name = $1 for update',
    [name],
  );
  if (row === undefined) return undefined;
  const { set, removed } = secretChanges(posted, Object.keys(row.sealed));
  const kept = Object.entries(row.sealed).filter(([field]) => !removed.includes(field));
  const sealed = {
    ...Object.fromEntries(kept),
    ...sealFields(writing, placesOf(name), set, openable(writing, name, row.sealed)),
  };
  await queries.query(
    `update plumbline.credentials set sealed = $2::jsonb, updated_at = now()
     where name = $1 and sealed is distinct from $2::jsonb`,
    [name, JSON.stringify(sealed)],
  );
  return Object.keys(sealed);
}

/** A value that does not open is no reason not to replace it. */
function openable(sealer: Sealer, name: string, stored: Readonly<Record<string, string>>): Record<string, string> {
  const opens = ([field, text]: [string, string]): boolean => {
    try {
      sealer.unseal(text, credentialPlace(name, field));
      return true;
    } catch {
      return false; // why not makes no difference here: the value is on its way out
    }
  };
  return Object.fromEntries(Object.entries(stored).filter(opens));
}
