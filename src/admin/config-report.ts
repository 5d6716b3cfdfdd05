// GET /config: every boot option and every routing setting with the value in force, every tool server, and where each comes from. Invariant: of a secret it is
// told whether it is set, and by what; never what it is.
import { existsSync } from 'node:fs';
import { keyFile } from '../config/keys-on-disk.ts';
import { type Config, flagOf, type OptionName, optionNames, optionRow, variablesOf } from '../config/options.ts';
import { toolServerEntry } from '../config/tool-entry.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { shownSecret, shownSecrets } from '../core/posted-secrets.ts';
import { defaultRouterSettings, type RouterSettings, type ToolServerRecord } from '../core/records.ts';
import type { Queries } from '../store/database.ts';
import { readSettingRows, type SettingRow } from '../store/setting-rows.ts';
import { readToolServers } from '../store/tables/tool-servers.ts';
import type { ServedRows } from './model-parts.ts';

export interface ConfigParts {
  /** The boot options in force. */
  readonly options: Config;
  readonly rows: () => Pick<ServedRows, 'router'>;
  readonly database: Queries;
}

/**
 * Returns the options and settings in force, and the tool servers that are stored (null: their table is missing, or the database is away;
 * then the owners of settings are not known either).
 */
export async function configReport(parts: ConfigParts): Promise<JsonObject> {
  const { router } = parts.rows();
  return {
    options: optionReport(parts.options),
    settings: settingReport(router, await storedOr(['store_unavailable'], () => readSettingRows(parts.database))),
    tool_servers: toolServerReport(
      await storedOr(['store_unavailable', 'table_missing'], () => readToolServers(parts.database)),
    ),
  };
}

/** Null where reading fails in one of the given ways. */
async function storedOr<Row>(codes: readonly ErrorCode[], read: () => Promise<Row[]>): Promise<readonly Row[] | null> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof GatewayError && codes.includes(thrown.code)) return null;
    throw thrown;
  }
}

/** Takes the options in force; returns each with its source. */
export function optionReport(config: Config): readonly JsonObject[] {
  return optionNames.map((name) => {
    const { from, name: place } = sourceOf(name, config);
    const isSecret = optionRow(name).kind === 'secret';
    return {
      name,
      value: isSecret ? null : (config[name] as JsonValue),
      ...(isSecret ? { set: from !== 'default' } : {}),
      secret: isSecret,
      source: from,
      from: place,
      flag: flagOf(name),
      variables: [...variablesOf(name)],
      says: optionRow(name).says,
    };
  });
}

/** Keys that the first start made stand in a file of the data folder. */
function sourceOf(name: OptionName, config: Config): { readonly from: string; readonly name: string } {
  const isMade = (name === 'masterKey' || name === 'saltKey') && config[name] === null;
  if (isMade) {
    const path = keyFile(config.dataDir, name);
    if (existsSync(path)) return { from: 'data-folder', name: path };
  }
  return config.sources[name];
}

function settingReport(router: RouterSettings, stored: readonly SettingRow[] | null): readonly JsonObject[] {
  const owners = new Map((stored ?? []).map(({ name, owner }) => [name, owner]));
  return Object.keys(defaultRouterSettings).map((name) => {
    const owner = owners.get(`router.${name}`) ?? null;
    const value = router[name as keyof RouterSettings] as JsonValue;
    return {
      name: `router.${name}`,
      value,
      source: stored === null ? 'unknown' : owner === null ? 'default' : 'table',
      owner,
    };
  });
}

/** Stored for when MCP is served. */
function toolServerReport(stored: readonly ToolServerRecord[] | null): readonly JsonObject[] | null {
  if (stored === null) return null;
  return stored.map(({ sealed, ...record }) => {
    const marks = shownSecrets(Object.keys(sealed));
    const references = marks['url'] === undefined ? marks : { ...marks, url: `${record.url}/${shownSecret}` };
    const value = toolServerEntry({ record, references });
    return { name: record.name, value, source: 'table', owner: record.owner, served: false };
  });
}
