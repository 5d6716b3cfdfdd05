// Where an adoption reads: LiteLLM's database, the keys it may have sealed with, and its configuration file.
import { readFileSync } from 'node:fs';
import { readFile } from '../admin/read-file.ts';
import { fileAliases } from '../adopt/file-aliases.ts';
import type { SurveyedFile } from '../adopt/survey.ts';
import type { FileReading } from '../config/file-reading.ts';
import type { Config } from '../config/options.ts';
import { textOf } from '../core/json.ts';
import type { LitellmKey } from '../kit/litellm-seal.ts';
import { Secret } from '../kit/secret.ts';
import { CommandFailure, exitCodes, type Terminal } from './command.ts';

type Options = Readonly<Record<string, unknown>>;

/** LiteLLM's side, as the command is told of it. */
export interface AdoptSources {
  readonly address: Secret;
  readonly keys: readonly LitellmKey[];
  readonly file: SurveyedFile | undefined;
}

/** Takes the file's path as given; returns its reading, undefined when none is given. Its errors are not ours to judge here. */
export function readingOf(options: Options, terminal: Terminal): FileReading | undefined {
  const path = textOf(options['config']);
  return path === undefined ? undefined : readFile(path, terminal.environment);
}

/** Takes the options, our own in force, the file's reading and the terminal; returns LiteLLM's side. Throws CommandFailure. */
export function adoptSources(
  options: Options,
  config: Config,
  reading: FileReading | undefined,
  terminal: Terminal,
): AdoptSources {
  const address = addressOf(options) ?? reading?.databaseUrl ?? config.databaseUrl;
  if (address === null) {
    const hint = 'give --database-url, or set DATABASE_URL, as for LiteLLM';
    throw new CommandFailure("LiteLLM's database is not named", hint, exitCodes.usage);
  }
  const path = textOf(options['config']);
  const file = path === undefined || reading === undefined ? undefined : { path, ...namesIn(path, reading) };
  return { address, keys: keysOf(options, config, reading, terminal), file };
}

function addressOf(options: Options): Secret | undefined {
  const given = textOf(options['databaseUrl']);
  if (given !== undefined) return new Secret(given);
  const file = textOf(options['databaseUrlFile']);
  return file === undefined ? undefined : secretIn(file);
}

/** Every key that was ever used may still seal a row: all are tried. */
function keysOf(
  options: Options,
  config: Config,
  reading: FileReading | undefined,
  { environment }: Terminal,
): LitellmKey[] {
  const files = (name: string): LitellmKey[] =>
    filesIn(options[name]).map((file) => ({ name: file, key: secretIn(file) }));
  const variables = ['LITELLM_SALT_KEY', 'LITELLM_MASTER_KEY'].flatMap((name) => {
    const text = environment[name] || reading?.environmentVariables[name];
    return text === undefined || text === '' ? [] : [{ name, key: new Secret(text) }];
  });
  const others = [
    ['the salt key', config.saltKey],
    ['the master key of the file', reading?.masterKey],
    ['the master key', config.masterKey],
  ] as const;
  const configured = others.flatMap(([name, key]) => (key === null || key === undefined ? [] : [{ name, key }]));
  const all = [...files('saltKeyFile'), ...files('masterKeyFile'), ...variables, ...configured];
  return all.filter(({ key }, index) => all.findIndex((other) => other.key.equals(key)) === index);
}

function filesIn(given: unknown): readonly string[] {
  return (Array.isArray(given) ? given : [given]).filter((file): file is string => typeof file === 'string');
}

function secretIn(path: string): Secret {
  try {
    return new Secret(readFileSync(path, 'utf8').trim());
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw new CommandFailure(
      `${path} cannot be read (${reason})`,
      'check the path and who may read it',
      exitCodes.usage,
    );
  }
}

function namesIn(path: string, { declaration }: FileReading): Omit<SurveyedFile, 'path'> {
  return {
    names: declaration.aliases.map(({ name }) => name),
    aliases: fileAliases(readFileSync(path, 'utf8')),
  };
}
