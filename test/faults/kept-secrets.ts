// The sealed values of a real database as a test sees them: what they open to, which keys they need, and all that stands beside them.

import { silentLog } from '../../src/kit/log.ts';
import { keyIdOf, type Sealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';

interface Row {
  readonly name: string;
  readonly sealed: Readonly<Record<string, string>>;
}

export interface Kept {
  /** Takes a number and a sealer; stores so many credentials of two values each. */
  fill(count: number, sealer: Sealer): Promise<void>;
  /** Takes a sealer; returns `name/field` → what it opens to. Throws when one does not open. */
  plain(sealer: Sealer): Promise<Record<string, string>>;
  /** The ids of the keys that values stand under. */
  keyIds(): Promise<string[]>;
  /** Every column of every row but the ciphertext, as the database writes it. */
  besides(): Promise<unknown[]>;
  /** Credentials and canary, whole. */
  everything(): Promise<unknown[]>;
  /** Makes one value that does not open and one under a key nobody has. */
  spoil(): Promise<void>;
  close(): Promise<void>;
}

/** Takes a database's address; returns what is asked of it. */
export function openKept(url: string): Kept {
  const database = postgresDatabase({ at: url, log: silentLog, poolSize: 2 });
  const read = () => database.query<Row>('select name, sealed from plumbline.credentials order by name');
  const set = (name: string, text: string) =>
    database.query(
      `update plumbline.credentials set sealed = jsonb_set(sealed, '{token}', to_jsonb($2::text)) where name = $1`,
      [name, text],
    );
  return {
    async fill(count, sealer) {
      const rows = Array.from({ length: count }, (_, index) => {
        const name = `secret-${index}`;
        const at = (field: string) =>
          sealer.seal(new Secret(`plain-${field}-${index}`), `credentials/${name}/${field}`);
        return { name, sealed: { api_key: at('api_key'), token: at('token') } };
      });
      await database.query(
        `insert into plumbline.credentials (name, owner, sealed, updated_at)
         select name, 'api', sealed, '2001-02-03 04:05:06.789012+00'
         from jsonb_to_recordset($1::jsonb) as made(name text, sealed jsonb)`,
        [JSON.stringify(rows)],
      );
    },
    async plain(sealer) {
      const values = (await read()).flatMap(({ name, sealed }) =>
        Object.entries(sealed).map(([field, text]) => [
          `${name}/${field}`,
          sealer.unseal(text, `credentials/${name}/${field}`).reveal(),
        ]),
      );
      return Object.fromEntries(values) as Record<string, string>;
    },
    async keyIds() {
      return [
        ...new Set((await read()).flatMap(({ sealed }) => Object.values(sealed).map((text) => String(keyIdOf(text))))),
      ];
    },
    besides: () =>
      database.query(`select (to_jsonb(c) - 'sealed')::text as rest from plumbline.credentials c order by name`),
    everything: () =>
      database.query(
        `select to_jsonb(c)::text as whole from plumbline.credentials c union all
         select to_jsonb(k)::text from plumbline.canary k order by 1`,
      ),
    async spoil() {
      const [one, other] = (await read()).filter(({ name }) => ['secret-0', 'secret-1'].includes(name));
      await set('secret-0', other?.sealed['token'] ?? '');
      await set('secret-1', String(one?.sealed['token']).replace(/^pl1:\w+/, 'pl1:0badf00d'));
    },
    close: () => database.close(),
  };
}
