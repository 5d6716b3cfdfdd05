// plumbline credentials: what a running gateway shows to providers, by name and field, and changes of it. No value is ever shown, nor taken
// from the command line. Docs: docs/models.md.
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { changeOptions, rehearsed, sayChange } from '../changes-said.ts';
import { type Command, CommandFailure, exitCodes } from '../command.ts';
import { clientOptions, withGateway } from '../gateway-client.ts';
import type { ModelAct, Typed } from '../model-changes.ts';
import { credentialTable } from '../model-table.ts';
import { typedPlain, typedSecrets } from '../model-words.ts';

export const credentials: Command = {
  name: 'credentials',
  usage: '<action> [name]',
  summary: 'What a running gateway shows to providers, never its values: list, show NAME, add NAME, edit NAME, rm NAME',
  options: [
    {
      flags: '--secret <name=file...>',
      says: 'add, edit: fields, each read from a file (api_key=/run/secrets/openai)',
    },
    {
      flags: '--reference <name=reference...>',
      says: 'add, edit: fields by where they are kept (api_key=os.environ/NAME, api_key=cred:NAME)',
    },
    { flags: '--unset <fields...>', says: 'edit: fields to take away' },
    ...changeOptions,
    { flags: '--json', says: 'Print JSON' },
    ...clientOptions,
  ],
  examples: [
    'plumbline credentials list',
    'plumbline credentials show openai',
    'plumbline credentials add openai --reference api_key=os.environ/OPENAI_API_KEY --dry-run',
    'plumbline credentials edit openai --secret api_key=/run/secrets/openai',
    'plumbline credentials rm openai',
  ],
  async run([word = '', name], options, terminal) {
    const act = action('credentials', word, acts);
    return withGateway(options, terminal, (client) => act(client, { name, options, terminal }));
  },
};

const acts: Readonly<Record<string, ModelAct>> = {
  async list(client, typed) {
    return show(listOf((await client.get('/credentials')).credentials).filter(isObject), typed);
  },
  async show(client, typed) {
    const path = `/credentials/by_name/${encodeURIComponent(named('credentials', 'show', typed.name))}`;
    return show([await client.get(path)], typed);
  },
  async add(client, { name, options, terminal }) {
    const body = { credential_name: named('credentials', 'add', name), credential_values: valuesIn(options) };
    const answer = await client.send('POST', rehearsed('/credentials', options), body);
    return sayChange(`credential ${name}`, answer, options, terminal);
  },
  async edit(client, { name, options, terminal }) {
    const path = pathOf(named('credentials', 'edit', name));
    const answer = await client.send('PATCH', rehearsed(path, options), { credential_values: valuesIn(options) });
    return sayChange(`credential ${name}`, answer, options, terminal);
  },
  async rm(client, { name, options, terminal }) {
    const answer = await client.send('DELETE', rehearsed(pathOf(named('credentials', 'rm', name)), options), null);
    return sayChange(`credential ${name}`, answer, options, terminal);
  },
};

function show(items: readonly JsonObject[], { options, terminal }: Typed): number {
  terminal.say(options['json'] === true ? JSON.stringify(items, null, 2) : credentialTable(items));
  return exitCodes.well;
}

function pathOf(name: string): string {
  return `/credentials/${encodeURIComponent(name)}`;
}

function valuesIn(options: Readonly<Record<string, unknown>>): JsonObject {
  const gone = listOf(options['unset']).map((field) => [String(field), null]);
  const values = {
    ...typedPlain(options['reference'], '--reference'),
    ...typedSecrets(options['secret']),
    ...Object.fromEntries(gone),
  };
  if (Object.keys(values).length > 0) return values;
  throw new CommandFailure('no field was given', 'for example --secret api_key=/run/secrets/openai', exitCodes.usage);
}
