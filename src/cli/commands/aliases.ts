// plumbline aliases: the names that clients of a running gateway call, what each leads to, and changes of that. Docs: docs/models.md.
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { changeOptions, rehearsed, sayChange } from '../changes-said.ts';
import { type Command, CommandFailure, exitCodes } from '../command.ts';
import { clientOptions, type GatewayClient, withGateway } from '../gateway-client.ts';
import type { ModelAct } from '../model-changes.ts';
import { aliasTable, objectFacts } from '../model-table.ts';

export const aliases: Command = {
  name: 'aliases',
  usage: '<action> [name]',
  summary: 'The names that clients of a running gateway call: list, show NAME, add NAME, edit NAME, rm NAME',
  options: [
    { flags: '--target <name>', says: 'add, edit: the name that it stands for' },
    { flags: '--hidden <yes-no>', says: 'add, edit: leave it out of lists of models' },
    { flags: '--strategy <name>', says: "add, edit: how one of its deployments is chosen; none for the router's" },
    {
      flags: '--fallbacks <names>',
      says: 'add, edit: names to ask in turn when it cannot answer, separated by commas; none for none',
    },
    ...changeOptions,
    { flags: '--json', says: 'Print JSON' },
    ...clientOptions,
  ],
  examples: [
    'plumbline aliases list',
    'plumbline aliases show gpt-4o --json',
    'plumbline aliases add fast --target gpt-4o --dry-run',
    'plumbline aliases edit gpt-4o --fallbacks claude,local --strategy least-busy',
    'plumbline aliases rm fast',
  ],
  async run([word = '', name], options, terminal) {
    const act = action('aliases', word, acts);
    return withGateway(options, terminal, (client) => act(client, { name, options, terminal }));
  },
};

const acts: Readonly<Record<string, ModelAct>> = {
  async list(client, { options, terminal }) {
    const rows = listOf((await client.get('/aliases')).data).filter(isObject);
    terminal.say(options['json'] === true ? JSON.stringify(rows, null, 2) : aliasTable(rows));
    return exitCodes.well;
  },
  async show(client, { name, options, terminal }) {
    const alias = await client.get(pathOf(named('aliases', 'show', name)));
    terminal.say(options['json'] === true ? JSON.stringify(alias, null, 2) : objectFacts(alias));
    return exitCodes.well;
  },
  async add(client, { name, options, terminal }) {
    const body = { name: named('aliases', 'add', name), ...changesIn(options) };
    const answer = await client.send('POST', rehearsed('/aliases', options), body);
    return sayChange(`alias ${name}`, answer, options, terminal);
  },
  async edit(client, { name, options, terminal }) {
    const body = changesIn(options);
    const path = pathOf(named('aliases', 'edit', name));
    if (Object.keys(body).length === 0) {
      throw new CommandFailure('nothing to change was given', 'for example --fallbacks claude', exitCodes.usage);
    }
    const answer = await client.send('PATCH', rehearsed(path, options), body);
    return sayChange(`alias ${name}`, answer, options, terminal);
  },
  async rm(client: GatewayClient, { name, options, terminal }) {
    const answer = await client.send('DELETE', rehearsed(pathOf(named('aliases', 'rm', name)), options), null);
    return sayChange(`alias ${name}`, answer, options, terminal);
  },
};

function pathOf(name: string): string {
  return `/aliases/${encodeURIComponent(name)}`;
}

function changesIn({ target, hidden, strategy, fallbacks }: Readonly<Record<string, unknown>>): JsonObject {
  return {
    ...(typeof target === 'string' ? { target } : {}),
    ...(typeof hidden === 'string' ? { hidden: yesNoIn(hidden) } : {}),
    ...(typeof strategy === 'string' ? { strategy: strategy === 'none' ? null : strategy } : {}),
    ...(typeof fallbacks === 'string' ? { fallbacks: fallbacks === 'none' ? [] : fallbacks.split(',') } : {}),
  };
}

function yesNoIn(text: string): boolean {
  if (/^(yes|true)$/.test(text)) return true;
  if (/^(no|false)$/.test(text)) return false;
  throw new CommandFailure(`--hidden takes yes or no, not ${text}`, 'write yes or no', exitCodes.usage);
}
