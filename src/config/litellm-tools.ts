// The section mcp_servers: servers of tools, as they are stored. Invariant: no secret is stored in the clear: neither what its name says is
// one, nor what was looked up, nor an address with more to it than a path.
import { type DeclaredToolServer, type ToolServerSettings, toolAuths, toolTransports } from '../core/records.ts';
import { Secret } from '../kit/secret.ts';
import { suggestion } from './did-you-mean.ts';
import { secretText } from './litellm-credentials.ts';
import { isSecretField, isSecretHeader, toolServerKeys } from './litellm-keys.ts';
import { type Desk, readSection, resolve, type Section } from './litellm-section.ts';
import type { Located } from './notices.ts';
import type { Entry, Tree } from './yaml-source.ts';
import { isNothing, shown } from './yaml-values.ts';

/** Takes mcp_servers and litellm_settings.mcp_aliases; returns the servers, in the order of the file. */
export function readToolServers(desk: Desk, tree: Tree | undefined, aliases: Tree | undefined): DeclaredToolServer[] {
  const entries = tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? []);
  const found = entries.flatMap((entry) => readServer(desk, entry) ?? []);
  const named = readAliases(desk, aliases, new Set(found.map(({ name }) => name)));
  const servers = found.map((server) => ({ ...server, alias: server.alias ?? named.get(server.name) ?? null }));
  refuseSameNames(desk, servers, entries);
  return servers;
}

/** The first alias of a server counts, as in LiteLLM. */
function readAliases(desk: Desk, tree: Tree | undefined, servers: ReadonlySet<string>): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const { key, value } of tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? [])) {
    const target = desk.read.text(resolve(desk, value));
    const alias = nameIn(desk, key, value);
    if (target === undefined || alias === undefined) continue;
    const name = withoutBlanks(target);
    if (!servers.has(name))
      desk.findings.warning(value, `there is no MCP server ${shown(value)}`, suggestion(name, servers) || 'remove it');
    else if (named.has(name))
      desk.findings.warning(value, `${name} has an alias already; the first counts`, 'keep one');
    else named.set(name, alias);
  }
  return named;
}

/** A tool is called by its server's alias or name, then its own: two that begin alike could not be told apart. */
function refuseSameNames(desk: Desk, servers: readonly DeclaredToolServer[], entries: readonly Entry[]): void {
  const taken = new Set<string>();
  for (const { name, alias } of servers) {
    const again = [...new Set([name, alias ?? name])].find((one) => taken.has(one));
    const at = entries.findLast(({ key }) => withoutBlanks(key) === name);
    if (again !== undefined && at !== undefined)
      desk.findings.error(at, `another MCP server is called ${again} too`, 'give each a name and an alias of its own');
    for (const one of [name, alias ?? name]) taken.add(one);
  }
}

const withoutBlanks = (name: string): string => name.trim().replace(/\s+/g, '_');

function nameIn(desk: Desk, text: string, at: Located): string | undefined {
  const separator = desk.variables['MCP_TOOL_PREFIX_SEPARATOR'] || '-';
  const name = withoutBlanks(text);
  if (name !== '' && !name.includes(separator)) return name;
  const says = name === '' ? 'an MCP server needs a name' : `"${separator}" ends a server's name before its tool's`;
  desk.findings.error(at, says, 'give it a name without, such as web_search');
  return undefined;
}

function readServer(desk: Desk, entry: Entry): DeclaredToolServer | undefined {
  const name = nameIn(desk, entry.key, entry);
  const section = readSection(desk, entry.value, toolServerKeys);
  const secrets = new Map<string, Secret>();
  const place = placeOf(desk, entry, section, secrets);
  if (name === undefined || place === undefined) return undefined;
  const alias = section.get('alias');
  const auth = section.get('auth_type');
  const words = Object.fromEntries(toolAuths.map((word) => [word, word]));
  keepSecret(desk, 'auth_value', section.get('auth_value') ?? section.get('authentication_token'), secrets);
  keepSecret(desk, 'client_secret', section.get('client_secret'), secrets);
  const settings = settingsOf(desk, section, secrets);
  return {
    name,
    alias: (alias === undefined ? undefined : nameIn(desk, desk.read.text(alias) ?? '', alias)) ?? null,
    ...place,
    auth: (auth === undefined ? undefined : desk.read.choice(auth, words, 'auth_type')) ?? 'none',
    settings,
    secrets: Object.fromEntries(secrets),
  };
}

type Place = Pick<DeclaredToolServer, 'transport' | 'url' | 'command' | 'arguments'>;

function placeOf(desk: Desk, entry: Entry, section: Section, secrets: Map<string, Secret>): Place | undefined {
  const [url, command, given, items] = ['url', 'command', 'transport', 'args'].map((key) => section.get(key));
  const words = Object.fromEntries(toolTransports.map((word) => [word, word]));
  const meant = given === undefined ? undefined : desk.read.choice(given, words, 'transport');
  const transport = meant ?? (url === undefined && command !== undefined ? 'stdio' : 'http');
  const [needed, odd] = transport === 'stdio' ? [command, url] : [url, command];
  const [key, otherKey] = transport === 'stdio' ? ['command', 'url'] : ['url', 'command'];
  if (odd !== undefined)
    desk.findings.error(odd, `an MCP server by ${transport} has no ${otherKey}`, 'remove it, or change transport');
  if (needed === undefined) desk.findings.error(entry, `${key} is missing`, 'give a url, or a command that starts it');
  const text = needed === undefined ? undefined : desk.read.text(needed);
  if (needed === undefined || text === undefined) return undefined;
  const started = (items === undefined ? undefined : desk.read.list(items)) ?? [];
  const parts = started.map((item, index) => {
    const isSecret = isSecretArgument(textIn(started[index - 1]), textIn(item));
    return plainOr(desk, `argument:${index}`, item, isSecret, secrets) ?? null;
  });
  if (transport === 'stdio') return { transport, url: null, command: text, arguments: parts };
  const shownUrl = addressOf(desk, needed, text, secrets);
  return shownUrl === undefined ? undefined : { transport, url: shownUrl, command: null, arguments: parts };
}

