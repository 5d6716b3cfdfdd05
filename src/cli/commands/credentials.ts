// plumbline credentials: what a running gateway shows to providers, by name and field (GET /credentials). No value is ever shown.
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { type Command, exitCodes } from '../command.ts';
import { clientOptions, type GatewayClient, withGateway } from '../gateway-client.ts';
import { credentialTable } from '../model-table.ts';

export const credentials: Command = {
  name: 'credentials',
  usage: '<action> [name]',
  summary:
    'List the credentials that a running gateway shows to providers, or show one, never their values: list, show NAME',
  options: [{ flags: '--json', says: 'Print JSON' }, ...clientOptions],
  examples: ['plumbline credentials list', 'plumbline credentials show variable/OPENAI_API_KEY'],
  async run([word = '', name], options, terminal) {
    const act = action('credentials', word, acts);
    const told = await withGateway(options, terminal, (client) => act(client, name));
    terminal.say(options['json'] === true ? JSON.stringify(told, null, 2) : credentialTable(told));
    return exitCodes.well;
  },
};

type Act = (client: GatewayClient, name: string | undefined) => Promise<readonly JsonObject[]>;

const acts: Readonly<Record<string, Act>> = {
  list: async (client) => listOf((await client.get('/credentials')).credentials).filter(isObject),
  show: async (client, name) => [
    await client.get(`/credentials/by_name/${encodeURIComponent(named('credentials', 'show', name))}`),
  ],
};
