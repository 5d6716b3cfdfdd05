// Brings the packages that package-lock.json names into node_modules, once. Plain JavaScript without dependencies: it runs
// before anything is installed. Invariant: the stamp is written only after a complete install.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.plumbline-installed`;

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
}

function isInstalled(hash) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
}

/** Installs what package-lock.json names unless that is done already. Throws a sentence for people when npm fails. */
export function ensureInstalled() {
  const hash = lockfileHash();
  if (isInstalled(hash)) return;
  say('installing packages (once, half a minute)');
  // Not `npm ci`: it refuses a lockfile that lacks any package for any platform, and registries lack some. Versions and hashes
  // are the lockfile's all the same. Dev and optional are named, because NODE_ENV=production would leave them out.
  const wanted = ['--no-save', '--include=dev', '--include=optional', '--ignore-scripts'];
  const result = spawnSync('npm', ['install', ...wanted, '--no-progress', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error('npm install failed; its own words stand above');
  writeFileSync(stamp, hash);
}

/** Takes a line about progress and shows it on standard error, so that standard output stays the program's. */
export function say(line) {
  process.stderr.write(`plumbline: ${line}\n`);
}
