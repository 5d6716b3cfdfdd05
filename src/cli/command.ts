// The contract of the commands shelf.

export interface CommandOption {
  /** As typed: `--config <file>`. */
  readonly flags: string;
  readonly says: string;
}

/** What a command may use to speak and to look around; tests hand in their own. */
export interface Terminal {
  /** Writes to standard output, with a line end. */
  say(text: string): void;
  /** Writes to standard error, with a line end. */
  complain(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when a person reads standard output. */
  readonly isInteractive: boolean;
  /** Resolves when the process is asked to stop, with the signal's name. */
  readonly stopAsked: Promise<string>;
  /** Takes what to do when the process is asked to read its configuration again (SIGHUP). */
  onReloadAsked(call: () => void): void;
}

export interface Command {
  readonly name: string;
  /** Arguments after the name, as typed: `<file>`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly CommandOption[];
  /** Lines that work when pasted. */
  readonly examples: readonly string[];
  /** Takes arguments and option values by camelCase name; returns the exit code. Throws what `run.ts` turns into a hint. */
  run(args: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number>;
}

/** Exit codes: well, found wrong, used wrong, broke. */
export const exitCodes = { well: 0, found: 1, usage: 2, broke: 3 } as const;

/** A failure of a command that the person at the terminal can mend. */
export class CommandFailure extends Error {
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, hint: string, exitCode: number = exitCodes.found) {
    super(message);
    this.name = 'CommandFailure';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
