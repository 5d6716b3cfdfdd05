// A start that was refused, with the mend. It never crosses the wire: it ends the process before the port is bound.

export class StartRefused extends Error {
  /** What to do about it, one sentence without a full stop. */
  readonly hint: string;

  constructor(message: string, hint: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'StartRefused';
    this.hint = hint;
  }
}
