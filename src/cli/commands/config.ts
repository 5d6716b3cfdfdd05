// plumbline config: every option, routing setting and tool server of a running gateway, and where each comes from (GET /config). No secret
// is shown.
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import { columns, printable } from '../../kit/table.ts';
import { type Command, exitCodes } from '../command.ts';
import { clientOptions, withGateway } from '../gateway-client.ts';

export const config: Command = {
  name: 'config',
  usage: '',
  summary: 'Show every option, routing setting and tool server of a running gateway, and where each comes from',
  options: [
    { flags: '--changed', says: 'Leave out what is at its default' },
    { flags: '--json', says: 'Print JSON' },
    ...clientOptions,
  ],
  examples: ['plumbline config', 'plumbline config --changed', 'plumbline config --json'],
  async run(_args, options, terminal) {
    const told = await withGateway(options, terminal, (client) => client.get('/config'));
    const [all, settings] = [told.options, told.settings].map((rows) => listOf(rows).filter(isObject));
    const isShown = (row: JsonObject): boolean => options['changed'] !== true || row.source !== 'default';
    const shown = { options: (all ?? []).filter(isShown), settings: (settings ?? []).filter(isShown) };
    const tools = told['tool_servers'] ?? null;
    terminal.say(
      options['json'] === true
        ? JSON.stringify({ ...shown, tool_servers: tools }, null, 2)
        : [tables(shown), ...toolTable(tools)].join('\n'),
    );
    return exitCodes.well;
  },
};

function tables(shown: { readonly options: readonly JsonObject[]; readonly settings: readonly JsonObject[] }): string {
  const boot = shown.options.map((row) => [printable(String(row.name)), shownValue(row), printable(String(row.from))]);
  const routing = shown.settings.map((row) => [String(row.name), shownValue(row), fromOf(row)]);
  return [columns(['OPTION', 'VALUE', 'FROM'], boot), '', columns(['SETTING', 'VALUE', 'FROM'], routing)].join('\n');
}

function toolTable(tools: JsonValue): readonly string[] {
  if (tools === null) return ['', 'tool servers: not known now (see /health/readiness)'];
  const rows = listOf(tools).filter(isObject);
  if (rows.length === 0) return [];
  const lines = rows.map((row) => [printable(String(row.name)), shownValue(row), fromOf(row)]);
  return ['', columns(['TOOL SERVER, STORED ONLY', 'VALUE', 'FROM'], lines)];
}

function shownValue({ value, secret, set }: JsonObject): string {
  if (secret === true) return set === true ? 'set' : 'not set';
  if (value === null || value === undefined) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : printable(value.join(', '));
  return printable(isObject(value) ? JSON.stringify(value) : String(value));
}

function fromOf({ source, owner }: JsonObject): string {
  return source === 'table' ? `table, of the ${owner}` : String(source);
}
