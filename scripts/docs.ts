// Writes the pages of docs/ that the code knows better than we do: config, errors, commands, providers.
// `--check` writes nothing and fails when a page differs; test/docs.test.ts asks the same.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '../src/cli/commands/index.ts';
import {
  entryKeys,
  generalSettings,
  type KeyStatus,
  type KeyTable,
  litellmParams,
  litellmSettings,
  routerSettings,
  toolServerKeys,
  topKeys,
} from '../src/config/litellm-keys.ts';
import { flagOf, type OptionRow, optionNames, optionRow, variablesOf } from '../src/config/options.ts';
import {
  aliasWords,
  deploymentParts,
  deploymentWords,
  routerWords,
  toolWords,
  type Words,
} from '../src/config/plumbline-words.ts';
import { type ErrorCode, errors } from '../src/core/errors.ts';
import { providers } from '../src/providers/index.ts';

const folder = fileURLToPath(new URL('../docs', import.meta.url));
const origin = '<!-- Written by scripts/docs.ts from the code. Change the code, then run: npm run docs -->\n';

/** Returns every written page: file name in docs/ → text. */
export function pages(): ReadonlyMap<string, string> {
  const written = { 'config.md': config(), 'errors.md': failures(), 'commands.md': shell(), 'providers.md': shelf() };
  return new Map(Object.entries(written).map(([name, lines]) => [name, `${origin}\n${lines.join('\n')}\n`]));
}

function config(): readonly string[] {
  const rows = optionNames.map((name) => {
    const row = optionRow(name);
    const variables = variablesOf(name).map(code).join(', ');
    return [code(flagOf(name)), variables, defaultOf(row), choicesOf(row) + row.says];
  });
  return [
    '# Configuration',
    '',
    'What the gateway needs to start comes from flags, the environment and one file, and is read once. A flag goes before',
    "our own variable, ours before LiteLLM's, any before the default; an empty variable counts as not set. Every secret has a",
    '`…_FILE` twin that names a file (`PLUMBLINE_MASTER_KEY_FILE`), and no flag that could show it. Unknown options are errors.',
    '',
    ...table(['flag', 'environment', 'default', 'what it is for'], rows),
    '',
    "## LiteLLM's config.yaml",
    '',
    '`--config FILE` reads it, `plumbline check FILE` says offline what it would do. Every key is in force, behaves so anyway, is',
    'listed at start as not yet in force, or is refused because leaving it out would make the gateway less safe than the file',
    'says. An unknown key is an error with file, line, column and the nearest known one. `os.environ/NAME` works anywhere.',
    'A fallback, a rule or a `model_group_alias` for a model that is not there is left out, with a warning at the start and on a reload, by',
    '`check`, `apply` and `diff`: path, line, the name and the nearest known one.',
    ...section('At the top', topKeys),
    ...section('In an entry of `model_list`', entryKeys),
    ...section('`litellm_params`', litellmParams),
    ...section('In an entry of `mcp_servers` (stored, and not served yet)', toolServerKeys, 'stored'),
    '',
    'Sealed are `auth_value`, `client_secret`, what is named as a secret among `env` and `static_headers`, whatever of these, of `args` or of `url`',
    'was looked up (`os.environ/NAME`), and a `url` with a query. `plumbline config` shows the servers; `litellm_settings.mcp_aliases` names them.',
    ...section('`router_settings`', routerSettings),
    ...section('`litellm_settings`', litellmSettings),
    ...section('`general_settings`', generalSettings),
    '',
    ...ownForm(),
  ];
}

/** test/config/documented-form.test.ts applies the example. */
const example = `plumbline: 1                             # may be left out where there is a section models

models:
  fast: ollama/llama3.2                  # a name that clients call, and one deployment
  chat:                                  # several share the load
    - {model: openai/gpt-4.1, key: env:OPENAI_API_KEY, rpm: 500}
    - {model: azure/gpt-4.1, address: "https://team.openai.azure.com", credential: team, api_version: "2025-04-01"}
  small:
    model: groq/llama-3.1-8b-instant     # one deployment, and more of the name
    key: env:GROQ_API_KEY
    timeout: 20s
    parameters: {temperature: 0.2}       # sent when the client sends none
    fallbacks: fast
  long:
    deployments: [openai/gpt-4.1-mini, ollama/qwen3]
    strategy: in-order
    fallbacks: [chat]
    context_window_fallbacks: [chat]
    content_policy_fallbacks: [fast]
    retry_policy: {RateLimitError: 3, TimeoutError: 1}
  gpt-4: {target: chat}                  # stands for another name
  old-name: {target: small, hidden: true}

credentials:
  team: env:TEAM_KEY                     # the key; or a dictionary of several secrets
  cloud: {aws_access_key_id: env:AWS_ID, aws_secret_access_key: "file:/run/secrets/aws"}

tool_servers:                            # stored, not served yet
  search: https://mcp.example.com/mcp
  files: {command: npx, args: [-y, files-server], env: {ROOT: /srv}}
  tickets: {address: "https://tickets.example.com/mcp", auth: bearer_token, key: env:TICKETS_TOKEN, allowed_tools: [find]}

router:                                  # for all names
  strategy: latency-based
  retries: 1
  timeout: 90
  fallbacks: [fast]                      # for names that have none
`;

