// How commands speak to a running gateway: where it is, which key is shown, and what each refusal means to a person.
// Invariant: a key is never printed and never taken from the command line, only from files and the environment.
import { readFileSync } from 'node:fs';
import { keyFile } from '../config/keys-on-disk.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { complaintLine } from '../config/rules.ts';
import { isObject, type JsonObject, textOf } from '../core/json.ts';
import { type IncomingAnswer, UpstreamFault } from '../kit/incoming.ts';
import { Secret } from '../kit/secret.ts';
import { type OutgoingRequest, Upstreams } from '../kit/upstream.ts';
import { CommandFailure, type CommandOption, exitCodes, type Terminal } from './command.ts';

/** The options of every command that asks a gateway. */
export const clientOptions: readonly CommandOption[] = [
  { flags: '--url <address>', says: 'Where the gateway is. Else PLUMBLINE_URL, else this machine at its usual port' },
  {
    flags: '--master-key-file <file>',
    says: 'File that holds the key to show. Else PLUMBLINE_KEY, PLUMBLINE_MASTER_KEY, or the key that the first start made',
  },
  { flags: '--data-dir <path>', says: 'Folder in which the first start made its key' },
];

export interface GatewayClient {
  /** Takes a path and its query; returns the JSON that is answered. Throws CommandFailure with a hint. */
  get(path: string, query?: URLSearchParams): Promise<JsonObject>;
  /** Takes a method, a path with its query and a body; returns the JSON that is answered. Throws CommandFailure with a hint. */
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: JsonObject | null): Promise<JsonObject>;
}

/** A key, and where it was found. */
interface Shown {
  readonly key: Secret;
  readonly from: string;
}

const patienceMs = 60_000;
const answerLimit = 256 * 1024 * 1024;

/** Takes a command's options and terminal and what to do with the gateway; returns what that returns. Throws CommandFailure. */
export async function withGateway<Result>(
  options: Readonly<Record<string, unknown>>,
  terminal: Terminal,
  act: (client: GatewayClient) => Promise<Result>,
): Promise<Result> {
  const config = configFrom(options, terminal);
  const url = addressFrom(options, terminal, config);
  const shown = keyFrom(options, terminal, config);
  const upstreams = new Upstreams({ connections: 1, keepAliveMs: 1_000 });
  try {
    const ask = (asked: Asked): Promise<JsonObject> => answerTo(asked, { url, shown, upstreams });
    return await act({
      get: (path, query) => ask({ method: 'GET', path: query === undefined ? path : `${path}?${query}`, body: null }),
      send: (method, path, body) => ask({ method, path, body }),
    });
  } finally {
    await upstreams.close();
  }
}

function configFrom(options: Readonly<Record<string, unknown>>, terminal: Terminal): Config {
  const flags = { masterKey: textOf(options['masterKeyFile']), dataDir: textOf(options['dataDir']) };
  const loaded = loadConfig({ environment: terminal.environment, flags });
  if ('config' in loaded) return loaded.config;
  const says = loaded.complaints.map(complaintLine).join('\nplumbline: error: ');
  throw new CommandFailure(says, 'docs/config.md lists every option', exitCodes.usage);
}

/** An address beyond which every interface is meant is asked for on this machine. */
const everywhere = /^(0\.0\.0\.0|::|\[::\])$/;

function addressFrom(options: Readonly<Record<string, unknown>>, terminal: Terminal, config: Config): URL {
  const host = everywhere.test(config.host) ? '127.0.0.1' : config.host;
  const standard = `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
  const text = textOf(options['url']) || terminal.environment['PLUMBLINE_URL'] || standard;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  const hint = 'an address reads like http://127.0.0.1:4000';
  throw new CommandFailure(`${text} is not the address of a gateway`, hint, exitCodes.usage);
}

function keyFrom(options: Readonly<Record<string, unknown>>, { environment }: Terminal, config: Config): Shown {
  const own = environment['PLUMBLINE_KEY'];
  if (options['masterKeyFile'] === undefined && own) return { key: new Secret(own), from: 'PLUMBLINE_KEY' };
  if (config.masterKey !== null) return { key: config.masterKey, from: config.sources.masterKey.name };
  const path = keyFile(config.dataDir, 'masterKey');
  try {
    return { key: new Secret(readFileSync(path, 'utf8').trim()), from: path };
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw new CommandFailure(
      `no key is configured, and ${path} cannot be read (${reason})`,
      'set PLUMBLINE_KEY, or name a file that holds the key with --master-key-file',
    );
  }
}

interface Asked {
  readonly method: OutgoingRequest['method'];
  /** And query. */
  readonly path: string;
  readonly body: JsonObject | null;
}

interface Way {
  readonly url: URL;
  readonly shown: Shown;
  readonly upstreams: Upstreams;
}

async function answerTo(asked: Asked, way: Way): Promise<JsonObject> {
  const { url, shown } = way;
  const { status, body } = await answerOf(asked, way);
  const parsed = parse(body);
  if (status === 200 && isObject(parsed)) return parsed;
  const error = isObject(parsed) && isObject(parsed.error) ? parsed.error : {};
  throw refused(url, status, textOf(error.reason), textOf(error.message), shown);
}

async function answerOf(
  { method, path, body }: Asked,
  { url, shown, upstreams }: Way,
): Promise<{ readonly status: number; readonly body: string }> {
  const signal = AbortSignal.timeout(patienceMs);
  const prefix = url.pathname.replace(/\/+$/, '');
  try {
    const answer: IncomingAnswer = await upstreams.send({
      method,
      origin: url.origin,
      path: prefix + path,
      headers: {
        authorization: shown.key.prefixed('Bearer '),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      body: body === null ? null : [Buffer.from(JSON.stringify(body))],
      signal,
    });
    return { status: answer.status, body: (await answer.body.readAll(answerLimit)).toString('utf8') };
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault)) throw thrown;
    if (signal.aborted) {
      const says = `the gateway at ${url.origin} has not answered within ${patienceMs / 1000} s`;
      throw new CommandFailure(says, 'ask for less, or look at its log');
    }
    throw new CommandFailure(
      `no gateway answers at ${url.origin} (${reasonOf(thrown)})`,
      'start it with `plumbline serve`, or name another with --url or PLUMBLINE_URL',
    );
  }
}

function reasonOf({ kind, cause }: UpstreamFault): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : kind;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a gateway's answer; the caller says so with the status.
    return undefined;
  }
}

function refused(
  url: URL,
  status: number,
  reason: string | undefined,
  message: string | undefined,
  shown: Shown,
): CommandFailure {
  if (reason === undefined || reason === 'route_unknown') {
    return new CommandFailure(
      `what answers at ${url.origin} (status ${status}) is no plumbline gateway, or another version`,
      'compare `plumbline --version` with what `curl URL/` says, or name another with --url',
    );
  }
  if (reason.startsWith('key_') && status === 401) {
    return new CommandFailure(
      `the gateway at ${url.origin} refused the key of ${shown.from}: ${message}`,
      'show another with PLUMBLINE_KEY or --master-key-file',
    );
  }
  return new CommandFailure(message ?? `the gateway answered ${status}`, `docs/errors.md explains ${reason}`);
}
