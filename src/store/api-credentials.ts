// Credentials of the management API: added, changed, deleted; each in the caller's transaction. Docs: docs/secrets.md.
import { GatewayError } from '../core/errors.ts';
import { secretChanges } from '../core/posted-secrets.ts';
import type { Sealer } from '../kit/seal.ts';
import { holdOwnRow } from './api-row.ts';
import type { Queries } from './database.ts';
import { patchCredential, replaceCredentials } from './tables/credentials.ts';

/** Fields as posted; null takes one away. */
export type PostedFields = Readonly<Record<string, string | null>>;

/** Takes a name, posted fields and the keys; stores a credential that is new. Throws owned_elsewhere, field_invalid. */
export async function addCredential(
  queries: Queries,
  name: string,
  posted: PostedFields,
  sealer: Sealer,
): Promise<void> {
  if (await holdOwnRow(queries, 'credential', name)) {
    const message = `the credential ${name} is there already; change that one`;
    throw new GatewayError('field_invalid', { message, field: 'credential_name' });
  }
  const { set } = secretChanges(posted, []);
  await replaceCredentials(queries, 'api', [{ name, values: set }], sealer, false);
}

/** Takes a name, posted fields and the keys; changes what they change. Throws owned_elsewhere, credential_not_found, field_invalid. */
export async function changeCredential(
  queries: Queries,
  name: string,
  posted: PostedFields,
  sealer: Sealer,
): Promise<void> {
  if (!(await holdOwnRow(queries, 'credential', name))) throw unknown(name);
  await patchCredential(queries, name, posted, sealer);
}

/** Takes a name; deletes the credential. Throws owned_elsewhere, credential_not_found, field_invalid when a deployment is called with it. */
export async function deleteCredential(queries: Queries, name: string): Promise<void> {
  if (!(await holdOwnRow(queries, 'credential', name))) throw unknown(name);
  const users = await queries.query<{ id: string; alias: string }>(
    'select id, alias from plumbline.deployments where credential = $1 order by alias, position',
    [name],
  );
  if (users.length > 0) {
    const named = users.map(({ id, alias }) => `${alias} (${id})`).join(', ');
    const message = `the credential ${name} is what ${named} is called with; change or delete that first`;
    throw new GatewayError('field_invalid', { message, field: 'credential_name' });
  }
  await queries.query('delete from plumbline.credentials where name = $1', [name]);
}

function unknown(name: string): GatewayError {
  const message = `${name}; /credentials lists them`;
  return new GatewayError('credential_not_found', { message, field: 'credential_name' });
}
