// plumbline serve: starts the gateway and runs until it is asked to stop.
import { resolve } from 'node:path';
import { type App, AppRefused, effectiveConfig, openApp } from '../../app.ts';
import { ensureKeys, keyFile } from '../../config/keys-on-disk.ts';
import { loadConfig } from '../../config/load.ts';
import { renderNotices } from '../../config/notices.ts';
import { type Config, flagOf, optionNames, optionRow } from '../../config/options.ts';
import { complaintLine } from '../../config/rules.ts';
import { type Log, openLog } from '../../kit/log.ts';
import { open as openStore } from '../../store/index.ts';
import { type Command, CommandFailure, type CommandOption, exitCodes, type Terminal } from '../command.ts';
import { runPrimary } from '../crew/primary.ts';
import { joinCrew } from '../crew/worker.ts';

const standardOutput = 1;
const seeOptions = 'plumbline serve --help lists every option';

/** Every boot option is a flag; a secret's flag names a file. */
const options: readonly CommandOption[] = optionNames.map((name) => {
  const row = optionRow(name);
  const says = row.kind === 'secret' ? `File that holds it. ${row.says}` : row.says;
  return { flags: `${flagOf(name)} <${row.kind === 'secret' ? 'file' : row.kind}>`, says };
});

export const serve: Command = {
  name: 'serve',
  usage: '',
  summary: 'Start the gateway',
  options,
  examples: [
    'plumbline serve',
    'plumbline serve --config config.yaml --port 4000',
    'plumbline serve --config config.yaml --workers 4',
    'DATABASE_URL=postgresql://user:password@localhost:5434/litellm plumbline serve --config config.yaml',
  ],
  async run(_args, flags, terminal) {
    const config = configFrom(flags, terminal);
    const log = openLog({
      level: config.logLevel,
      format: config.logFormat === 'auto' ? (terminal.isInteractive ? 'text' : 'json') : config.logFormat,
      descriptor: standardOutput,
      journald: terminal.environment.JOURNAL_STREAM !== undefined,
      isShared: config.workers > 1,
    });
    try {
      const member = await joinCrew();
      if (member === null && config.workers > 1) return await lead(config, terminal, log);
      const placed = member === null ? config : { ...config, port: member.port };
      const app = await openApp(placed, terminal.environment, log, member?.crew);
      if (member === null) terminal.say(banner(app));
      else member.ready(app, banner(app));
      terminal.onReloadAsked(() => void app.reload());
      const signal = await terminal.stopAsked;
      if (member === null) log.info('stopping', { signal, graceMs: app.config.graceMs });
      await app.stop();
      member?.leave(app);
      if (member === null) log.info('stopped');
      return exitCodes.well;
    } catch (thrown) {
      throw asFailure(thrown, config);
    } finally {
      log.close();
    }
  },
};

/** Several workers: this process holds what there is only one of, and serves nothing itself. */
async function lead(loaded: Config, terminal: Terminal, log: Log): Promise<number> {
  const config = effectiveConfig(loaded, terminal.environment);
  const keys = ensureKeys(config.dataDir, config);
  if ('complaints' in keys) throw new CommandFailure(keys.complaints.map(complaintLine).join('\n'), seeOptions);
  const store = config.databaseUrl === null ? await openStore({ dataDir: config.dataDir, log }) : null;
  if (store?.kind === 'pglite') {
    await store.close();
    throw new CommandFailure('several workers need a real PostgreSQL, and PGlite is none', 'set DATABASE_URL');
  }
  const say = (text: string): void => terminal.say([...keys.made.map(madeLine), text].join('\n'));
  const exitCode = await runPrimary({
    config,
    log,
    store,
    say,
    stopAsked: terminal.stopAsked,
    onReloadAsked: terminal.onReloadAsked,
  });
  if (exitCode === exitCodes.well) log.info('stopped');
  return exitCode;
}

function configFrom(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Config {
  const given = Object.fromEntries(optionNames.map((name) => [name, flagValue(flags, name)]));
  const loaded = loadConfig({ environment: terminal.environment, flags: given });
  if ('config' in loaded) return loaded.config;
  throw new CommandFailure(
    loaded.complaints.map(complaintLine).join('\nplumbline: error: '),
    seeOptions,
    exitCodes.usage,
  );
}

/** Commander names an option by its flag: `--master-key-file` is masterKeyFile. */
function flagValue(flags: Readonly<Record<string, unknown>>, name: (typeof optionNames)[number]): string | undefined {
  const byFlag = flagOf(name)
    .replace(/^--/, '')
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const value = flags[byFlag];
  return value === undefined ? undefined : String(value);
}

function asFailure(thrown: unknown, config: Config): unknown {
  if (thrown instanceof AppRefused) return new CommandFailure(thrown.message, thrown.hint);
  if (!(thrown instanceof Error)) return thrown;
  const { code, hint } = thrown as { code?: unknown; hint?: unknown };
  if (typeof hint === 'string') return new CommandFailure(thrown.message, hint);
  if (code === 'EADDRINUSE') {
    return new CommandFailure(
      `port ${config.port} on ${config.host} is taken by another program`,
      'choose another with --port',
    );
  }
  if (code === 'EACCES') {
    return new CommandFailure(
      `port ${config.port} on ${config.host} may not be used by this user`,
      'choose one above 1023 with --port',
    );
  }
  return thrown;
}

const databases = {
  external: 'PostgreSQL at DATABASE_URL',
  embedded: 'embedded PostgreSQL',
  pglite: 'PGlite (a power cut can lose data)',
};

const madeLine = (path: string): string => `made a key, kept in ${path} (shown to nobody)`;

function banner(app: App): string {
  const where = app.database.directory === undefined ? '' : ` in ${app.database.directory}`;
  const lines = [`plumbline is listening on ${app.url}`, `database: ${databases[app.database.kind]}${where}`];
  if (app.found !== '') lines.push('', app.found);
  if (app.notices.length > 0) lines.push('', renderNotices(app.notices));
  lines.push(...app.keysMade.map(madeLine));
  lines.push('', `models: ${summaryOf(app.models)}`, '', 'try:', curl(app));
  return lines.join('\n');
}

function summaryOf(models: readonly string[]): string {
  if (models.length === 0) return 'none by name (wildcards only); see /v1/models?return_wildcard_routes=true';
  const shown = models.slice(0, 12).join(', ');
  return models.length > 12 ? `${shown} and ${models.length - 12} more` : shown;
}

/** Takes what is in force; returns how a shell reads the master key from where it is kept, for it is never printed. */
function masterKeyInShell({ masterKey, sources, dataDir }: App['config']): string {
  const { from, name, path } = sources.masterKey;
  const file = masterKey === null ? keyFile(dataDir, 'masterKey') : path;
  if (file !== undefined) return `$(cat '${resolve(file)}')`;
  return from === 'environment' ? `$${name}` : 'MASTER_KEY';
}

/** A line that works when pasted, but for a key that stands in a configuration file. */
function curl(app: App): string {
  const key = masterKeyInShell(app.config);
  const model = app.models[0] ?? 'MODEL';
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  return `  curl -s ${app.url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H 'Content-Type: application/json' -d '${body}'`;
}
