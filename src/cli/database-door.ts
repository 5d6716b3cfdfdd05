// How commands come to the gateway's database by themselves, beside a gateway that runs or without one.
// Invariant: a schema that is not this version's is refused; only a command that says so brings an older or empty one up to it.
import { existsSync } from 'node:fs';
import { AppRefused, effectiveConfig } from '../app.ts';
import { ensureKeys, keyFile } from '../config/keys-on-disk.ts';
import { loadConfig } from '../config/load.ts';
import { type Config, flagOf, type OptionName, optionRow } from '../config/options.ts';
import { complaintLine } from '../config/rules.ts';
import { textOf } from '../core/json.ts';
import { silentLog } from '../kit/log.ts';
import type { Secret } from '../kit/secret.ts';
import { compare, migrate, open as openStore, type Store } from '../store/index.ts';
import { StartRefused } from '../store/start-refused.ts';
import { CommandFailure, type CommandOption, exitCodes, type Terminal } from './command.ts';

const names = ['config', 'dataDir', 'databaseUrl', 'saltKey', 'saltKeyPrevious'] as const satisfies OptionName[];

/** The options of every command that opens the database: those that say where it is and how it is sealed, as serve takes them. */
export const databaseOptions: readonly CommandOption[] = names.map((name) => {
  const { kind, says } = optionRow(name);
  return kind === 'secret'
    ? { flags: `${flagOf(name)} <file>`, says: `File that holds it. ${says}` }
    : { flags: `${flagOf(name)} <${kind}>`, says };
});

/** Takes a command's options and terminal; returns the options in force, those of a configuration file included. Throws CommandFailure. */
export function configOf(options: Readonly<Record<string, unknown>>, terminal: Terminal): Config {
  const flags = Object.fromEntries(names.map((name) => [name, textOf(options[byFlag(name)])]));
  const loaded = loadConfig({ environment: terminal.environment, flags });
  if ('config' in loaded) return effectiveOrFailure(loaded.config, terminal);
  const says = loaded.complaints.map(complaintLine).join('\nplumbline: error: ');
  throw new CommandFailure(says, 'docs/config.md lists every option', exitCodes.usage);
}

function effectiveOrFailure(config: Config, terminal: Terminal): Config {
  try {
    return effectiveConfig(config, terminal.environment);
  } catch (thrown) {
    throw thrown instanceof AppRefused ? new CommandFailure(thrown.message, thrown.hint) : thrown;
  }
}

/** Commander names an option by its flag: `--salt-key-file` is saltKeyFile. */
function byFlag(name: OptionName): string {
  return flagOf(name)
    .replace(/^--/, '')
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Takes the options in force, what to do with the store, and whether an older or empty schema is brought up first; returns what
 * that returns, the store closed. Throws CommandFailure.
 */
export async function withStore<Result>(
  config: Config,
  act: (store: Store) => Promise<Result>,
  migrates = false,
): Promise<Result> {
  try {
    const store = await openBeside(config);
    try {
      if (migrates) await migrate(store.database);
      else await refuseSchema(store);
      return await act(store);
    } finally {
      await store.close();
    }
  } catch (thrown) {
    throw thrown instanceof StartRefused ? new CommandFailure(thrown.message, thrown.hint) : thrown;
  }
}

/**
 * Takes the options in force; returns the store, of whatever version. The embedded database of a gateway that runs is connected to, of one
 * that does not is started for as long as it takes. Throws StartRefused.
 */
export async function openBeside({ dataDir, databaseUrl }: Config): Promise<Store> {
  const options = { dataDir, log: silentLog, poolSize: 2, ...(databaseUrl === null ? {} : { databaseUrl }) };
  try {
    return await openStore(options);
  } catch (thrown) {
    const beside = databaseUrl === null && thrown instanceof StartRefused ? await openHeld(options) : undefined;
    if (beside === undefined) throw thrown;
    return beside;
  }
}

/** Undefined when nobody answers there either: then the reason of before is the one to tell. */
async function openHeld(options: Parameters<typeof openStore>[0]): Promise<Store | undefined> {
  let beside: Store | undefined;
  try {
    beside = await openStore({ ...options, isHeld: true });
    await beside.database.query('select 1');
    return beside;
  } catch {
    await beside?.close();
    return undefined;
  }
}

async function refuseSchema({ database }: Store): Promise<void> {
  const { missing, unknown, changed } = await compare(database);
  const [step] = [...missing, ...unknown, ...changed];
  if (step === undefined) return;
  throw new CommandFailure(
    missing.length > 0
      ? `the database has not taken the step ${step} of this version yet`
      : `the database is of another version: its step ${step} is not this one's`,
    missing.length > 0 ? 'start the gateway of this version once' : 'use the version that the gateway runs',
  );
}

/**
 * Takes the options in force; returns the salt key, and the others that may open what they sealed. Nothing is made here but by
 * the gateway itself. Throws CommandFailure.
 */
export function saltKeysOf(config: Config): { readonly saltKey: Secret; readonly otherSaltKeys: readonly Secret[] } {
  const path = keyFile(config.dataDir, 'saltKey');
  if (config.saltKey === null && !existsSync(path)) {
    throw new CommandFailure(
      `no salt key is configured, and there is none in ${path}`,
      'set PLUMBLINE_SALT_KEY, or name the data folder of the gateway with --data-dir',
    );
  }
  const keys = ensureKeys(config.dataDir, { ...config, masterKey: config.masterKey ?? config.saltKey });
  if (!('complaints' in keys)) return keys;
  throw new CommandFailure(keys.complaints.map(complaintLine).join('\n'), 'docs/secrets.md');
}
