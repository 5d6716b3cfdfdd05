// One file of the journal: lines at its end, read again from where the database has not been told. Invariant: every line up
// to `size` is whole; what was written in part (a full disk) is taken back or lies beyond it.
import { closeSync, constants, fdatasync, fstatSync, ftruncateSync, openSync, read, unlink, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const newline = 10;
const readAt = promisify(read);
const unlinkLater = promisify(unlink);

export class Segment {
  readonly path: string;
  readonly #descriptor: number;
  /** Bytes of whole lines, or of the whole file when it is somebody else's. */
  #size: number;
  /** Bytes that are dealt with. */
  #settled = 0;
  #isClosed = false;

  /** Takes a path; makes the file, or opens the one a gateway left behind. Throws the system's error. */
  constructor(path: string, how: 'make' | 'read') {
    const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;
    this.path = path;
    this.#descriptor = openSync(path, how === 'make' ? O_APPEND | O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0o600);
    this.#size = how === 'make' ? 0 : fstatSync(this.#descriptor).size;
  }

  size(): number {
    return this.#size;
  }

  /** Bytes that are not dealt with. */
  waiting(): number {
    return this.#size - this.#settled;
  }

  /** Takes whole lines: they are the kernel's when it returns, so they outlive this process. Returns their bytes. Throws when the disk takes no more. */
  append(lines: string): number {
    const written = writeSync(this.#descriptor, lines);
    const wanted = Buffer.byteLength(lines);
    if (written === wanted) {
      this.#size += wanted;
      return wanted;
    }
    ftruncateSync(this.#descriptor, this.#size);
    throw Object.assign(new Error('ENOSPC: only a part was written'), { code: 'ENOSPC' });
  }

  /** Takes a buffer and where in it to begin; reads what is not dealt with. Returns how many bytes were read, and how many of them are whole lines. */
  async read(into: Buffer, from: number): Promise<{ readonly read: number; readonly whole: number }> {
    const most = Math.min(into.length - from, this.waiting());
    const { bytesRead } = await readAt(this.#descriptor, into, from, most, this.#settled);
    return { read: bytesRead, whole: into.subarray(from, from + bytesRead).lastIndexOf(newline) + 1 };
  }

  /** Takes how many bytes; they are dealt with. */
  settle(bytes: number): void {
    this.#settled += bytes;
  }

  /** Asks the disk to hold what was written even when the power fails. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return resolve();
      fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#descriptor);
    this.#isClosed = true;
  }

  /** Closes and removes the file. */
  async remove(): Promise<void> {
    this.close();
    await unlinkLater(this.path);
  }
}
