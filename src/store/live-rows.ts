// All that is followed of the database, as one value: what a start without the database serves from.
import type {
  AliasRecord,
  CredentialRecord,
  Declaration,
  DeploymentRecord,
  RouterSettings,
  VirtualKey,
} from '../core/records.ts';
import type { Sealer } from '../kit/seal.ts';
import { sealerOf } from './canary.ts';
import { credentialPlace } from './sealed-place.ts';

export interface LiveRows {
  readonly keys: readonly VirtualKey[];
  readonly aliases: readonly AliasRecord[];
  readonly deployments: readonly DeploymentRecord[];
  readonly credentials: readonly CredentialRecord[];
  readonly router: Partial<RouterSettings>;
  /** Sealed; null: nothing was ever read. */
  readonly canary: string | null;
}

export const noRows: LiveRows = { keys: [], aliases: [], deployments: [], credentials: [], router: {}, canary: null };

/**
 * Takes the rows last known and what is declared now; returns the rows as they will be once the declaration is brought in
 * (replace-owned.ts): a file takes the place of what was found in the environment too. Throws StartRefused when the rows are
 * sealed under another salt key.
 */
export function declaredOver(rows: LiveRows, declaration: Declaration, sealer: Sealer): LiveRows {
  const { owner } = declaration;
  const writing = rows.canary === null ? sealer : sealerOf(rows.canary, sealer);
  const stays = (row: { readonly owner: string }): boolean =>
    row.owner !== owner && !(owner === 'file' && row.owner === 'environment');
  const isOver =
    (names: readonly string[]) =>
    (row: { readonly name: string }): boolean =>
      !names.includes(row.name);
  const credentials = declaration.credentials.map(({ name, values }) => {
    const sealed = Object.entries(values).map(([field, secret]) => [
      field,
      writing.seal(secret, credentialPlace(name, field)),
    ]);
    return { name, owner, sealed: Object.fromEntries(sealed) as Record<string, string> };
  });
  return {
    keys: rows.keys,
    aliases: [
      ...rows.aliases.filter(stays).filter(isOver(declaration.aliases.map(({ name }) => name))),
      ...declaration.aliases,
    ],
    deployments: [...rows.deployments.filter(stays), ...declaration.deployments],
    credentials: [
      ...rows.credentials.filter(stays).filter(isOver(credentials.map(({ name }) => name))),
      ...credentials,
    ],
    router: { ...rows.router, ...declaration.router },
    canary: rows.canary,
  };
}
