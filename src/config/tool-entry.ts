// A tool server as an entry of mcp_servers: what is written into a file, and what is shown. Pure: for each secret stands what is handed in.
import type { JsonObject } from '../core/json.ts';
import type { ToolServerRecord, ToolServerSettings } from '../core/records.ts';

/** A tool server, and for each of its sealed fields the text that stands for the secret (`os.environ/NAME`). */
export interface NamedToolServer {
  readonly record: Omit<ToolServerRecord, 'sealed'>;
  readonly references: Readonly<Record<string, string>>;
}

const keys: Readonly<Record<keyof Omit<ToolServerSettings, 'env' | 'headers'>, string>> = {
  description: 'description',
  specPath: 'spec_path',
  forwardedHeaders: 'extra_headers',
  clientId: 'client_id',
  scopes: 'scopes',
  authorizationUrl: 'authorization_url',
  tokenUrl: 'token_url',
  registrationUrl: 'registration_url',
  accessGroups: 'access_groups',
  allowedTools: 'allowed_tools',
  disallowedTools: 'disallowed_tools',
  allowedParameters: 'allowed_params',
  allKeys: 'allow_all_keys',
  info: 'mcp_info',
};

/** Takes a tool server; returns its entry, by LiteLLM's keys, without what is absent or as it would be anyway. */
export function toolServerEntry({ record, references }: NamedToolServer): JsonObject {
  const { alias, transport, url, command, auth, settings } = record;
  const parts = record.arguments.map((text, index) => text ?? references[`argument:${index}`] ?? '');
  const entry = {
    url: references['url'] ?? url ?? undefined,
    transport: transport === 'http' ? undefined : transport,
    command: command ?? undefined,
    args: parts.length === 0 ? undefined : parts,
    env: withSecrets(settings.env, references, 'env:'),
    static_headers: withSecrets(settings.headers, references, 'header:'),
    alias: alias ?? undefined,
    auth_type: auth === 'none' ? undefined : auth,
    auth_value: references['auth_value'],
    client_secret: references['client_secret'],
    ...Object.fromEntries(Object.entries(keys).map(([field, key]) => [key, settings[field as keyof typeof keys]])),
  };
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

function withSecrets(
  plain: Readonly<Record<string, string>> = {},
  references: Readonly<Record<string, string>>,
  prefix: string,
): JsonObject | undefined {
  const secret = Object.entries(references).flatMap(([field, text]) =>
    field.startsWith(prefix) ? [[field.slice(prefix.length), text] as const] : [],
  );
  const all = { ...plain, ...Object.fromEntries(secret) };
  return Object.keys(all).length === 0 ? undefined : all;
}
