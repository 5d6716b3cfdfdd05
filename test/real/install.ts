// Brings the real parts (models, clients, the scripted provider) into test/real/node_modules, once.
// Invariant: the stamp is written only after a complete install, so a half-made folder is never taken for a whole one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const stampFile = `${here}node_modules/.plumbline-lockfile-hash`;
const lockFile = `${here}.installing`;

/** Installs the real parts when the lockfile has changed since the last complete install. Safe to call from many processes at once. */
export async function ensureRealParts(): Promise<void> {
  if (isInstalled()) return;
  await takeLock();
  try {
    if (!isInstalled()) install();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** Whether the folder holds what the committed lockfile names. */
export function isInstalled(): boolean {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockfileHash();
}

function lockfileHash(): string {
  return createHash('sha256')
    .update(readFileSync(`${here}package-lock.json`))
    .digest('hex');
}

function install(): void {
  process.stderr.write('installing the real parts for the end-to-end tests (about 600 MB, once)\n');
  const result = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`npm ci in test/real ended with status ${result.status}`);
  writeFileSync(stampFile, lockfileHash());
}

/** The lock is a file with the owner's process id; one whose owner is gone is taken over. */
async function takeLock(): Promise<void> {
  while (true) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (!ownerIsAlive()) rmSync(lockFile, { force: true });
    else await pause(200);
  }
}

/** Also true when the lock has just been given back: then the next round takes it. */
function ownerIsAlive(): boolean {
  if (!existsSync(lockFile)) return true;
  try {
    return process.kill(Number(readFileSync(lockFile, 'utf8')), 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

if (import.meta.main) await ensureRealParts();
