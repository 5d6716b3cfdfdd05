// LiteLLM's named credentials → ours, sealed once. What they hold beside secrets (an address, a version) is laid under the models that
// name them, as LiteLLM does when it calls.
import { isSecretField } from '../config/litellm-keys.ts';
import type { JsonObject } from '../core/json.ts';
import { addCredential, changeCredential } from '../store/api-credentials.ts';
import type { LitellmRow } from '../store/litellm/litellm-rows.ts';
import { readCredentials } from '../store/tables/credentials.ts';
import { checksumOf, type Gathered } from './item.ts';
import type { FieldOpener } from './opened-fields.ts';

export const credentialTable = 'LiteLLM_CredentialsTable';

export interface NamedFields {
  /** In the clear: hand it on, never print it. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly plain: JsonObject;
}

/** Takes rows of credentials and where to gather; gathers an item for each, and returns what they hold by name. */
export async function gatherCredentials(
  rows: AsyncIterable<LitellmRow>,
  opener: FieldOpener,
  gathered: Gathered,
): Promise<ReadonlyMap<string, NamedFields>> {
  const named = new Map<string, NamedFields>();
  for await (const row of rows) {
    gathered.found.credential += 1;
    const name = String(row['credential_name']);
    const place = { table: credentialTable, row: name, field: 'credential_values' };
    const { fields, findings, isWhole } = opener.open(row['credential_values'], place);
    gathered.findings.push(...findings);
    const values = Object.entries(fields).filter(([, value]) => value !== null && value !== '');
    const secrets = Object.fromEntries(
      values.filter(([field]) => isSecretField(field)).map(([field, value]) => [field, textFor(value)]),
    );
    if (isWhole)
      named.set(name, { secrets, plain: Object.fromEntries(values.filter(([field]) => !isSecretField(field))) });
    if (!isWhole) {
      const says = 'it is not brought over: a value does not open';
      gathered.refuse('credential', { ...place, says, mend: 'see the finding about that value' });
    } else if (Object.keys(secrets).length > 0) gathered.items.push(itemOf(name, secrets, checksumOf(row)));
    else {
      const says = 'it holds no secret, so it is no credential here; what it holds stands with the models that name it';
      gathered.merge('credential', { ...place, says, mend: '' });
    }
  }
  return named;
}

function itemOf(name: string, secrets: NamedFields['secrets'], checksum: string): Gathered['items'][number] {
  return {
    kind: 'credential',
    id: name,
    name,
    checksum,
    isDisabled: false,
    async write(queries, sealer, before) {
      const isThere = (await readCredentials(queries)).some((credential) => credential.name === name);
      if (isThere && before !== undefined) await changeCredential(queries, name, secrets, sealer);
      else await addCredential(queries, name, secrets, sealer);
      return { ourId: name };
    },
  };
}

/** A service account's key may be stored as an object. */
function textFor(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
