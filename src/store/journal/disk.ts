// What the journal holds on disk: this gateway's segments, and those that others left behind. Invariant: a segment is
// removed when all its lines are dealt with, and not before.
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Folder, makeFolder, takeOver } from './folder.ts';
import { Segment } from './segment.ts';

const largestSegment = 4 * 1024 * 1024;
/** So that room is made long before everything is delivered. */
const segmentsAtLeast = 4;
const refusedName = 'refused.jsonl';
const newline = 10;

export interface DiskOptions {
  readonly directory: string;
  /** Bytes of all segments together at most. */
  readonly limitBytes: number;
}

export class Disk {
  readonly #options: DiskOptions;
  readonly #segmentBytes: number;
  #own: Folder | undefined;
  #current: Segment | undefined;
  #made = 0;
  /** Of all segments together. */
  #bytes = 0;
  /** All segments with something in them that is not dealt with, the oldest first; the current one is the last. */
  #segments: Segment[] = [];
  /** Folders of gateways that ended, each with its segments that are still there. */
  readonly #inherited = new Map<Folder, Set<Segment>>();

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(largestSegment, options.limitBytes / segmentsAtLeast);
  }

  /** Makes this gateway's folder, unless it is there. Throws the system's error. */
  async open(): Promise<void> {
    this.#own ??= await makeFolder(this.#options.directory);
  }

  /** Takes whole lines; they outlive this process when it returns. Throws when the disk takes no more, or the limit is reached. */
  append(lines: string): void {
    const segment = this.#writable();
    try {
      this.#bytes += segment.append(lines);
    } catch (thrown) {
      // A piece of a line may stand at its end: nothing more goes there.
      this.#current = undefined;
      throw thrown;
    }
  }

  #writable(): Segment {
    if (this.#own === undefined) throw new Error('the journal has no folder');
    if (this.#bytes >= this.#options.limitBytes) {
      throw new Error(`the journal has reached its limit of ${this.#options.limitBytes} bytes (journalLimit)`);
    }
    if (this.#current === undefined || this.#current.size() >= this.#segmentBytes) {
      this.#made++;
      this.#current = new Segment(this.#own.segmentPath(this.#made), 'make');
      this.#segments.push(this.#current);
    }
    return this.#current;
  }

  /** Takes over what gateways left behind when they ended; returns how many lines. */
  async inherit(): Promise<number> {
    let lines = 0;
    for (const folder of await takeOver(this.#options.directory)) {
      const segments = folder.segments().map((path) => new Segment(path, 'read'));
      for (const segment of segments) {
        lines += countLines(await readFile(segment.path));
        this.#bytes += segment.size();
      }
      this.#segments.unshift(...segments);
      this.#inherited.set(folder, new Set(segments));
      if (segments.length === 0) this.#forget(folder);
    }
    return lines;
  }

  /** Bytes that are not dealt with. */
  waiting(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.waiting(), 0);
  }

  /** True while there is something of other gateways. */
  inherits(): boolean {
    return this.#inherited.size > 0;
  }

  /** Returns the oldest segment with lines to deliver; removes those that are dealt with on the way. */
  async next(): Promise<Segment | undefined> {
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined || oldest.waiting() > 0) return oldest;
      if (oldest === this.#current && oldest.size() < this.#segmentBytes) return undefined;
      await this.#drop(oldest);
    }
  }

  async #drop(segment: Segment): Promise<void> {
    this.#segments = this.#segments.filter((each) => each !== segment);
    if (this.#current === segment) this.#current = undefined;
    this.#bytes -= segment.size();
    await segment.remove();
    for (const [folder, left] of this.#inherited) {
      if (left.delete(segment) && left.size === 0) this.#forget(folder);
    }
  }

  #forget(folder: Folder): void {
    this.#inherited.delete(folder);
    folder.remove();
  }

  /** Goes on in a new segment, and removes those that are dealt with: what the database has does not stay here as well. */
  async retire(): Promise<void> {
    this.#current = undefined;
    for (const segment of this.#segments.filter((each) => each.waiting() === 0)) {
      if (this.#segments.includes(segment)) await this.#drop(segment);
    }
  }

  /** Keeps lines that cannot be delivered in a file for people. Throws the system's error. */
  keepRefused(lines: string | Uint8Array): string {
    const path = join(this.#options.directory, refusedName);
    appendFileSync(path, lines, { mode: 0o600 });
    return path;
  }

  /** Asks the disk to hold what was written even when the power fails. */
  async sync(): Promise<void> {
    await this.#current?.sync();
  }

  /** Shows other gateways that this one lives. */
  showLife(): void {
    for (const folder of [this.#own, ...this.#inherited.keys()]) folder?.showLife();
  }

  /** Lets everything go: what is dealt with is removed, the rest is left to the next gateway. */
  async close(): Promise<void> {
    const left = this.#segments.filter((segment) => segment.waiting() > 0);
    for (const segment of this.#segments.filter((each) => each.waiting() === 0)) await this.#drop(segment);
    for (const segment of left) segment.close();
    for (const folder of this.#inherited.keys()) folder.leave();
    if (left.some((segment) => !this.#isInherited(segment))) this.#own?.leave();
    else this.#own?.remove();
    this.#own = undefined;
  }

  #isInherited(segment: Segment): boolean {
    return [...this.#inherited.values()].some((segments) => segments.has(segment));
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines++;
  return lines;
}
