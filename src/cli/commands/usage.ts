// plumbline usage: what was asked of the gateway and what it cost, from its own report (GET /usage).
import { isObject, type JsonObject, listOf } from '../../core/json.ts';
import { type Command, CommandFailure, exitCodes, type Terminal } from '../command.ts';
import { clientOptions, withGateway } from '../gateway-client.ts';
import { usageCsv } from '../usage-csv.ts';
import { usageTable } from '../usage-table.ts';

/** Options that go to the gateway as they are. */
const passed = [
  'by',
  'since',
  'until',
  'key',
  'alias',
  'model',
  'provider',
  'user',
  'team',
  'customer',
  'tag',
  'limit',
];

const rowsForPeople = '50';
const rowsForMachines = '100000';

export const usage: Command = {
  name: 'usage',
  usage: '',
  summary: 'Show what was asked of a running gateway, and what it cost',
  options: [
    {
      flags: '--by <names>',
      says: 'Group by alias (the standard), model, provider, deployment, key, user, team, customer, tag or day; up to three, separated by commas',
    },
    {
      flags: '--since <when>',
      says: 'Beginning: 2026-11-01, 7d (today and the six days before), 24h, today, yesterday (UTC). Standard: 30d',
    },
    { flags: '--until <when>', says: 'End, its day included. Standard: now' },
    { flags: '--key <name>', says: 'Only requests of this key, by alias or hash' },
    { flags: '--alias <names>', says: 'Only requests for these model names, as clients call them' },
    { flags: '--model <names>', says: "Only requests that went to these models, by the provider's name" },
    { flags: '--provider <names>', says: 'Only requests that went to these providers' },
    { flags: '--user <names>', says: "Only requests of these users' keys" },
    { flags: '--team <names>', says: "Only requests of these teams' keys" },
    { flags: '--customer <names>', says: 'Only requests for these end users' },
    { flags: '--tag <names>', says: 'Only requests that carry any of these tags' },
    {
      flags: '--limit <count>',
      says: `Groups to show, the most costly. Standard: ${rowsForPeople} in a table, else all`,
    },
    { flags: '--json', says: 'Print JSON' },
    { flags: '--csv', says: 'Print CSV, without the total' },
    ...clientOptions,
  ],
  examples: [
    'plumbline usage',
    'plumbline usage --by day --since 7d',
    'plumbline usage --by key,model --since 2026-11-01 --until 2026-11-30 --csv > november.csv',
    'plumbline usage --key ci --since today --json',
  ],
  async run(_args, options, terminal) {
    if (options['json'] === true && options['csv'] === true) {
      throw new CommandFailure('--json and --csv exclude each other', 'give one of them', exitCodes.usage);
    }
    const isTable = options['json'] !== true && options['csv'] !== true;
    const query = new URLSearchParams({ limit: isTable ? rowsForPeople : rowsForMachines });
    for (const name of passed) {
      const value = options[name];
      if (typeof value === 'string') query.set(name, value);
    }
    const report = await withGateway(options, terminal, (client) => client.get('/usage', query));
    if (options['json'] === true) terminal.say(JSON.stringify(report, null, 2));
    else print(report, isTable, terminal);
    return exitCodes.well;
  },
};

function print(report: JsonObject, isTable: boolean, terminal: Terminal): void {
  const groups = listOf(report.groups).filter(isObject);
  const by = listOf(report.by).map(String);
  terminal.say(isTable ? usageTable(report, by, groups) : usageCsv(by, groups));
  const more = Number(report.more_groups);
  const kept = report.rows_kept_since;
  if (typeof kept === 'string')
    terminal.complain(`single requests are kept since ${kept.slice(0, 10)}; these sums need them and begin there`);
  if (more > 0) terminal.complain(`${more} more groups are not shown; --limit ${groups.length + more} shows them all`);
}
