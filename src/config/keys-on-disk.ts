// The master key and the salt key that the first start makes: files in the data folder, for their owner's eyes only.
// Invariant: a key file is never written over; an unreadable one stops the start, because a new salt key would make
// every sealed value unreadable.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../kit/secret.ts';
import { type OptionName, ourVariable } from './options.ts';
import type { Complaint } from './rules.ts';

export interface Keys {
  readonly masterKey: Secret;
  readonly saltKey: Secret;
  /** Salt keys that open what they sealed, while one replaces the other. */
  readonly otherSaltKeys: readonly Secret[];
  /** Paths of the files made now. */
  readonly made: readonly string[];
}

type KeyName = 'masterKey' | 'saltKey';

const files: Readonly<Record<KeyName, { readonly file: string; readonly prefix: string }>> = {
  masterKey: { file: 'master-key', prefix: 'sk-' },
  saltKey: { file: 'salt-key', prefix: 'salt-' },
};

/** Beside `salt-key` while it is being changed: the one to come, and the one that was. */
const next = 'salt-key.next';
const previous = 'salt-key.previous';

const randomLength = 32;
const groupAndOthers = 0o077;
const writableByOthers = 0o022;

/**
 * Takes the data folder and the keys that were configured; returns both keys, reading from the folder what was not
 * configured and making there what it lacks (256 random bits, mode 0600, folder 0700). Returns complaints when the
 * folder or a file is open to others, empty, damaged or cannot be written. With both keys given the disk is not touched.
 */
export function ensureKeys(dataDir: string, given: Given): Keys | { readonly complaints: readonly Complaint[] } {
  const { masterKey, saltKey, saltKeyPrevious = null } = given;
  const others = saltKeyPrevious === null ? [] : [saltKeyPrevious];
  if (masterKey !== null && saltKey !== null) return { masterKey, saltKey, otherSaltKeys: others, made: [] };
  const folder = folderComplaint(dataDir);
  if (folder !== undefined) return { complaints: [folder] };
  const master = masterKey === null ? keyOf(dataDir, 'masterKey') : { key: masterKey };
  const salt = saltKey === null ? keyOf(dataDir, 'saltKey') : { key: saltKey };
  const besides = saltKey === null ? [next, previous].map((file) => keyIn(dataDir, file)) : [];
  const complaints = [master, salt, ...besides].filter((result) => result !== undefined && 'says' in result);
  if ('says' in master || 'says' in salt || complaints.length > 0) return { complaints };
  const beside = besides.flatMap((found) => (found !== undefined && 'key' in found ? [found.key] : []));
  return {
    masterKey: master.key,
    saltKey: salt.key,
    otherSaltKeys: [...others, ...beside],
    made: [...(master.made ?? []), ...(salt.made ?? [])],
  };
}

/** Takes the data folder; returns the path of the salt key that is to replace the one there. */
export function nextSaltKeyFile(dataDir: string): string {
  return join(dataDir, next);
}

/**
 * Takes a path; returns the salt key in it, made when there is no such file. Any text is a key; one of ours is 256 random
 * bits, mode 0600. Returns a complaint when the file is empty or cannot be used.
 */
export function openSaltKeyFile(path: string): { readonly key: Secret; readonly isMade: boolean } | Complaint {
  try {
    const isMade = makeUnlessThere(path, files.saltKey.prefix);
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return { key: new Secret(text), isMade };
    return complaint('saltKey', path, 'the key file is empty', 'put the key in it, or name another file');
  } catch (thrown) {
    return complaint('saltKey', path, `the key file cannot be used: ${codeOf(thrown)}`, 'name another file');
  }
}

/** Takes the data folder; makes the next salt key the one in use and keeps the other as the previous. At no moment is there none. */
export function installNextSaltKey(dataDir: string): void {
  const path = keyFile(dataDir, 'saltKey');
  rmSync(join(dataDir, previous), { force: true });
  linkSync(path, join(dataDir, previous));
  renameSync(nextSaltKeyFile(dataDir), path);
}

/** Takes the data folder and which key; returns the path of its file. */
export function keyFile(dataDir: string, name: KeyName): string {
  return join(dataDir, files[name].file);
}

interface Given {
  readonly masterKey: Secret | null;
  readonly saltKey: Secret | null;
  readonly saltKeyPrevious?: Secret | null;
}

type Found = { readonly key: Secret; readonly made?: readonly string[] } | Complaint;

function keyOf(dataDir: string, name: KeyName): Found {
  const path = keyFile(dataDir, name);
  try {
    return keyAt(path, name, makeUnlessThere(path, files[name].prefix));
  } catch (thrown) {
    return unusable(path, name, thrown);
  }
}

/** A salt key beside the one in use; undefined when there is none. */
function keyIn(dataDir: string, file: string): Found | undefined {
  const path = join(dataDir, file);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  try {
    return keyAt(path, 'saltKey', false);
  } catch (thrown) {
    return unusable(path, 'saltKey', thrown);
  }
}

function keyAt(path: string, name: KeyName, made: boolean): Found {
  const mode = statSync(path).mode;
  if ((mode & groupAndOthers) !== 0)
    return complaint(name, path, 'others may read or write this key', `chmod 600 ${path}`);
  const text = readFileSync(path, 'utf8').trimEnd();
  if (isWhole(text, files[name].prefix)) return { key: new Secret(text), made: made ? [path] : [] };
  return complaint(name, path, text === '' ? 'the key file is empty' : 'the key file is damaged', mendOf(name));
}

function unusable(path: string, name: KeyName, thrown: unknown): Complaint {
  return complaint(name, path, `the key file cannot be used: ${codeOf(thrown)}`, `set ${ourVariable(name)} instead`);
}

function isWhole(text: string, prefix: string): boolean {
  return text.startsWith(prefix) && /^[\w-]{43}$/.test(text.slice(prefix.length));
}

/** Makes the key file in one step, so that neither a crash nor a second start can leave half of one; true when made. */
function makeUnlessThere(path: string, prefix: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, `${prefix}${randomBytes(randomLength).toString('base64url')}\n`);
    fsyncSync(descriptor);
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    closeSync(descriptor);
    unlinkSync(draft);
  }
}

function folderComplaint(dataDir: string): Complaint | undefined {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const { mode } = statSync(dataDir);
    if ((mode & writableByOthers) === 0) return undefined;
    return complaint('dataDir', dataDir, 'others may write to the data folder', `chmod 700 ${dataDir}`);
  } catch (thrown) {
    const keys = `${ourVariable('masterKey')} and ${ourVariable('saltKey')}`;
    return complaint(
      'dataDir',
      dataDir,
      `the data folder cannot be used: ${codeOf(thrown)}`,
      `set ${ourVariable('dataDir')} to a folder this user may write to, or set ${keys}`,
    );
  }
}

function mendOf(name: KeyName): string {
  const lost = name === 'saltKey' ? 'sealed credentials can be read with that key only; ' : '';
  return `${lost}restore the file from a backup, or delete it if nothing depends on it and a new key is made at the next start`;
}

function complaint(option: OptionName, source: string, says: string, mend: string): Complaint {
  return { option, source, says, mend };
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason';
}
