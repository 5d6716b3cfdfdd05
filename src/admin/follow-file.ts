// A configuration file that changes while the gateway runs: read again, checked, and brought into the tables; what is served
// follows the tables. Invariants: a file with errors changes nothing, and the log says where they are; one reading at a time.
import { stat } from 'node:fs/promises';
import type { FileReading } from '../config/file-reading.ts';
import { hasErrors, renderNotices } from '../config/notices.ts';
import type { Declaration } from '../core/records.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { Secret } from '../kit/secret.ts';

export interface FollowParts {
  /** Reads the file and all it includes. */
  readonly read: () => FileReading;
  /** Brings what the file declares into the tables; returns what changed. */
  readonly bringIn: (declaration: Declaration) => Promise<object>;
  /** What was read at the start. */
  readonly first: FileReading;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Follower {
  /** Reads the file now, whether it changed or not. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Two looks that agree come before a reading: a file is not read while it is written. */
const lookEveryMs = 400;

/** Takes the parts; looks at the file and all it includes until it is closed. */
export function followFile(parts: FollowParts): Follower {
  return new FileFollower(parts);
}

class FileFollower implements Follower {
  readonly #parts: FollowParts;
  #files: readonly string[];
  #settings: string;
  /** As the files were when they were last read; and at the last look. */
  #read: string | null = null;
  #seen: string | null = null;
  #cancel: () => void = () => undefined;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: FollowParts) {
    this.#parts = parts;
    this.#files = parts.first.files;
    this.#settings = settingsOf(parts.first);
    this.#plan();
  }

  reload(): Promise<void> {
    this.#working = this.#working.then(() => this.#bringIn());
    return this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#working;
  }

  #plan(): void {
    this.#cancel = this.#parts.clock.after(lookEveryMs, () => {
      void this.#look().finally(() => !this.#isClosed && this.#plan());
    });
  }

  async #look(): Promise<void> {
    const now = await marksOf(this.#files);
    const isSettled = now === this.#seen;
    this.#seen = now;
    this.#read ??= now;
    if (isSettled && now !== this.#read && !this.#isClosed) await this.reload();
  }

  async #bringIn(): Promise<void> {
    const { read, bringIn, log } = this.#parts;
    this.#read = await marksOf(this.#files);
    this.#seen = this.#read;
    try {
      const reading = read();
      if (hasErrors(reading.notices)) {
        log.error('the configuration file has errors; nothing was changed', {
          notices: renderNotices(reading.notices),
        });
        return;
      }
      const changes = await bringIn(reading.declaration);
      this.#files = reading.files;
      log.info('the configuration file was read again', { changes });
      const warnings = reading.notices.filter(({ severity }) => severity === 'warning');
      if (warnings.length > 0) log.warn('the configuration file has warnings', { notices: renderNotices(warnings) });
      this.#sayWhatWaits(reading);
    } catch (error) {
      log.error('the configuration file could not be brought in; nothing was changed', { error });
    }
  }

  #sayWhatWaits(reading: FileReading): void {
    const settings = settingsOf(reading);
    if (settings !== this.#settings)
      this.#parts.log.warn('boot options in the configuration file changed; they take effect at the next start');
    this.#settings = settings;
  }
}

/** Two files that are the same have the same mark; one that is not there has its own. */
async function marksOf(files: readonly string[]): Promise<string> {
  const marks = files.map((path) =>
    stat(path).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs}:${size}:${ino}`,
      (error: NodeJS.ErrnoException) => String(error.code),
    ),
  );
  return (await Promise.all(marks)).join(' ');
}

/** Secrets by their hash. */
function settingsOf({ settings }: FileReading): string {
  const plain = Object.entries(settings).map(([name, { value }]) => [
    name,
    value instanceof Secret ? value.sha256() : value,
  ]);
  return JSON.stringify(plain);
}
