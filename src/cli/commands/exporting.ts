// plumbline export: prints the file that would bring about again what the database holds. Invariant: no secret is printed; each
// is named by a reference, and which variables are to be set is said.
import { suggestion } from '../../config/did-you-mean.ts';
import { type InForce, type NamedFields, type Written, writeLitellmFile } from '../../config/litellm-write.ts';
import { writePlumblineFile } from '../../config/plumbline-write.ts';
import type { NamedToolServer } from '../../config/tool-entry.ts';
import { textOf } from '../../core/json.ts';
import type { CredentialRecord, ToolServerRecord } from '../../core/records.ts';
import { openSealer, type Sealer } from '../../kit/seal.ts';
import type { Secret } from '../../kit/secret.ts';
import { refuseWrongKey } from '../../store/canary.ts';
import { readConfiguration } from '../../store/configuration.ts';
import { credentialPlace, toolServerPlace } from '../../store/sealed-place.ts';
import { readToolServers } from '../../store/tables/tool-servers.ts';
import { type Command, CommandFailure, exitCodes } from '../command.ts';
import { configOf, databaseOptions, saltKeysOf, withStore } from '../database-door.ts';

export const exporting: Command = {
  name: 'export',
  usage: '',
  summary: 'Print the configuration file that would bring about again what the database holds',
  options: [
    {
      flags: '--form <litellm|plumbline>',
      says: 'litellm (unless given): a config.yaml. plumbline: our own smaller form, which says all there is to say',
    },
    { flags: '--json', says: 'Print JSON: the file, what it cannot say, and the variables to set' },
    ...databaseOptions,
  ],
  examples: [
    'plumbline export > config.yaml',
    'plumbline export --form plumbline > plumbline.yaml',
    'plumbline export --json',
  ],
  async run(_args, options, terminal) {
    const write = writerOf(textOf(options['form']) ?? 'litellm');
    const config = configOf(options, terminal);
    const { saltKey, otherSaltKeys } = saltKeysOf(config);
    const sealer = openSealer(saltKey, otherSaltKeys);
    const { state, servers } = await withStore(config, async ({ database }) => {
      await refuseWrongKey(database, sealer);
      return { state: await readConfiguration(database), servers: await readToolServers(database) };
    });
    const variables = new Variables();
    const credentials = [...state.credentials.values()].map((credential) => namedFields(credential, sealer, variables));
    const toolServers = servers.map((server) => namedServer(server, sealer, variables));
    const aliases = [...state.aliases.values()];
    const { yaml, unsaid } = write({ ...state, aliases, credentials, toolServers });
    const named = [...credentials, ...toolServers].flatMap(({ references }) => Object.values(references));
    const secrets = [...new Set(named)].sort();
    if (options['json'] === true) {
      terminal.say(JSON.stringify({ yaml, unsaid, secrets }, null, 2));
      return exitCodes.well;
    }
    terminal.say(yaml.trimEnd());
    for (const line of unsaid) terminal.complain(`plumbline: note: ${line}`);
    if (secrets.length > 0) terminal.complain(`plumbline: note: secrets are looked up in ${secrets.join(', ')}`);
    return exitCodes.well;
  },
};

function writerOf(form: string): (state: InForce) => Written {
  const writers: Readonly<Record<string, (state: InForce) => Written>> = {
    litellm: writeLitellmFile,
    plumbline: writePlumblineFile,
  };
  const write = Object.hasOwn(writers, form) ? writers[form] : undefined;
  if (write !== undefined) return write;
  const known = Object.keys(writers);
  throw new CommandFailure(`there is no form ${form}`, suggestion(form, known) || known.join(' or '), exitCodes.usage);
}

function namedFields({ name, sealed }: CredentialRecord, sealer: Sealer, variables: Variables): NamedFields {
  const fields = Object.entries(sealed).map(([field, text]) => {
    const secret = sealer.unseal(text, credentialPlace(name, field));
    return [field, variables.referenceTo(secret, variableFor(name, field))] as const;
  });
  return { name, references: Object.fromEntries(fields) };
}

function namedServer({ sealed, ...record }: ToolServerRecord, sealer: Sealer, variables: Variables): NamedToolServer {
  const fields = Object.entries(sealed).map(([field, text]) => {
    const secret = sealer.unseal(text, toolServerPlace(record.name, field));
    return [field, variables.referenceTo(secret, asVariable(`tool_${record.name}_${field}`))] as const;
  });
  return { record, references: Object.fromEntries(fields) };
}

/** `variable/NAME` was read from NAME; other names are made fit to be one. */
function variableFor(name: string, field: string): string {
  const given = /^variable\/(.+)$/.exec(name)?.[1];
  return given !== undefined && field === 'api_key' ? given : asVariable(`${name}_${field}`);
}

const asVariable = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');

/** Names of variables for secrets: no two secrets share one. */
class Variables {
  readonly #taken = new Map<string, Secret>();

  /** A secret that only names where it is kept keeps that name; any other gets a variable, named after what is given. */
  referenceTo(secret: Secret, wish: string): string {
    const written = secret.reference()?.written;
    if (written !== undefined) return written;
    let name = wish;
    for (let number = 2; this.#taken.get(name)?.equals(secret) === false; number++) name = `${wish}_${number}`;
    this.#taken.set(name, secret);
    return `os.environ/${name}`;
  }
}
