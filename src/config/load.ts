// Environment and flags → a checked, deep-frozen Config, or all complaints at once. The only reader of process.env.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { didYouMean } from './did-you-mean.ts';
import {
  type Config,
  flagOf,
  type OptionName,
  type OptionRow,
  type OptionValues,
  optionNames,
  optionRow,
  ourVariable,
  type Source,
  variablesOf,
} from './options.ts';
import { parseOption } from './parse-option.ts';
import { refusedVariables } from './refused-variables.ts';
import { type Complaint, contradictions } from './rules.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadInput {
  readonly environment: Environment;
  /** By option name; for a secret, the path of its file. Absent and undefined mean: not given. */
  readonly flags?: Readonly<Partial<Record<OptionName, string | number | boolean | readonly string[] | undefined>>>;
  /** Reads a `…_FILE` twin; throws when it cannot. */
  readonly readText?: (path: string) => string;
}

export type Loaded = { readonly config: Config } | { readonly complaints: readonly Complaint[] };

/** Returns a frozen copy of the environment this process was started with. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/**
 * Takes environment and flags; returns the Config or every complaint. A flag wins over our variable, ours over
 * LiteLLM's, any over the default; an empty variable counts as not set. With a configuration file the combination
 * rules wait for `settle`, because the file may hold the master key.
 */
export function loadConfig({ environment, flags = {}, readText = readUtf8 }: LoadInput): Loaded {
  const values: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  const complaints = [...unknownVariables(environment), ...givenTwice(environment), ...refusedVariables(environment)];
  for (const name of optionNames) {
    const given = find(name, environment, flags);
    const result = given === undefined ? standard(name, environment) : take(name, given, readText);
    if ('says' in result) complaints.push(result);
    else [values[name], sources[name]] = [result.value, result.source];
  }
  if (complaints.length > 0) return { complaints };
  const config = freeze(values as OptionValues, sources as Config['sources']);
  const nonsense = config.config === null ? contradictions(config) : [];
  return nonsense.length > 0 ? { complaints: nonsense } : { config };
}

/** Takes option values and their sources; returns them as a deep-frozen Config. */
export function freeze(values: OptionValues, sources: Config['sources']): Config {
  for (const source of Object.values(sources)) Object.freeze(source);
  for (const value of Object.values(values)) if (Array.isArray(value)) Object.freeze(value);
  return Object.freeze({ ...values, sources: Object.freeze({ ...sources }) });
}

interface Given {
  readonly source: Source;
  readonly text: string;
  /** True when the text is the path of a file that holds the value. */
  readonly isFile: boolean;
}

type Taken = { readonly value: unknown; readonly source: Source } | Complaint;

/** The first place that gives this option a value, or undefined. */
function find(name: OptionName, environment: Environment, flags: NonNullable<LoadInput['flags']>): Given | undefined {
  const isSecret = optionRow(name).kind === 'secret';
  const flag = flags[name];
  if (flag !== undefined) return { source: { from: 'flag', name: flagOf(name) }, text: String(flag), isFile: isSecret };
  for (const variable of variablesOf(name)) {
    for (const twin of isSecret ? [variable, `${variable}_FILE`] : [variable]) {
      const text = environment[twin];
      if (text && !isServiceLink(twin, text))
        return { source: { from: 'environment', name: twin }, text, isFile: twin !== variable };
    }
  }
  return undefined;
}

function take(name: OptionName, given: Given, readText: (path: string) => string): Taken {
  const complain = (says: string): Complaint => ({ option: name, source: given.source.name, says, mend: mendOf(name) });
  const text = given.isFile ? contents(given.text, readText) : given.text;
  if (typeof text !== 'string') return complain(`cannot read the file it names: ${text.reason}`);
  if (text === '') return complain(given.isFile ? 'the file it names is empty' : 'it is empty');
  const parsed = parseOption(optionRow(name), text);
  if ('says' in parsed) return complain(parsed.says);
  return { value: parsed.value, source: given.isFile ? { ...given.source, path: given.text } : given.source };
}

function contents(path: string, readText: (path: string) => string): string | { readonly reason: string } {
  try {
    return readText(path).trim();
  } catch (thrown) {
    return { reason: thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable' };
  }
}

/** The default of an option that nobody gave. */
function standard(name: OptionName, environment: Environment): Taken {
  const row = optionRow(name);
  const value = row.default === undefined ? dataDirOf(environment) : row.default;
  if (value !== undefined) return { value, source: { from: 'default', name: 'default' } };
  return {
    option: name,
    source: ourVariable(name),
    says: 'it is not set, and this user has no home folder to put it in',
    mend: mendOf(name),
  };
}

/** The data folder by the XDG base directory rules (specifications.freedesktop.org/basedir-spec); relative values do not count. */
function dataDirOf(environment: Environment): string | undefined {
  const data = environment['XDG_DATA_HOME'];
  if (data?.startsWith('/')) return join(data, 'plumbline');
  const home = environment['HOME'] || homeOfUser();
  return home === undefined ? undefined : join(home, '.local', 'share', 'plumbline');
}

function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    // A user without an entry in the user table, as containers like to have; the caller complains by name.
    return undefined;
  }
}

/** What to write instead, from the option's row. */
function mendOf(name: OptionName): string {
  const row: OptionRow = optionRow(name);
  const variable = ourVariable(name);
  const example = typeof row.default === 'object' ? undefined : row.default;
  if (row.kind === 'secret') return `set ${variable}, or ${variable}_FILE to the path of a file that holds it`;
  return `set ${variable} or ${flagOf(name)}${example === undefined ? '' : `, for example ${example}`}`;
}

/** Names of ours that are not options: the tests' and the command line client's. */
const otherVariables = /^PLUMBLINE_(TEST_\w+|URL|KEY)$/;

/** True for what Kubernetes sets in every pod beside a Service called plumbline (kubernetes.io: accessing the service). */
function isServiceLink(name: string, value: string): boolean {
  if (name === 'PLUMBLINE_PORT') return /^(tcp|udp|sctp):\/\//.test(value);
  return /^PLUMBLINE_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(name);
}

function unknownVariables(environment: Environment): Complaint[] {
  const known = optionNames.flatMap((name) =>
    optionRow(name).kind === 'secret' ? [ourVariable(name), `${ourVariable(name)}_FILE`] : [ourVariable(name)],
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith('PLUMBLINE_') && !known.includes(name))
    .filter((name) => !otherVariables.test(name) && !isServiceLink(name, environment[name] ?? ''))
    .map((name) => {
      const meant = didYouMean(name, known);
      const mend = meant === undefined ? 'unset it; docs/config.md lists every option' : `did you mean ${meant}?`;
      return { option: null, source: name, says: 'there is no such option', mend };
    });
}

/** A secret in a variable and in its FILE twin: which one is meant cannot be told. */
function givenTwice(environment: Environment): Complaint[] {
  const secrets = optionNames.filter((name) => optionRow(name).kind === 'secret');
  return secrets.flatMap((option) =>
    variablesOf(option)
      .filter((name) => environment[name] && environment[`${name}_FILE`])
      .map((source) => ({ option, source, says: `it is given, and ${source}_FILE too`, mend: 'unset one of the two' })),
  );
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}
