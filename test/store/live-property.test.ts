// Whatever is edited, by whoever: two gateways on one database serve exactly what is stored, and each deployment with its own credential.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { AliasRecord, Declaration, DeploymentRecord } from '../../src/core/records.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { readConfiguration } from '../../src/store/configuration.ts';
import type { Database } from '../../src/store/database.ts';
import { decommissionModel } from '../../src/store/decommission.ts';
import { hasEmbedded, startEmbedded } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/index.ts';
import { type Live, openLive } from '../../src/store/live.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { deleteKeys, insertKey, readKeys, updateKey } from '../../src/store/tables/keys.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { newKey, sealer } from './rows.ts';
import { until } from './until.ts';

const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
/** The longest that an edit may take to be everywhere. */
const followedMs = 2_000;
const folder = temporaryFolder();
const opened: Database[] = [];
let stop = async (): Promise<void> => undefined;
let writer: Database;
let views: readonly Live[] = [];

before(async () => {
  if (skip !== false) return;
  const server = await startEmbedded({ dataDir: folder.path, log: silentLog });
  stop = () => server.stop();
  for (let index = 0; index < 3; index++) opened.push(postgresDatabase({ at: server.connection, log: silentLog }));
  const [first, ...others] = opened;
  assert.ok(first);
  writer = first;
  await migrate(writer);
  views = await Promise.all(others.map((database) => openLive(database, silentLog)));
});
after(async () => {
  for (const view of views) await view.close();
  for (const database of opened) await database.close();
  await stop();
  folder.remove();
});

/** A declaration in which each model's name tells the secret it is called with. */
function declarationOf(
  owner: Declaration['owner'],
  models: readonly number[],
  secret: number,
  retries: number,
): Declaration {
  const bare = { target: null, hidden: false, strategy: null, retryPolicy: {} };
  const alias = (number: number): AliasRecord => ({
    ...bare,
    name: `${owner}-${number}`,
    owner,
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
  });
  const deployment = (number: number, position: number): DeploymentRecord => ({
    id: `${owner}-${number}-${position}`,
    alias: `${owner}-${number}`,
    owner,
    position,
    provider: 'openai',
    model: `m${position}-${secret}`,
    baseUrl: null,
    credential: `${owner}-c`,
    parameters: {},
    info: {},
  });
  return {
    owner,
    aliases: models.map(alias),
    deployments: models.flatMap((number) => [deployment(number, 0), deployment(number, 1)]),
    credentials: [{ name: `${owner}-c`, values: { api_key: new Secret(`s${secret}`) } }],
    router: owner === 'file' ? { retries } : {},
    toolServers: [],
  };
}

const models = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
const small = fc.integer({ min: 0, max: 3 });
const digit = fc.constantFrom('a', 'b', 'c');
const edits = {
  declare: fc.tuple(fc.constantFrom('file' as const, 'api' as const), models, small, small),
  decommission: models,
  key: fc.tuple(digit, fc.constantFrom('made', 'blocked', 'gone')),
};
const edit = fc.oneof(
  edits.declare.map(([owner, numbers, secret, retries]) => async () => {
    await replaceOwned(writer, declarationOf(owner, numbers, secret, retries), sealer);
  }),
  edits.decommission.map((numbers) => async () => {
    for (const number of numbers) {
      const take = writer.transaction((queries) => decommissionModel(queries, `api-${number}-0`));
      await take.catch(refusedAsItMay);
    }
  }),
  // One row by hand, as whoever has the database may.
  small.map((retries) => async () => {
    await writer.query(`update plumbline.settings set value = to_jsonb($1::int) where name = 'router.retries'`, [
      retries,
    ]);
  }),
  edits.key.map(([hash, what]) => async () => {
    if (what === 'made') await insertKey(writer, newKey(hash)).catch(refusedAsItMay);
    else if (what === 'blocked') await updateKey(writer, hash.repeat(64), { blocked: true });
    else await deleteKeys(writer, { hashes: [hash.repeat(64)] });
  }),
);

/** What is there already, or not there, is refused; nothing else is. */
function refusedAsItMay(thrown: unknown): void {
  assert.match(String((thrown as { code?: unknown }).code), /key_exists|model_not_found|field_invalid/);
}

async function stored(): Promise<unknown> {
  const { deployments, credentials, aliases, router, canary } = await readConfiguration(writer);
  const keys = (await readKeys(writer)).toSorted((one, other) => (one.hash < other.hash ? -1 : 1));
  return { keys, aliases: [...aliases.values()], deployments, credentials: [...credentials.values()], router, canary };
}

function served(view: Live): unknown {
  const { keys, ...rows } = view.rows();
  return { ...rows, keys: keys.toSorted((one, other) => (one.hash < other.hash ? -1 : 1)) };
}

/** Returns the models of a view that are, at this moment, without a credential or with one of another declaration. */
function mixedIn(view: Live): readonly string[] {
  const { deployments, credentials } = view.rows();
  const isMixed = ({ model, credential }: DeploymentRecord): boolean => {
    const sealed = credentials.find(({ name }) => name === credential)?.sealed['api_key'];
    if (sealed === undefined) return true;
    const secret = sealer.unseal(sealed, credentialPlace(credential ?? '', 'api_key'));
    return !secret.equals(new Secret(`s${model.split('-')[1]}`));
  };
  return deployments.filter(isMixed).map(({ model }) => model);
}

test('after any edits two gateways serve exactly what is stored, within two seconds', {
  skip,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (changes) => {
      for (const change of changes) await change();
      const wanted = await stored();
      const everywhere = (): boolean => views.every((view) => isDeepStrictEqual(served(view), wanted));
      await until('both to serve what is stored', async () => everywhere(), followedMs).catch(() => {
        for (const view of views) assert.deepEqual(served(view), wanted);
      });
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('a model and its credential switch together, however often they change and are read', { skip }, async () => {
  const mixed: string[] = [];
  const forget = views.map((view) => view.onChange(() => void mixed.push(...mixedIn(view))));
  let isChanging = true;
  const reading = views.map(async (view) => {
    while (isChanging) await view.refresh();
  });
  try {
    for (let secret = 0; secret < 200; secret++)
      await replaceOwned(writer, declarationOf('file', [1, 2, 3, 4], secret, 0), sealer);
  } finally {
    isChanging = false;
  }
  await Promise.all(reading);
  for (const end of forget) end();
  assert.deepEqual(mixed, []);
});