const textIn = (tree: Tree | undefined): string => (tree?.kind === 'scalar' ? String(tree.value) : '');

/** `--api-key=x`, or `x` after `--api-key`. */
function isSecretArgument(before: string, text: string): boolean {
  const flag = (written: string): string | undefined => /^--?([\w-]+)$/.exec(written)?.[1];
  const [, name] = /^--?([\w-]+)=/.exec(text) ?? [];
  return isSecretField(name ?? flag(before) ?? '') && (name !== undefined || flag(text) === undefined);
}

/** Keys of servers stand in queries, and in paths that somebody keeps in a variable: such an address is sealed whole. */
function addressOf(desk: Desk, tree: Tree, text: string, secrets: Map<string, Secret>): string | undefined {
  const address = /^https?:\/\/[^/\s]/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (address === undefined)
    desk.findings.error(tree, 'expected an address that begins with http:// or https://', 'write the whole address');
  else if (address.username !== '' || address.password !== '')
    desk.findings.error(tree, 'the address carries a user name or password', 'take it out and give auth_value');
  else if (address.search === '' && address.hash === '' && !isLookedUp(tree)) return text;
  else {
    secrets.set('url', new Secret(text));
    return address.origin;
  }
  return undefined;
}

const isLookedUp = (tree: Tree): boolean => tree.kind === 'scalar' && tree.origin !== undefined;

function keepSecret(desk: Desk, field: string, tree: Tree | undefined, secrets: Map<string, Secret>): void {
  const text = tree === undefined ? undefined : secretText(desk, tree);
  if (text !== undefined) secrets.set(field, new Secret(text));
}

/** Returns a value that may be read; one that is secret, or was looked up, is kept by its field instead. */
function plainOr(
  desk: Desk,
  field: string,
  tree: Tree,
  isSecret: boolean,
  secrets: Map<string, Secret>,
): string | undefined {
  if (tree.kind !== 'scalar') return desk.read.text(tree);
  if (tree.value === null) return undefined;
  if (!isSecret && !isLookedUp(tree)) return String(tree.value);
  keepSecret(desk, field, tree, secrets);
  return undefined;
}

function plainMap(
  desk: Desk,
  tree: Tree | undefined,
  prefix: 'env' | 'header',
  secrets: Map<string, Secret>,
): Record<string, string> | undefined {
  const plain: Record<string, string> = {};
  for (const { key, value } of tree === undefined ? [] : (desk.read.dictionary(tree)?.entries ?? [])) {
    const isSecret = prefix === 'env' ? isSecretField(key) : isSecretHeader(key);
    const text = isNothing(value) ? undefined : plainOr(desk, `${prefix}:${key}`, value, isSecret, secrets);
    if (text !== undefined) plain[key] = text;
  }
  return Object.keys(plain).length === 0 ? undefined : plain;
}

type Optional<Shape> = { readonly [Key in keyof Shape]: Shape[Key] | undefined };

function settingsOf(desk: Desk, section: Section, secrets: Map<string, Secret>): ToolServerSettings {
  const { read } = desk;
  const take = <Value>(key: string, reader: (tree: Tree) => Value | undefined): Value | undefined => {
    const tree = section.get(key);
    return tree === undefined ? undefined : reader(tree);
  };
  const text = (tree: Tree): string | undefined => read.text(tree);
  const texts = (tree: Tree): string[] | undefined => read.texts(tree);
  const settings: Optional<Required<ToolServerSettings>> = {
    description: take('description', text),
    specPath: take('spec_path', text),
    env: plainMap(desk, section.get('env'), 'env', secrets),
    headers: plainMap(desk, section.get('static_headers'), 'header', secrets),
    forwardedHeaders: take('extra_headers', texts),
    clientId: take('client_id', (tree) => read.loose(tree)),
    scopes: take('scopes', texts),
    authorizationUrl: take('authorization_url', text),
    tokenUrl: take('token_url', text),
    registrationUrl: take('registration_url', text),
    accessGroups: take('access_groups', texts),
    allowedTools: take('allowed_tools', texts),
    disallowedTools: take('disallowed_tools', texts),
    allowedParameters: take('allowed_params', (tree) => listsIn(desk, tree)),
    allKeys: take('allow_all_keys', (tree) => read.yesNo(tree)),
    info: take('mcp_info', (tree) => read.object(tree)),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function listsIn(desk: Desk, tree: Tree): Record<string, string[]> {
  const entries = desk.read.dictionary(tree)?.entries ?? [];
  return Object.fromEntries(entries.map(({ key, value }) => [key, desk.read.texts(value) ?? []]));
}
