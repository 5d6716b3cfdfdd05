// Brings peers here by the ordinary package managers, by exact name and version, into a folder that git ignores.
// Invariant: nothing lands among the project's own dependencies, and no install script runs.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotHere } from './gateways/gateway.ts';
import { runToEnd } from './processes.ts';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Versions of what it depends on, where its own ranges bring what it does not work with. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** Takes a package and where peers live; installs it unless it is there, and returns its folder. Throws NotHere. */
export function npmPackage(wanted: NpmPackage, peers: string): string {
  const folder = join(peers, `${wanted.name.replace(/^@|\/.*/g, '')}-${wanted.version}`);
  const inside = join(folder, 'node_modules', wanted.name);
  if (existsSync(join(inside, 'package.json'))) return inside;
  mkdirSync(folder, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { [wanted.name]: wanted.version },
    overrides: wanted.overrides ?? {},
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const words = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  install('npm', words, folder);
  if (!existsSync(inside)) throw new NotHere(`npm brought no ${wanted.name} for this machine`);
  return inside;
}

/** Takes a command's module path and version and where peers live; builds it unless it is there, and returns it. Throws NotHere. */
export function goProgram(path: string, version: string, peers: string): string {
  const folder = join(peers, `${path.split('/').at(-1)}-${version}`);
  const program = join(folder, path.split('/').at(-1) ?? path);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  install('go', ['install', `${path}@${version}`], folder, { GOBIN: folder });
  return program;
}

function install(
  command: string,
  words: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): void {
  try {
    runToEnd(command, words, { folder, patienceMs: 15 * 60_000, environment });
  } catch (error) {
    throw new NotHere(reasonOf(String(error instanceof Error ? error.message : error)));
  }
}

/** Takes what a package manager said; returns it on one line, without addresses of registries and paths of this machine. */
export function reasonOf(said: string): string {
  const bare = said.replace(/\bhttps?:\/\/\S+/g, '(address)').replace(/(^|[\s=])\/\S+/g, '$1(path)');
  return bare.replace(/\s+/g, ' ').trim().slice(0, 300);
}
