// What a config.yaml says of the boot options: general_settings, environment_variables, and who may read the metrics.
import { Secret } from '../kit/secret.ts';
import type { Desk, Section, Variables } from './litellm-section.ts';
import type { Findings, Located } from './notices.ts';
import { optionNames, optionRow, variablesOf } from './options.ts';
import { parseOption, shapeOf } from './parse-option.ts';
import type { Dictionary, Tree } from './yaml-source.ts';
import { entryOf, isNothing, Reader, resolveReferences } from './yaml-values.ts';

interface Setting<Value> {
  readonly value: Value;
  /** `config.yaml:3:5 general_settings.master_key` */
  readonly at: string;
}

/** Boot options that a file may set. */
export interface FileSettings {
  readonly masterKey?: Setting<Secret>;
  readonly saltKey?: Setting<Secret>;
  readonly databaseUrl?: Setting<Secret>;
  readonly databasePool?: Setting<number>;
  readonly bodyLimit?: Setting<number>;
  readonly metricsAccess?: Setting<'open' | 'key'>;
  readonly storeContents?: Setting<boolean>;
  readonly usageRetentionDays?: Setting<number>;
}

/**
 * Takes the whole file and the environment; returns the section environment_variables with references resolved. As in
 * LiteLLM its values win over the environment's. They are laid over for this file's reading only.
 */
export function readEnvironmentSection(
  top: Dictionary | undefined,
  environment: Variables,
  findings: Findings,
  readText: (path: string) => string,
): Readonly<Record<string, string>> {
  const section = entryOf(top, 'environment_variables');
  if (section === undefined || isNothing(section.value)) return {};
  const values = resolveReferences(section.value, { variables: environment, readText }, (at, { says, mend }) =>
    findings.error(at, says, mend),
  );
  if (values.kind === 'dictionary') for (const entry of values.entries) warnTooLate(entry.key, entry, findings);
  return new Reader(findings).textMap(values) ?? {};
}

const readHere = ['LITELLM_MASTER_KEY', 'LITELLM_SALT_KEY', 'DATABASE_URL'];

/** Options are read before the file, so a file cannot set them by their variables. */
function warnTooLate(name: string, at: Located, findings: Findings): void {
  const isOption = optionNames.some((option) => variablesOf(option).includes(name)) || name.startsWith('PLUMBLINE_');
  if (isOption && !readHere.includes(name))
    findings.warning(at, 'this was read before the file, so it has no effect here', `set ${name} in the environment`);
}

/** Takes general_settings, litellm_settings and the variables the file sets; returns the boot options they give. */
export function readBootSettings(
  desk: Desk,
  general: Section,
  library: Section,
  top: Dictionary | undefined,
): FileSettings {
  const variables = entryOf(top, 'environment_variables')?.value;
  const variable = (name: string): Tree | undefined => {
    const entry = entryOf(variables, name);
    return entry === undefined ? undefined : resolveReferences(entry.value, desk, () => undefined);
  };
  const megabyte = 1024 * 1024;
  return {
    ...part('masterKey', secret(desk, 'masterKey', general.get('master_key') ?? variable('LITELLM_MASTER_KEY'))),
    ...part('saltKey', secret(desk, 'saltKey', variable('LITELLM_SALT_KEY'))),
    ...part('databaseUrl', secret(desk, 'databaseUrl', general.get('database_url') ?? variable('DATABASE_URL'))),
    ...part('databasePool', number(desk, 'databasePool', general.get('database_connection_pool_limit'), 1)),
    ...part('bodyLimit', number(desk, 'bodyLimit', general.get('max_request_size_mb'), megabyte)),
    ...part('metricsAccess', metricsAccess(desk, library.get('require_auth_for_metrics_endpoint'))),
    ...part('storeContents', storeContents(desk, general, library)),
    ...part('usageRetentionDays', wholeDays(desk, general.get('maximum_spend_logs_retention_period'))),
  };
}

function part<Name extends string, Value>(name: Name, setting: Value | undefined): { [Key in Name]?: Value } {
  return (setting === undefined ? {} : { [name]: setting }) as { [Key in Name]?: Value };
}

function secret(
  desk: Desk,
  option: 'masterKey' | 'saltKey' | 'databaseUrl',
  tree: Tree | undefined,
): Setting<Secret> | undefined {
  if (tree === undefined || isNothing(tree)) return undefined;
  const text = desk.read.loose(tree);
  const parsed = text === undefined ? undefined : parseOption(optionRow(option), text);
  if (parsed === undefined) return undefined;
  if ('value' in parsed && parsed.value instanceof Secret) return { value: parsed.value, at: placeText(tree) };
  desk.findings.error(tree, 'says' in parsed ? parsed.says : 'not a secret', 'correct it, or remove this line');
  return undefined;
}

function number(
  desk: Desk,
  option: 'databasePool' | 'bodyLimit',
  tree: Tree | undefined,
  unit: number,
): Setting<number> | undefined {
  if (tree === undefined) return undefined;
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = optionRow(option);
  const given = desk.read.number(tree);
  if (given === undefined) return undefined;
  const value = Math.round(given * unit);
  if (value >= least && value <= most) return { value, at: placeText(tree) };
  desk.findings.error(
    tree,
    `expected ${least / unit} to ${most / unit}, found ${given}`,
    'choose a number in that range',
  );
  return undefined;
}

function metricsAccess(desk: Desk, tree: Tree | undefined): FileSettings['metricsAccess'] {
  const needsKey = tree === undefined ? undefined : desk.read.yesNo(tree);
  if (tree === undefined || needsKey === undefined) return undefined;
  return { value: needsKey ? 'key' : 'open', at: placeText(tree) };
}

/** LiteLLM redacts what it stores when messages are not to be logged. */
function storeContents(desk: Desk, general: Section, library: Section): Setting<boolean> | undefined {
  const off = yesNo(desk, library.get('turn_off_message_logging'));
  return off?.value === true ? { value: false, at: off.at } : yesNo(desk, general.get('store_prompts_in_spend_logs'));
}

function yesNo(desk: Desk, tree: Tree | undefined): Setting<boolean> | undefined {
  const value = tree === undefined ? undefined : desk.read.yesNo(tree);
  return tree === undefined || value === undefined ? undefined : { value, at: placeText(tree) };
}

const days: Readonly<Record<string, number>> = { s: 1 / 86_400, m: 1 / 1440, h: 1 / 24, d: 1, w: 7, mo: 30 };

/** LiteLLM's durations; whole days are dropped, so a part of one counts as one. */
function wholeDays(desk: Desk, tree: Tree | undefined): Setting<number> | undefined {
  if (tree === undefined || isNothing(tree)) return undefined;
  const text = desk.read.loose(tree);
  if (text === undefined) return undefined;
  const [, count = '', unit = ''] = /^(\d{1,9})(s|m|h|d|w|mo)$/.exec(text.trim()) ?? [];
  const value = Math.ceil(Number(count) * (days[unit] ?? 0));
  const { most = value } = optionRow('usageRetentionDays');
  if (value >= 1 && value <= most) return { value, at: placeText(tree) };
  desk.findings.error(
    tree,
    `expected a time such as 30d or 12h, found ${shapeOf(text)}`,
    'correct it, or remove this line',
  );
  return undefined;
}

function placeText({ place, path }: Located): string {
  return `${place.file}:${place.line}:${place.column} ${path}`;
}
