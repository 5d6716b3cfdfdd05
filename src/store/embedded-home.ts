// Where the embedded server lives: <data folder>/postgres, holding cluster/, socket/, password, the log and the lock.
// The server's account must be able to pass every folder above it. When one above the data folder bars the way (root's own
// home), the home goes to the system's folder and <data folder>/postgres becomes a link to it, so it is found again.
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../kit/log.ts';
import { type Account, firstBarrier, serverAccount } from './account.ts';
import { socketName } from './postmaster.ts';
import { StartRefused } from './start-refused.ts';

export interface EmbeddedHome {
  readonly directory: string;
  readonly cluster: string;
  /** undefined: the account we run under. */
  readonly account: Account | undefined;
}

/** sockaddr_un of unix(7) holds 108 bytes, one of them the closing zero; the smallest among the systems is 104. */
const longestSocketPath = 103;

/** Takes the data folder and the system's folder for what cannot stay there; makes the home where needed and returns it. */
export function openHome(dataDir: string, systemDir: string, log: Log): EmbeddedHome {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const door = join(realpathSync(dataDir), 'postgres');
  refuseDangling(door);
  const account = serverAccount(join(door, 'cluster'));
  if (account !== undefined && !existsSync(door)) makePassable(door, account, systemDir, log);
  makeFolder(door, account);
  const directory = realpathSync(door);
  refuseForeign(directory, account);
  return { directory, cluster: join(directory, 'cluster'), account };
}

/** The process's mask may take rights away that the server's account needs, so they are set once more. */
function makeFolder(directory: string, account: Account | undefined): void {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account !== undefined) chmodSync(directory, 0o711);
}

function refuseDangling(door: string): void {
  if (existsSync(door) || lstatSync(door, { throwIfNoEntry: false }) === undefined) return;
  throw new StartRefused(
    `the database is kept in ${readlinkSync(door)}, which is gone`,
    `bring that folder back, or remove ${door} to begin with an empty database`,
  );
}

function refuseForeign(directory: string, account: Account | undefined): void {
  const barrier = account === undefined ? undefined : firstBarrier(directory, account);
  if (barrier !== undefined) {
    throw new StartRefused(
      `the database in ${directory} runs under uid ${account?.uid}, which may not pass ${barrier}`,
      `chmod o+x ${barrier}, or set DATABASE_URL`,
    );
  }
  const owner = statSync(directory).uid;
  if (account === undefined && process.getuid !== undefined && owner !== process.getuid()) {
    throw new StartRefused(
      `the database in ${directory} belongs to uid ${owner}, and this is uid ${process.getuid()}`,
      'start the gateway under the account that made it, or as root',
    );
  }
}

/** Lets the account through the data folder itself, which is ours; around a barrier above it, which is not. */
function makePassable(door: string, account: Account, systemDir: string, log: Log): void {
  const dataDir = dirname(door);
  if (firstBarrier(dirname(dataDir), account) !== undefined) {
    const elsewhere = join(systemDir, `${basename(dataDir)}-${shortHash(dataDir)}`);
    makeFolder(systemDir, account);
    makeFolder(elsewhere, account);
    symlinkSync(elsewhere, door);
    log.warn('database kept outside the data folder: its account cannot pass a folder above', {
      dataFolder: dataDir,
      database: elsewhere,
    });
  } else if (firstBarrier(dataDir, account) !== undefined) {
    chmodSync(dataDir, (statSync(dataDir).mode & 0o7777) | 0o011);
  }
}

/** Takes the home; makes the folder for the server's socket, short enough for the system and private. Returns it. */
export function openSocketDirectory(home: EmbeddedHome): string {
  const inside = join(home.directory, 'socket');
  const fits = Buffer.byteLength(join(inside, socketName)) <= longestSocketPath;
  const directory = fits ? inside : join(tmpdir(), `plumbline-${shortHash(home.directory)}`);
  makePrivate(directory, home.account);
  return directory;
}

/** Takes a folder; makes it, for the server's account only. Throws StartRefused when somebody else made it first. */
export function makePrivate(directory: string, account: Account | undefined): void {
  const owner = account?.uid ?? process.getuid?.();
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined && account !== undefined) {
    chownSync(directory, account.uid, account.gid);
  }
  const made = lstatSync(directory);
  if (made.isDirectory() && (owner === undefined || made.uid === owner)) return;
  throw new StartRefused(
    `${directory} belongs to somebody else (uid ${made.uid}); the database needs it for itself`,
    `remove ${directory}, or start the gateway under the account that owns it`,
  );
}

/** Takes the home; returns the password of the database, made at random the first time. The file is its owner's only. */
export function openPassword(home: EmbeddedHome): string {
  const path = passwordFile(home);
  if (!existsSync(path)) {
    writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
    if (home.account !== undefined) chownSync(path, home.account.uid, home.account.gid);
  }
  return readFileSync(path, 'utf8').trim();
}

/** Takes the home; returns the path of its password file. */
export function passwordFile(home: EmbeddedHome): string {
  return join(home.directory, 'password');
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