function ownForm(): readonly string[] {
  const listed = (words: Words): string => Object.keys(words).map(code).join(' ');
  const deployment = Object.fromEntries([...Object.keys(deploymentWords), ...deploymentParts].map((key) => [key, key]));
  return [
    '## Our own form',
    '',
    'The same in fewer words, as YAML or JSON; `--config`, `check`, `apply`, `diff` and a reload take either, `plumbline export --form plumbline`',
    'writes it. A file is in this form when `models` (without `model_list`) or `plumbline: 1` stands at its top. Unlike a config.yaml it gives',
    'each name a strategy of its own, and may hide any. Options of the start are no part of it, nor is `include`. Every unknown key is an error.',
    '',
    '```yaml',
    ...example.trimEnd().split('\n'),
    '```',
    '',
    ...table(
      ['of', 'keys'],
      [
        ['a name', listed(aliasWords)],
        ['a deployment', listed(deployment)],
        ['a tool server', listed(toolWords)],
        ['`router`', listed(routerWords)],
      ],
    ),
    '',
    'A deployment is written as the model alone, or as a dictionary; its `key` and all else mean what they mean in `litellm_params`. What the',
    'provider is sent unless the client sends it stands in `parameters`, further secrets in `secrets`, `model_info` in `info`, and prices',
    '(`input_cost_per_token` …) in `prices`. `env:NAME`, `file:/path` and `cred:NAME` work where a secret or an address stands, `os.environ/NAME` anywhere.',
  ];
}

const statuses: Readonly<Record<KeyStatus, string>> = {
  honoured: 'in force',
  already: 'so anyway',
  'not-yet': 'not yet',
  refused: 'refused',
};

/** One row for all keys of which the same is said. */
function section(title: string, keys: KeyTable, honoured = statuses.honoured): readonly string[] {
  const shown = { ...statuses, honoured };
  const groups = Object.groupBy(Object.entries(keys), ([, { status, says }]) => `${shown[status]}|${says}`);
  const rows = Object.entries(groups).map(([group, entries = []]) => {
    const [status = '', says = ''] = group.split('|');
    return [status, entries.map(([name]) => code(name)).join(' '), says];
  });
  const order = Object.values(shown);
  const sorted = rows.toSorted(([a = ''], [b = '']) => order.indexOf(a) - order.indexOf(b));
  return ['', `### ${title}`, '', ...table(['', 'keys', 'which means'], sorted)];
}

function defaultOf(row: OptionRow): string {
  if (row.worksOut !== undefined) return row.worksOut;
  if (row.default === null || row.default === undefined || String(row.default) === '') return '';
  if (row.kind === 'duration') return `${Number(row.default) / 1000} s`;
  if (row.kind === 'bytes') return `${Number(row.default) / 1024 / 1024} MiB`;
  if (row.kind === 'yes-no') return row.default === true ? 'yes' : 'no';
  return code(String(row.default));
}

function choicesOf({ choices }: OptionRow): string {
  return choices === undefined ? '' : `One of ${choices.map(code).join(', ')}. `;
}

function failures(): readonly string[] {
  const codes = Object.keys(errors) as readonly ErrorCode[];
  const rows = codes.map((name) => {
    const { status, type, retry, kind, says } = errors[name];
    return [code(name), String(status), code(type), retry, kind, says];
  });
  return [
    '# Errors',
    '',
    'Every way to fail. A code is never reused. It comes in the header `x-plumbline-error`, with the request id that the log line',
    "carries too; the body is in the caller's dialect, and `type` is what LiteLLM's clients see in `error.type`. *Next try* says",
    'what a failed try means for the rest: never (give up), elsewhere (another deployment may do better), again (this one may too).',
    "*Kind* is the name by which LiteLLM's `retry_policy` and `allowed_fails_policy` speak of it.",
    '',
    ...table(['code', 'status', 'type', 'next try', 'kind', 'says'], rows),
  ];
}

function shell(): readonly string[] {
  const each = commands.flatMap((command) => [
    '',
    `## plumbline ${[command.name, command.usage].filter((part) => part !== '').join(' ')}`,
    '',
    `${command.summary}.`,
    ...(command.options.length === 0 ? [] : ['']),
    ...(command.options.length === 0
      ? []
      : table(
          ['option', ''],
          command.options.map(({ flags, says }) => [code(flags), says]),
        )),
    '',
    '```sh',
    ...command.examples,
    '```',
  ]);
  return [
    '# Commands',
    '',
    'Exit codes: 0 well, 1 found wrong, 2 used wrong, 3 broke. Errors go to standard error as `plumbline: error: …`, with a',
    '`plumbline: hint: …` after them.',
    ...each,
  ];
}

function shelf(): readonly string[] {
  const rows = providers.map((provider) => [
    code(`${provider.name}/`),
    provider.label,
    provider.prefixes.map((prefix) => code(`${prefix}/`)).join(' '),
    Object.keys(provider.wires).join(', '),
    provider.keyVariables.map(code).join(' ') + (provider.keyRequired ? '' : ' (if any)'),
    provider.defaultBaseUrl ?? '',
    provider.baseUrlVariables.map(code).join(' '),
  ]);
  return [
    '# Providers',
    '',
    `${providers.length} providers. A model is written \`prefix/name\`; everything after the first slash is the name at the provider.`,
    'Where an operation is missing the provider does not offer it, and a request for it is refused by name. Every chat also',
    "answers Anthropic's `/v1/messages`.",
    '',
    ...table(['prefix', 'provider', 'also', 'can do', 'key from', 'address', 'address from'], rows),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

function main(): void {
  const different = [...pages()].filter(([name, text]) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  const names = different.map(([name]) => `docs/${name}`).join(', ');
  if (process.argv.includes('--check')) {
    if (different.length > 0) process.stderr.write(`not in step with the code: ${names}; run: npm run docs\n`);
    process.exitCode = different.length > 0 ? 1 : 0;
    return;
  }
  for (const [name, text] of different) writeFileSync(join(folder, name), text);
  process.stderr.write(different.length > 0 ? `wrote ${names}\n` : 'docs/ is in step with the code\n');
}

if (import.meta.main) main();
