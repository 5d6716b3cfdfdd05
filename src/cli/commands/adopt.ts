// plumbline adopt: a LiteLLM deployment's models, credentials, routing, keys and spend brought over from its database. Docs: docs/adopt.md.
// Invariants: LiteLLM's database is only read; without --yes nothing is changed anywhere.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, planned } from '../../adopt/carry-out.ts';
import { bringHistory, type HistoryCounts } from '../../adopt/history.ts';
import { surveyLitellm } from '../../adopt/survey.ts';
import { ensureKeys } from '../../config/keys-on-disk.ts';
import { type Config, flagOf, optionRow } from '../../config/options.ts';
import { complaintLine } from '../../config/rules.ts';
import { settle } from '../../config/settle.ts';
import { textOf } from '../../core/json.ts';
import { silentLog } from '../../kit/log.ts';
import { openSealer } from '../../kit/seal.ts';
import { adoptionState, nothingAdopted } from '../../store/adoption-state.ts';
import { refuseWrongKey } from '../../store/canary.ts';
import { type LitellmDatabase, openLitellm, schemaIn, shownAddress } from '../../store/litellm/open-litellm.ts';
import { type Adoption, adoptionJson, adoptionText } from '../adopt-report.ts';
import { type AdoptSources, adoptSources, readingOf } from '../adopt-sources.ts';
import { type Command, CommandFailure, exitCodes, type Terminal } from '../command.ts';
import { configOf, openBeside, withStore } from '../database-door.ts';

type Options = Readonly<Record<string, unknown>>;

export const adopt: Command = {
  name: 'adopt',
  usage: '',
  summary: 'Bring over what a LiteLLM deployment keeps in its database; its tables are only read',
  options: [
    { flags: '--database-url <address>', says: "LiteLLM's database. Else DATABASE_URL, which then holds ours too" },
    { flags: '--database-url-file <file>', says: 'File that holds it, so that no list of processes shows it' },
    {
      flags: '--schema <name>',
      says: "Schema of LiteLLM's tables. Else what ?schema= of the address says, else public",
    },
    {
      flags: '--salt-key-file <files...>',
      says: "LiteLLM's salt key, each a file; all are tried. LITELLM_SALT_KEY too",
    },
    { flags: '--master-key-file <files...>', says: "LiteLLM's master key, which seals where there is no salt key" },
    {
      flags: '--config <file>',
      says: 'Its config.yaml, for the names there; its models are brought by `plumbline apply`',
    },
    { flags: '--history <days>', says: 'Bring the usage rows of so many days over, too' },
    {
      flags: '--accept-not-yet <paths>',
      says: 'Settings that hold callers back and are not in force here, accepted all the same: general_settings.allowed_ips',
    },
    { flags: '--yes', says: 'Carry it out. Without it: say what would be done, and change nothing' },
    { flags: '--json', says: 'Print JSON' },
    { flags: `${flagOf('dataDir')} <path>`, says: optionRow('dataDir').says },
  ],
  examples: [
    'plumbline adopt --database-url postgresql://litellm@localhost:5434/litellm --salt-key-file salt-key',
    'plumbline adopt --config config.yaml --yes',
    'plumbline adopt --history 30 --yes --json',
  ],
  async run(_, options, terminal) {
    daysOf(options);
    const reading = readingOf(options, terminal);
    const config = settledConfig(configOf({ dataDir: options['dataDir'] }, terminal), reading);
    const sources = adoptSources(options, config, reading, terminal);
    const schema = textOf(options['schema']) ?? schemaIn(sources.address) ?? 'public';
    const litellm = await openLitellm(sources.address, schema, silentLog);
    try {
      if (litellm.tables.size === 0)
        throw new CommandFailure(
          `there are no tables of LiteLLM's in the schema ${schema} of ${shownAddress(sources.address)}`,
          'name their schema with --schema, or give an account that may read them',
        );
      const run: Run = { options, terminal, config, sources, litellm };
      const adoption = options['yes'] === true ? await carriedOut(run) : await rehearsed(run);
      terminal.say(options['json'] === true ? adoptionJson(adoption) : adoptionText(adoption));
      const isRefused = Object.values(adoption.outcome.counts).some(({ refused }) => refused > 0);
      return isRefused ? exitCodes.found : exitCodes.well;
    } finally {
      await litellm.close();
    }
  },
};

