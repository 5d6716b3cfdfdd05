// plumbline export: prints the file that would bring about again what the database holds. Invariant: no secret is printed; each
// is named by a reference, and which variables are to be set is said.
import { type NamedFields, writeLitellmFile } from '../../config/litellm-write.ts';
import type { CredentialRecord } from '../../core/records.ts';
import { openSealer, type Sealer } from '../../kit/seal.ts';
import { refuseWrongKey } from '../../store/canary.ts';
import { readConfiguration } from '../../store/configuration.ts';
import { credentialPlace } from '../../store/sealed-place.ts';
import { type Command, exitCodes } from '../command.ts';
import { configOf, databaseOptions, saltKeysOf, withStore } from '../database-door.ts';

export const exporting: Command = {
  name: 'export',
  usage: '',
  summary: 'Print the configuration file that would bring about again what the database holds',
  options: [
    { flags: '--json', says: 'Print JSON: the file, what it cannot say, and the variables to set' },
    ...databaseOptions,
  ],
  examples: ['plumbline export > config.yaml', 'plumbline export --json'],
  async run(_args, options, terminal) {
    const config = configOf(options, terminal);
    const { saltKey, otherSaltKeys } = saltKeysOf(config);
    const sealer = openSealer(saltKey, otherSaltKeys);
    const state = await withStore(config, async ({ database }) => {
      await refuseWrongKey(database, sealer);
      return readConfiguration(database);
    });
    const credentials = [...state.credentials.values()].map((credential) => namedFields(credential, sealer));
    const { yaml, unsaid } = writeLitellmFile({ ...state, aliases: [...state.aliases.values()], credentials });
    const variables = [...new Set(credentials.flatMap(({ references }) => Object.values(references)))].sort();
    if (options['json'] === true) {
      terminal.say(JSON.stringify({ yaml, unsaid, secrets: variables }, null, 2));
      return exitCodes.well;
    }
    terminal.say(yaml.trimEnd());
    for (const line of unsaid) terminal.complain(`plumbline: note: ${line}`);
    if (variables.length > 0) terminal.complain(`plumbline: note: secrets are looked up in ${variables.join(', ')}`);
    return exitCodes.well;
  },
};

/** A secret that only names where it is kept keeps that name; any other gets the name of a variable. */
function namedFields({ name, sealed }: CredentialRecord, sealer: Sealer): NamedFields {
  const fields = Object.entries(sealed).map(([field, text]) => {
    const secret = sealer.unseal(text, credentialPlace(name, field));
    return [field, secret.reference()?.written ?? `os.environ/${variableFor(name, field)}`] as const;
  });
  return { name, references: Object.fromEntries(fields) };
}

/** `variable/NAME` was read from NAME; other names are made fit to be one. */
function variableFor(name: string, field: string): string {
  const given = /^variable\/(.+)$/.exec(name)?.[1];
  if (given !== undefined && field === 'api_key') return given;
  return `${name}_${field}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}
