// What there is to serve without a configuration file: provider keys in the environment, model servers on this machine, and the
// canned model when there is nothing.
import { declarationOf, discoverFromEnvironment, discoveryTable } from '../config/discover.ts';
import type { Environment } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import type { Declaration } from '../core/records.ts';
import { providers } from '../providers/index.ts';
import { findLocalServers } from './find-local.ts';

/** What was found, and as a table for people. */
export interface Finding {
  readonly declaration: Declaration;
  readonly table: string;
}

/** Takes the options, the environment and the way out; returns what was found. */
export async function findModels(
  { discover, demo }: Pick<Config, 'discover' | 'demo'>,
  environment: Environment,
  send: Parameters<typeof findLocalServers>[1],
): Promise<Finding> {
  const found = discover ? discoverFromEnvironment(environment, providers) : [];
  const servers = discover ? await findLocalServers(providers, send) : [];
  return { declaration: declarationOf(found, servers, demo), table: discoveryTable(found, servers, providers) };
}
