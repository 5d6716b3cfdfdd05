// One line an event. Secrets are redacted by type (kit/secret.ts prints as [secret]); journald reads the level from the
// `<n>` in front of a line (sd-daemon(3)) when standard output is its stream.
import pino from 'pino';

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** Writes what is buffered, at once. */
  flush(): void;
}

export interface LogOptions {
  readonly level: Level;
  /** File descriptor: 1 for standard output. */
  readonly descriptor: number;
  /** True when the descriptor is journald's: each line is marked with its level. */
  readonly journald: boolean;
}

/** syslog(3) levels by pino's. */
const syslog: Readonly<Record<number, string>> = { 20: '<7>', 30: '<6>', 40: '<4>', 50: '<3>' };
const flushEveryMs = 200;
const bufferBytes = 4096;

/** Takes where and how to write; returns a log. Lines are buffered and written at least every 200 ms. */
export function openLog(options: LogOptions): Log {
  const sink = pino.destination({ dest: options.descriptor, sync: false, minLength: bufferBytes });
  const marked = {
    lastLevel: 30,
    [Symbol.for('pino.metadata')]: true,
    write(line: string): void {
      sink.write((syslog[this.lastLevel] ?? '<6>') + line);
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: describe },
    },
    options.journald ? marked : sink,
  );
  const timer = setInterval(() => sink.flush(), flushEveryMs).unref();
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
    flush: () => {
      clearInterval(timer);
      try {
        sink.flushSync();
      } catch {
        // The descriptor is closed or not open yet: there is nobody left to tell.
      }
    },
  };
}

/** Takes anything thrown; returns its message, stack and causes as plain fields. */
function describe(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    ...(thrown.cause === undefined ? {} : { cause: describe(thrown.cause) }),
  };
}

/** A log that writes nothing, for tests. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  flush: () => undefined,
};
