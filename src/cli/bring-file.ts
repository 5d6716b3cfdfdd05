// A configuration file and the tables: what the one would change in the other, and the change itself.
import { readFile } from '../admin/read-file.ts';
import { renderNotices } from '../config/notices.ts';
import { GatewayError } from '../core/errors.ts';
import type { DeploymentRecord } from '../core/records.ts';
import { openSealer } from '../kit/seal.ts';
import { refuseWrongKey } from '../store/canary.ts';
import { missingTables } from '../store/present-tables.ts';
import { type ReplacedKinds, rehearseOwned, replaceOwned } from '../store/replace-owned.ts';
import { readDeployments } from '../store/tables/deployments.ts';
import { changeLines, unchangedRows } from './change-report.ts';
import { CommandFailure, exitCodes, type Terminal } from './command.ts';
import { configOf, saltKeysOf, withStore } from './database-door.ts';

export interface Wish {
  readonly path: string;
  /** False: say what would change. */
  readonly isReal: boolean;
  /** True: rows of the file's that it does not declare are removed. */
  readonly prunes: boolean;
}

export interface Brought {
  readonly changes: ReplacedKinds;
  readonly lines: readonly string[];
  readonly unchanged: number;
}

/** Takes a wish, the command's options and its terminal; returns what changed, or would. Throws CommandFailure; a file with errors changes nothing. */
export async function bringFile(
  { path, isReal, prunes }: Wish,
  options: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<Brought> {
  const config = configOf({ ...options, config: path }, terminal);
  const { declaration, notices } = readFile(path, terminal.environment, config.acceptNotYet);
  if (notices.length > 0) terminal.complain(renderNotices(notices));
  const { saltKey, otherSaltKeys } = saltKeysOf(config);
  const sealer = openSealer(saltKey, otherSaltKeys);
  const bring = isReal ? replaceOwned : rehearseOwned;
  try {
    return await withStore(
      config,
      async ({ database }) => {
        await refuseWrongKey(database, sealer);
        const before = await readDeployments(database);
        const needless = declaration.toolServers.length === 0 ? ['tool_servers'] : [];
        const without = await missingTables(database, needless);
        const changes = await bring(database, declaration, sealer, { prunes, without });
        const names = new Map([...before, ...declaration.deployments].map((record) => [record.id, nameOf(record)]));
        const lines = changeLines(changes, (id) => names.get(id) ?? id);
        return { changes, lines, unchanged: unchangedRows(changes) };
      },
      isReal,
    );
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    throw new CommandFailure(thrown.message, 'nothing was changed', exitCodes.found);
  }
}

const nameOf = ({ alias, provider, model }: DeploymentRecord): string => `${alias} (${provider}/${model})`;
