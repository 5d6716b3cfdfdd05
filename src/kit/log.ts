// One line an event. Secrets are redacted by type (kit/secret.ts prints as [secret]); journald reads the level from the
// `<n>` in front of a line (sd-daemon(3)) when standard output is its stream. Our own and not a library: the request line is
// on the hot path, and JSON.stringify of one flat object is all it takes.
import { fstatSync, write, writeSync } from 'node:fs';
import { inspect } from 'node:util';

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** Writes what is buffered, at once, and ends the log. */
  close(): void;
}

export interface LogOptions {
  readonly level: Level;
  /** `text` is for people, `json` for programs. */
  readonly format: 'json' | 'text';
  /** File descriptor: 1 for standard output. */
  readonly descriptor: number;
  /** True when the descriptor is journald's: each line is marked with its level. */
  readonly journald: boolean;
  /** True when other processes write to the same descriptor: what goes through a pipe is then cut so that no line is torn by theirs. */
  readonly isShared?: boolean;
}

const order: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** syslog(3) levels. */
const marks: Readonly<Record<Level, string>> = { debug: '<7>', info: '<6>', warn: '<4>', error: '<3>' };

/** Takes where and how to write; returns a log. Lines are buffered and written at least every 100 ms, errors at once. */
export function openLog(options: LogOptions): Log {
  const sink = new Sink(options.descriptor, options.isShared === true);
  const line = options.format === 'json' ? jsonLine : textLine;
  const at = (level: Level) => (event: string, fields?: Fields) => {
    if (order[level] < order[options.level]) return;
    sink.put((options.journald ? marks[level] : '') + line(level, event, fields));
    if (level === 'error') sink.push();
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), close: () => sink.close() };
}

function jsonLine(level: Level, event: string, fields: Fields | undefined): string {
  const head = `{"time":"${isoTime()}","level":"${level}","event":${JSON.stringify(event)}`;
  return fields === undefined ? `${head}}\n` : `${head},${json(fields).slice(1)}\n`;
}

let lastSecond = 0;
let lastText = '';

/** The time in ISO 8601; all but the milliseconds is made once a second. */
function isoTime(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${lastText}${String(now % 1000).padStart(3, '0')}Z`;
}

/** Errors stand only under the name `error`; without one there is nothing to look for in each value. */
function json(fields: Fields): string {
  return (
    attempted(() => ('error' in fields ? JSON.stringify(fields, plain) : JSON.stringify(fields))) ??
    JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)])))
  );
}

/** What cannot be written as JSON (a circle, a BigInt) must not cost the line, let alone the request. */
function attempted(write: () => string): string | null {
  try {
    return write();
  } catch {
    // The caller writes it in another way.
    return null;
  }
}

function shown(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'number' ? value : inspect(value, { depth: 3 });
}

function textLine(level: Level, event: string, fields: Fields | undefined): string {
  const words = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${textValue(value)}`);
  return `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${[event, ...words].join(' ')}\n`;
}

function textValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return attempted(() => JSON.stringify(value, plain) ?? '') ?? JSON.stringify(shown(value));
}

function plain(_name: string, value: unknown): unknown {
  return value instanceof Error ? errorFields(value, deepestCause) : value;
}

const deepestCause = 5;

/** Errors as plain fields: name, message, stack and causes, as far as they may lead. */
function errorFields(error: Error, left: number): Fields {
  const { name, message, stack, cause } = error;
  if (cause === undefined || left === 0) return { name, message, stack };
  return { name, message, stack, cause: cause instanceof Error ? errorFields(cause, left - 1) : cause };
}

const fullBytes = 128 * 1024;
const flushEveryMs = 100;
/** So much goes through a pipe in one piece, whoever else writes to it (PIPE_BUF, pipe(7)). */
const wholeBytes = 4096;
const newline = 0x0a;
/** A reader of our output that is this far behind does not read: what it has not taken is dropped, and counted. */
const mostWaiting = 16 * 1024 * 1024;

/** Writes text to a descriptor in the background, in order. */
class Sink {
  readonly #descriptor: number;
  /** Bytes of one write at most. */
  readonly #most: number;
  /** What follows the write under way. */
  #rest: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #text = '';
  #timer: NodeJS.Timeout | null = null;
  #writing = false;
  #dropped = 0;

  constructor(descriptor: number, isShared: boolean) {
    this.#descriptor = descriptor;
    this.#most = isShared && !fstatSync(descriptor).isFile() ? wholeBytes : Number.POSITIVE_INFINITY;
  }

  put(line: string): void {
    if (this.#text.length > mostWaiting) {
      this.#dropped++;
      return;
    }
    this.#text += line;
    this.#pushSoon();
  }

  #pushSoon(): void {
    if (this.#text === '') return;
    if (this.#text.length >= fullBytes) this.push();
    else this.#timer ??= setTimeout(() => this.push(), flushEveryMs).unref();
  }

  push(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing || this.#text === '') return;
    this.#writing = true;
    this.#write(Buffer.from(this.#taken()));
  }

  #taken(): string {
    const text =
      this.#dropped > 0
        ? `${this.#text}{"level":"warn","event":"log lines dropped","count":${this.#dropped}}\n`
        : this.#text;
    this.#text = '';
    this.#dropped = 0;
    return text;
  }

  #write(bytes: Buffer): void {
    const end = this.#endOfPiece(bytes);
    this.#rest = bytes.subarray(end);
    write(this.#descriptor, bytes, 0, end, null, (error, written) => {
      if (this.#isClosed) return;
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#isClosed || this.#write(bytes), 10);
      } else if (error === null && written < bytes.length) {
        this.#write(bytes.subarray(written));
      } else {
        // Any other error means that nobody reads our output any more: there is no one to tell.
        this.#writing = false;
        this.#pushSoon();
      }
    });
  }

  /** As many whole lines as may go in one write; one line that is longer than that goes alone. */
  #endOfPiece(bytes: Buffer): number {
    if (bytes.length <= this.#most) return bytes.length;
    const end = bytes.lastIndexOf(newline, this.#most - 1);
    return (end === -1 ? bytes.indexOf(newline) : end) + 1 || bytes.length;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isClosed = true;
    try {
      let bytes = Buffer.concat([this.#rest, Buffer.from(this.#taken())]);
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#descriptor, bytes, 0, this.#endOfPiece(bytes)));
    } catch {
      // The descriptor is closed already: there is no one to tell.
    }
  }
}

/** A log that writes nothing, for tests. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  close: () => undefined,
};
