// A house with a database in memory and some traffic behind it, for tests of what is told of usage: two keys, two priced
// models and one without a price, tags, end users, a failure and a refusal. Rows come from real requests only.
import { hashKey } from '../../src/core/key-hash.ts';
import type { VirtualKey } from '../../src/core/records.ts';
import { silentLog } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/index.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { insertKey } from '../../src/store/tables/keys.ts';
import { insertUsage } from '../../src/store/write-usage.ts';
import { newKey } from '../store/rows.ts';
import { completion, type House, masterKey, openHouse, type Told } from './house.ts';

export const ann = 'sk-ann-of-the-tests';
export const bob = 'sk-bob-of-the-tests';
export const hashes = { ann: hashKey(ann), bob: hashKey(bob), master: hashKey(masterKey) };

/** The days on which there was traffic: the test clock's first day and the one after. */
export const days = ['2027-01-15', '2027-01-16'] as const;

export interface ReportedHouse {
  readonly house: House;
  readonly database: Database;
  /** Asks for a report; the master key asks unless another is given. */
  readonly get: (path: string, key?: string | null) => Promise<Told>;
  /** Writes the rows that are not written yet. */
  readonly write: () => Promise<void>;
}

const cheap = { input_cost_per_token: 0.000_001, output_cost_per_token: 0.000_002 };
const dear = { input_cost_per_token: 0.000_1, output_cost_per_token: 0.000_3 };
const free = { input_cost_per_token: 0, output_cost_per_token: 0 };

/** Opens it and sends the traffic. Each answered request has 3 tokens in and 2 out. */
export async function openReportedHouse(): Promise<ReportedHouse> {
  const database = await pgliteDatabase({ log: silentLog });
  await migrate(database);
  const keys: VirtualKey[] = [
    await insertKey(
      database,
      newKey('a', { hash: hashes.ann, alias: 'ann', userId: 'ann', teamId: 'red', preview: 'sk-...ests' }),
    ),
    await insertKey(database, newKey('b', { hash: hashes.bob, userId: 'bob', preview: 'sk-...ests' })),
  ];
  const house = openHouse({
    database,
    keys,
    deployments: [
      { alias: 'fast', model: 'little', parameters: { prices: cheap } },
      { alias: 'deep', model: 'big', parameters: { prices: dear }, provider: 'groq' },
      { alias: 'odd', model: 'unheard-of' },
      { alias: 'free', model: 'free', parameters: { prices: free } },
      { alias: 'broken', model: 'broken', parameters: { prices: dear, retries: 0 } },
    ],
    upstream: ({ body }) =>
      body.model === 'broken' ? { status: 400, body: { error: { message: 'no' } } } : { body: completion('yes') },
  });
  let written = 0;
  const write = async () => {
    await insertUsage(database, house.rows.slice(written));
    written = house.rows.length;
  };
  const send = (key: string, model: string, more: object = {}) =>
    house.ask('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hello' }], ...more }, { key });
  await send(ann, 'fast', { tags: ['nightly', 'eval'], user: 'carol' });
  await send(ann, 'deep', { tags: ['nightly'] });
  await send(ann, 'odd');
  await send(bob, 'fast', { user: 'dave', litellm_session_id: 's-1' });
  await send(bob, 'broken');
  await send(bob, 'no-such-model');
  house.clock.pass(86_400_000);
  await send(ann, 'deep');
  await send(bob, 'free');
  await send(masterKey, 'fast');
  await write();
  const get: ReportedHouse['get'] = (path, key = masterKey) => {
    const [route = '', query = ''] = path.split('?');
    return house.ask(route, undefined, { key, query });
  };
  return { house, database, get, write };
}
