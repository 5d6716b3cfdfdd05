// A PostgreSQL for adoptions: a fresh database for each LiteLLM and each of ours, and an adoption as the command carries it out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carryOut, type Outcome, planned } from '../../src/adopt/carry-out.ts';
import { bringHistory, type HistoryCounts } from '../../src/adopt/history.ts';
import { type Survey, type SurveyedFile, surveyLitellm } from '../../src/adopt/survey.ts';
import type { LitellmKey } from '../../src/kit/litellm-seal.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { adoptionState } from '../../src/store/adoption-state.ts';
import type { Database } from '../../src/store/database.ts';
import { hasEmbedded, startEmbedded } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/index.ts';
import { openLitellm } from '../../src/store/litellm/open-litellm.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { sealer } from '../store/rows.ts';
import { salt } from './litellm-database.ts';

export const noEmbedded = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';

export interface MadeDatabase {
  readonly database: Database;
  readonly address: Secret;
}

export interface Stage {
  /** Takes a name; makes an empty database. */
  make(name: string): Promise<MadeDatabase>;
  /** Takes a name; makes a database with our schema. */
  ours(name: string): Promise<MadeDatabase>;
  close(): Promise<void>;
}

/** Starts the server. */
export async function openStage(): Promise<Stage> {
  const dataDir = mkdtempSync(join(tmpdir(), 'plumbline-adopt-'));
  const server = await startEmbedded({ dataDir, log: silentLog });
  const { host, port, user, password, database: first } = server.connection;
  const admin = postgresDatabase({ at: server.connection, log: silentLog });
  const opened: Database[] = [admin];
  const make = async (name: string): Promise<MadeDatabase> => {
    await admin.query(`create database ${name} template template0 encoding 'UTF8'`);
    const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    const text = `postgresql://${account}@localhost/${name}?host=${encodeURIComponent(host)}&port=${port}`;
    const database = postgresDatabase({ at: text, log: silentLog });
    opened.push(database);
    return { database, address: new Secret(text) };
  };
  const ours = async (name: string) => {
    const made = await make(name);
    await migrate(made.database);
    return made;
  };
  const close = async () => {
    for (const database of opened) await database.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  if (first === '') throw new Error('the server has no database');
  return { make, ours, close };
}

export interface Adopting {
  readonly keys?: readonly LitellmKey[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly file?: SurveyedFile;
  readonly schema?: string;
  readonly accepted?: readonly string[];
  /** Milliseconds. */
  readonly since?: number;
}

export const saltKey: LitellmKey = { name: 'LITELLM_SALT_KEY', key: new Secret(salt) };

export interface Adopted {
  readonly survey: Survey;
  readonly outcome: Outcome;
  readonly history: HistoryCounts | null;
}

/** Takes LiteLLM's database and ours; adopts. */
export async function adoptInto(theirs: MadeDatabase, ours: MadeDatabase, how: Adopting = {}): Promise<Adopted> {
  return adopting(theirs, ours, how, async (survey, history) => {
    return { survey, outcome: await carryOut(ours.database, survey, sealer), history };
  });
}

/** Takes what adoptInto takes; only plans. */
export async function planInto(theirs: MadeDatabase, ours: MadeDatabase, how: Adopting = {}): Promise<Adopted> {
  const { before } = await adoptionState(ours.database);
  const { since: _, ...rest } = how;
  return adopting(theirs, ours, rest, (survey) =>
    Promise.resolve({ survey, outcome: planned(survey, before), history: null }),
  );
}

async function adopting(
  theirs: MadeDatabase,
  ours: MadeDatabase,
  { keys = [saltKey], environment = {}, file, schema = 'public', accepted = [], since }: Adopting,
  end: (survey: Survey, history: HistoryCounts | null) => Promise<Adopted>,
): Promise<Adopted> {
  const litellm = await openLitellm(theirs.address, schema, silentLog);
  try {
    const { names } = await adoptionState(ours.database);
    const survey = await surveyLitellm({ litellm, keys, environment, file, stored: names, accepted });
    const until = Date.now();
    const history =
      since === undefined ? null : await bringHistory(litellm, ours.database, { since, until }, () => undefined);
    return await end(survey, history);
  } finally {
    await litellm.close();
  }
}
