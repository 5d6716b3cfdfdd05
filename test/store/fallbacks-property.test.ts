// Whatever is edited, by whoever and at the same time: no stored fallback leads nowhere, as the gateway itself looks names up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { defaultRouterSettings } from '../../src/core/records.ts';
import { buildModelMap } from '../../src/gateway/model-map.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { providerByName } from '../../src/providers/index.ts';
import { deleteModel } from '../../src/store/api-models.ts';
import { settleRows } from '../../src/store/api-row.ts';
import { setRouterSettings } from '../../src/store/api-settings.ts';
import { readConfiguration } from '../../src/store/configuration.ts';
import { type Database, sqlStateOf, sqlStates } from '../../src/store/database.ts';
import { hasEmbedded, startEmbedded } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/index.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { leaning } from './fallback-cases.ts';
import { sealer } from './rows.ts';

const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
const folder = temporaryFolder();
let stop = async (): Promise<void> => undefined;
let database: Database;

before(async () => {
  if (skip !== false) return;
  const server = await startEmbedded({ dataDir: folder.path, log: silentLog });
  stop = () => server.stop();
  database = postgresDatabase({ at: server.connection, log: silentLog });
  await migrate(database);
});
after(async () => {
  await database?.close();
  await stop();
  folder.remove();
});

const own = { file: ['f1', 'f2', 'f/*'], api: ['a1', 'a2', 'a*'] } as const;
const called = fc.constantFrom('f1', 'f2', 'f/x', 'a1', 'a2', 'a3', 'file/f1', 'api/a1', 'f/*', 'gone');
const list = fc.uniqueArray(called, { maxLength: 2 });
const lists = fc.record({ fallbacks: list, contextWindowFallbacks: list, contentPolicyFallbacks: list });
const anybody = fc.constantFrom('file' as const, 'api' as const);
const declaring = anybody.chain((owner) =>
  fc.record({
    owner: fc.constant(owner),
    rows: fc.uniqueArray(fc.tuple(fc.constantFrom(...own[owner]), fc.option(lists, { freq: 2 })), {
      selector: ([name]) => name,
    }),
    defaults: fc.option(list, { freq: 1, nil: undefined }),
    prunes: fc.boolean(),
  }),
);
const names = fc.constantFrom(...own.file, ...own.api);

type Edit = () => Promise<unknown>;
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: declaring.map(({ owner, rows, defaults, prunes }) => () => {
      const declared = leaning(owner, Object.fromEntries(rows.map(([name, leans]) => [name, leans ?? {}])));
      const router = owner === 'file' && defaults !== undefined ? { defaultFallbacks: defaults } : {};
      return replaceOwned(database, { ...declared, router }, sealer, { prunes });
    }),
  },
  names.map(
    (name) => () =>
      database.transaction(async (queries) => {
        await deleteModel(queries, `api/${name}`);
        await settleRows(queries);
      }),
  ),
  list.map(
    (defaultFallbacks) => () => database.transaction((queries) => setRouterSettings(queries, { defaultFallbacks })),
  ),
  // By hand, as whoever has the database may.
  names.map(
    (name) => () =>
      database.transaction(async (queries) => {
        await queries.query('delete from plumbline.deployments where alias = $1', [name]);
        await queries.query('delete from plumbline.aliases where name = $1', [name]);
      }),
  ),
  names.map(
    (name) => () =>
      database.query('update plumbline.deployments set decommissioned_at = now() where alias = $1', [name]),
  ),
  fc.tuple(names, list).map(
    ([name, fallbacks]) =>
      () =>
        database.query(
          `update plumbline.aliases set settings = jsonb_set(settings, '{fallbacks}', to_jsonb($2::text[])) where name = $1`,
          [name, fallbacks],
        ),
  ),
);

/** What an edit may be refused with: what it would leave, whose it is, and another edit at the same time. */
function isRefusal(thrown: unknown): boolean {
  if (sqlStateOf(thrown) === sqlStates.foreignKeyViolation || sqlStateOf(thrown) === sqlStates.deadlock) return true;
  return /field_invalid|owned_elsewhere|model_not_found/.test(String((thrown as { code?: unknown }).code));
}

/** Returns every stored fallback, and those of them that the gateway does not find. */
async function storedFallbacks(): Promise<{ readonly all: number; readonly lost: readonly string[] }> {
  const { aliases, deployments, router } = await readConfiguration(database);
  const rows = { aliases: [...aliases.values()], deployments, credentials: [], router: defaultRouterSettings };
  const map = buildModelMap(rows, {
    priceOf: () => null,
    providerByName,
    unseal: () => new Secret(''),
    complain: () => undefined,
  });
  const all = [
    ...rows.aliases.flatMap((one) => [...one.fallbacks, ...one.contextWindowFallbacks, ...one.contentPolicyFallbacks]),
    ...(router.defaultFallbacks ?? []),
  ];
  return { all: all.length, lost: all.filter((name) => map.find(name) === undefined) };
}

test('after any edits, several at a time, no stored fallback leads nowhere', { skip }, async () => {
  const seen = { done: 0, refused: 0, fallbacks: 0 };
  const atOnce = fc.array(edit, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(atOnce, { minLength: 1, maxLength: 6 }), async (batches) => {
      for (const edits of batches) {
        for (const outcome of await Promise.allSettled(edits.map((change) => change()))) {
          if (outcome.status === 'rejected' && !isRefusal(outcome.reason)) throw outcome.reason;
          seen[outcome.status === 'rejected' ? 'refused' : 'done']++;
        }
        const { all, lost } = await storedFallbacks();
        assert.deepEqual(lost, []);
        seen.fallbacks += all;
      }
    }),
    { numRuns: 120, endOnFailure: true },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 50, `${what}: ${count}`);
});
