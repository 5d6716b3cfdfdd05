// plumbline models: what a running gateway serves, deployment by deployment (GET /model/info).
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { type Command, CommandFailure, exitCodes, type Terminal } from '../command.ts';
import { clientOptions, type GatewayClient, withGateway } from '../gateway-client.ts';
import { modelFacts, modelTable, testTable } from '../model-table.ts';

interface Typed {
  readonly name: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly terminal: Terminal;
}

type Act = (client: GatewayClient, typed: Typed) => Promise<number>;

export const models: Command = {
  name: 'models',
  usage: '<action> [name]',
  summary: 'What a running gateway serves: list, show NAME, test [NAME] (a real call to each deployment)',
  options: [{ flags: '--json', says: 'Print JSON' }, ...clientOptions],
  examples: [
    'plumbline models list',
    'plumbline models list --json',
    'plumbline models show gpt-4o',
    'plumbline models test gpt-4o',
  ],
  async run([word = '', name], options, terminal) {
    const act = action('models', word, acts);
    return withGateway(options, terminal, (client) => act(client, { name, options, terminal }));
  },
};

const acts: Readonly<Record<string, Act>> = {
  async list(client, { options, terminal }) {
    const entries = await entriesOf(client);
    terminal.say(options['json'] === true ? JSON.stringify(entries, null, 2) : modelTable(entries));
    return exitCodes.well;
  },
  async show(client, { name, options, terminal }) {
    const entries = await wanted(client, named('models', 'show', name));
    terminal.say(options['json'] === true ? JSON.stringify(entries, null, 2) : entries.map(modelFacts).join('\n\n'));
    return exitCodes.well;
  },
  async test(client, { name, options, terminal }) {
    const query = new URLSearchParams(name === undefined ? {} : { model: name });
    const report = await client.get('/health', query);
    const tried = ['healthy_endpoints', 'unhealthy_endpoints', 'skipped_endpoints'].flatMap((kind) =>
      listOf(report[kind]).filter(isObject),
    );
    if (tried.length === 0 && name !== undefined) {
      throw new CommandFailure(`nothing that is served has the name ${name}`, `\`plumbline models show ${name}\``);
    }
    terminal.say(options['json'] === true ? JSON.stringify(report, null, 2) : testTable(tried));
    return report.unhealthy_count === 0 ? exitCodes.well : exitCodes.found;
  },
};

async function entriesOf(client: GatewayClient): Promise<readonly JsonObject[]> {
  return listOf((await client.get('/model/info')).data).filter(isObject);
}

/** Deployments by the name that clients call, or one by its id. */
async function wanted(client: GatewayClient, name: string): Promise<readonly JsonObject[]> {
  const entries = await entriesOf(client);
  const found = entries.filter(
    ({ model_name: alias, model_info: info }) => alias === name || (isObject(info) && info.id === name),
  );
  if (found.length > 0) return found;
  throw new CommandFailure(`no model has the name or id ${name}`, '`plumbline models list` shows them');
}
