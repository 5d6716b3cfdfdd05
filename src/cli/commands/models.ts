// plumbline models: what a running gateway serves, deployment by deployment, and changes of it. Docs: docs/models.md.
import { isObject, listOf } from '../../core/json.ts';
import { action, named } from '../action.ts';
import { changeOptions } from '../changes-said.ts';
import { type Command, CommandFailure, exitCodes } from '../command.ts';
import { clientOptions, withGateway } from '../gateway-client.ts';
import { entriesAt, type ModelAct, modelChanges, wantedModels } from '../model-changes.ts';
import { modelFacts, modelTable, testTable } from '../model-table.ts';
import { modelOptions } from '../model-words.ts';

export const models: Command = {
  name: 'models',
  usage: '<action> [name]',
  summary:
    'What a running gateway serves: list, show NAME, test [NAME] (a real call to each deployment), add NAME, edit NAME, rm NAME, decommission NAME (keep its row, serve it no more); a NAME is one that clients call, or an id',
  options: [
    ...modelOptions,
    { flags: '--rename <name>', says: 'edit: the name that clients call from now on' },
    { flags: '--unset <fields...>', says: 'edit: fields to take away (litellm_params.rpm, model_info.mode)' },
    { flags: '--undo', says: 'decommission: take the deployment with this id into service again' },
    { flags: '--decommissioned', says: 'list: those that are out of service' },
    ...changeOptions,
    { flags: '--json', says: 'Print JSON' },
    ...clientOptions,
  ],
  examples: [
    'plumbline models list',
    'plumbline models show gpt-4o --json',
    'plumbline models test gpt-4o',
    'plumbline models add gpt-4o --model openai/gpt-4o --param api_key=os.environ/OPENAI_API_KEY rpm=60 --dry-run',
    'plumbline models add local --model ollama/qwen3 --api-base http://127.0.0.1:11434',
    'plumbline models edit gpt-4o --param rpm=120 --info mode=chat',
    'plumbline models rm gpt-4o',
    'plumbline models decommission gpt-4o --dry-run',
  ],
  async run([word = '', name], options, terminal) {
    const act = action('models', word, acts);
    return withGateway(options, terminal, (client) => act(client, { name, options, terminal }));
  },
};

const acts: Readonly<Record<string, ModelAct>> = {
  async list(client, { options, terminal }) {
    const isOver = options['decommissioned'] === true;
    const entries = await entriesAt(client, isOver ? '/model/decommissioned' : '/model/info');
    terminal.say(options['json'] === true ? JSON.stringify(entries, null, 2) : modelTable(entries));
    return exitCodes.well;
  },
  async show(client, { name, options, terminal }) {
    const entries = await wantedModels(client, named('models', 'show', name));
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
  ...modelChanges,
};