interface Run {
  readonly options: Options;
  readonly terminal: Terminal;
  readonly config: Config;
  readonly sources: AdoptSources;
  readonly litellm: LitellmDatabase;
}

function settledConfig(config: Config, reading: ReturnType<typeof readingOf>): Config {
  if (reading === undefined) return config;
  const settled = settle(config, reading.settings);
  if ('config' in settled) return settled.config;
  throw new CommandFailure(
    settled.complaints.map(complaintLine).join('\n'),
    'docs/config.md lists every option',
    exitCodes.usage,
  );
}

async function rehearsed(run: Run): Promise<Adoption> {
  const state = await stateOf(run.config);
  const survey = await surveyLitellm({ ...inputOf(run), stored: state.names });
  const outcome = planned(survey, state.before);
  return { ...placesOf(run), isCarriedOut: false, survey, outcome, history: null };
}

/** Nothing is made for a plan: a data folder that is not there stays away. */
async function stateOf(config: Config) {
  const isThere = ['postgres', 'pglite'].some((name) => existsSync(join(config.dataDir, name)));
  if (config.databaseUrl === null && !isThere) return nothingAdopted;
  const store = await openBeside(config);
  try {
    return await adoptionState(store.database);
  } finally {
    await store.close();
  }
}

async function carriedOut(run: Run): Promise<Adoption> {
  const { config, litellm } = run;
  const keys = ensureKeys(config.dataDir, { ...config, masterKey: config.masterKey ?? config.saltKey });
  if ('complaints' in keys) throw new CommandFailure(keys.complaints.map(complaintLine).join('\n'), 'docs/secrets.md');
  const sealer = openSealer(keys.saltKey, keys.otherSaltKeys);
  return withStore(
    config,
    async ({ database }) => {
      await refuseWrongKey(database, sealer);
      const { names } = await adoptionState(database);
      const survey = await surveyLitellm({ ...inputOf(run), stored: names });
      const history = await historyOf(run, (window, tell) => bringHistory(litellm, database, window, tell));
      const outcome = await carryOut(database, survey, sealer);
      return { ...placesOf(run), isCarriedOut: true, survey, outcome, history };
    },
    true,
  );
}

const dayMs = 86_400_000;
const rowsBetweenWords = 20_000;

function daysOf(options: Options): number | null {
  const given = textOf(options['history']);
  if (given === undefined) return null;
  const days = Number(given);
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days;
  const hint = 'for example --history 30';
  throw new CommandFailure('--history takes a number of days from 1 to 3650', hint, exitCodes.usage);
}

async function historyOf(
  { options, terminal }: Run,
  bring: (
    window: { readonly since: number; readonly until: number },
    tell: (sofar: HistoryCounts) => void,
  ) => Promise<HistoryCounts>,
): Promise<HistoryCounts | null> {
  const days = daysOf(options);
  if (days === null) return null;
  const until = Date.now();
  let told = 0;
  return bring({ since: until - days * dayMs, until }, ({ found, brought }) => {
    if (found - told < rowsBetweenWords) return;
    told = found;
    terminal.complain(`${found} usage rows read, ${brought} brought`);
  });
}

function inputOf({ options, terminal, config, sources, litellm }: Run) {
  const given = (textOf(options['acceptNotYet']) ?? '').split(/[\s,]+/).filter((path) => path !== '');
  const accepted = [...config.acceptNotYet, ...given];
  return { litellm, keys: sources.keys, environment: terminal.environment, file: sources.file, accepted };
}

function placesOf({
  options,
  config,
  sources,
  litellm,
}: Run): Pick<Adoption, 'from' | 'schema' | 'into' | 'historyDays'> {
  const into =
    config.databaseUrl === null
      ? `the gateway's own database in ${config.dataDir}`
      : `${shownAddress(config.databaseUrl)}, schema plumbline`;
  return { from: shownAddress(sources.address), schema: litellm.schema, into, historyDays: daysOf(options) };
}
