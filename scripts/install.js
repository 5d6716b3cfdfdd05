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
  say('installing packages (once, some 10 seconds)');
  // Named, because NODE_ENV=production or a user's npm settings would leave out the bundler or the pinned Node.
  const wanted = ['--include=dev', '--include=optional', '--ignore-scripts'];
  const result = spawnSync('npm', ['ci', ...wanted, '--no-progress', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error('npm ci failed; its own words stand above');
  writeFileSync(stamp, hash);
}

/** Takes a line about progress and shows it on standard error, so that standard output stays the program's. */
export function say(line) {
  process.stderr.write(`plumbline: ${line}\n`);
}
