// plumbline aliases: the names that clients of a running gateway call, and what each leads to (GET /aliases).
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { type Command, exitCodes } from '../command.ts';
import { clientOptions, type GatewayClient, withGateway } from '../gateway-client.ts';
import { aliasTable, objectFacts } from '../model-table.ts';

export const aliases: Command = {
  name: 'aliases',
  usage: '<action> [name]',
  summary: 'List the names that clients of a running gateway call, or show one: list, show NAME',
  options: [{ flags: '--json', says: 'Print JSON' }, ...clientOptions],
  examples: ['plumbline aliases list', 'plumbline aliases show gpt-4o --json'],
  async run([word = '', name], options, terminal) {
    const act = action('aliases', word, acts);
    const told = await withGateway(options, terminal, (client) => act.ask(client, name));
    terminal.say(options['json'] === true ? JSON.stringify(told, null, 2) : act.print(told));
    return exitCodes.well;
  },
};

interface Act {
  readonly ask: (client: GatewayClient, name: string | undefined) => Promise<JsonObject>;
  readonly print: (told: JsonObject) => string;
}

const acts: Readonly<Record<string, Act>> = {
  list: { ask: (client) => client.get('/aliases'), print: ({ data }) => aliasTable(listOf(data).filter(isObject)) },
  show: {
    ask: (client, name) => client.get(`/aliases/${encodeURIComponent(named('aliases', 'show', name))}`),
    print: objectFacts,
  },
};
