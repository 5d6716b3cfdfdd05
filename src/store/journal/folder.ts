// The folders of the journal: each running gateway has one of its own, held by a lock; those of gateways that ended are
// taken over by whoever finds them first. Invariant: a folder has one holder, so no line is read by two.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DirectoryLock, lockDirectory } from '../directory-lock.ts';
import { StartRefused } from '../start-refused.ts';

const lines = '.jsonl';
const given = 'run-';
const gone = 'gone-';
const alive = 'alive';

/** How often a holder should show that it lives, for those in other containers who cannot see its process. */
export const showLifeMs = 15_000;
const believedDeadMs = 4 * showLifeMs;

export class Folder {
  readonly path: string;
  readonly #lock: DirectoryLock;

  constructor(path: string, lock: DirectoryLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Paths of its segments, the oldest first. */
  segments(): readonly string[] {
    const names = readdirSync(this.path).filter((name) => name.endsWith(lines));
    return names.sort().map((name) => join(this.path, name));
  }

  /** Takes a number; returns the path of the segment with it. */
  segmentPath(number: number): string {
    return join(this.path, `${String(number).padStart(8, '0')}${lines}`);
  }

  /** Shows those in other containers that this gateway lives. */
  showLife(): void {
    writeFileSync(join(this.path, alive), '');
  }

  /** Leaves it to the next gateway. */
  leave(): void {
    this.#lock.release();
  }

  /** Removes it. It is renamed first: whoever waits for its lock must not find half a folder. */
  remove(): void {
    const aside = join(this.path, '..', `${gone}${randomUUID()}`);
    renameSync(this.path, aside);
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Takes the journal's directory; makes a folder of this gateway's own. Throws the system's error when the disk does not let it. */
export async function makeFolder(directory: string): Promise<Folder> {
  for (let tries = 1; ; tries++) {
    const path = join(directory, `${given}${randomUUID()}`);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    try {
      const folder = new Folder(path, await lockDirectory(path));
      folder.showLife();
      return folder;
    } catch (thrown) {
      // Between its making and its lock another gateway may have taken it for a dead one's.
      if (tries === 3 || !(thrown instanceof StartRefused)) throw thrown;
    }
  }
}

/** Takes the journal's directory; returns the folders that gateways left behind when they ended, now held by this one. */
export async function takeOver(directory: string): Promise<readonly Folder[]> {
  if (!existsSync(directory)) return [];
  const taken: Folder[] = [];
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (name.startsWith(gone)) rmSync(path, { recursive: true, force: true });
    if (!name.startsWith(given)) continue;
    const lock = await lockUnlessHeld(path);
    if (lock !== undefined) taken.push(new Folder(path, lock));
  }
  return taken;
}

async function lockUnlessHeld(path: string): Promise<DirectoryLock | undefined> {
  try {
    return await lockDirectory(path, async () => isLively(join(path, alive)));
  } catch (thrown) {
    if (thrown instanceof StartRefused) return undefined;
    throw thrown;
  }
}

function isLively(sign: string): boolean {
  const { mtimeMs = 0 } = statSync(sign, { throwIfNoEntry: false }) ?? {};
  return Date.now() - mtimeMs < believedDeadMs;
}
