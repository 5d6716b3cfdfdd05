// One gateway a data directory: a lock file that names its holder. A lock whose holder is gone is taken over.
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity, processNamespace } from './process-identity.ts';
import { StartRefused } from './start-refused.ts';

export interface DirectoryLock {
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly identity: string;
  readonly namespace: string;
}

const lockName = 'gateway.lock';

/**
 * Takes a directory and, where there is one, a sign of life of what the lock guards (asked only when the holder lives in
 * another container, whose process numbers mean nothing here). Returns the lock.
 * Throws StartRefused naming the process and the directory when another gateway holds it.
 */
export async function lockDirectory(
  directory: string,
  signOfLife: () => Promise<boolean> = async () => false,
): Promise<DirectoryLock> {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, lockName);
  const mine = describeSelf();
  for (let tries = 0; tries < 10; tries += 1) {
    if (claim(path, mine)) return { release: () => release(path, mine) };
    const found = read(path);
    if (found === undefined) continue;
    if (await isHeld(found, signOfLife)) throw refusal(directory, parse(found)?.pid);
    removeStale(path, found);
  }
  throw refusal(directory, undefined);
}

function describeSelf(): string {
  const holder: Holder = {
    pid: process.pid,
    identity: processIdentity(process.pid) ?? '',
    namespace: processNamespace(),
  };
  return `${JSON.stringify(holder)}\n`;
}

/** The lock appears with its content in one step: a link to a finished file either is made or finds another there. */
function claim(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (isCode(thrown, 'EEXIST')) return false;
    throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function isHeld(content: string, signOfLife: () => Promise<boolean>): Promise<boolean> {
  const holder = parse(content);
  if (holder === undefined) return false;
  if (holder.namespace !== processNamespace()) return signOfLife();
  return processIdentity(holder.pid) === holder.identity;
}

/** Moves the stale lock aside; if another process renewed it in between, puts that one back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.stale.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== stale) linkSync(aside, path);
  } catch (thrown) {
    if (!isCode(thrown, 'ENOENT') && !isCode(thrown, 'EEXIST')) throw thrown;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(path: string, mine: string): void {
  if (read(path) === mine) rmSync(path, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, identity, namespace } = JSON.parse(content) as Partial<Holder>;
    if (pid === undefined || identity === undefined || namespace === undefined) return undefined;
    return { pid, identity, namespace };
  } catch {
    // Not ours, or cut by a full disk: nobody holds the directory with it.
    return undefined;
  }
}

function refusal(directory: string, pid: number | undefined): StartRefused {
  const holder = pid === undefined ? 'another gateway' : `another gateway (process ${pid})`;
  return new StartRefused(
    `${holder} holds the data directory ${directory}`,
    'stop that gateway, or give this one a data directory of its own',
  );
}

function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === code;
}
