// A secret named by where it is kept, instead of the secret itself. Pure: who may look where is the caller's affair.
// Invariant: a text that reads like a reference is one; it never stands for itself.

/** `variable`: of the environment. `file`: by its path. `credential`: of systemd (systemd.exec: LoadCredential). */
export interface Reference {
  readonly kind: 'variable' | 'file' | 'credential';
  readonly name: string;
  /** As it was written; no secret. */
  readonly written: string;
}

const forms = [
  ['os.environ/', 'variable'],
  ['env:', 'variable'],
  ['file:', 'file'],
  ['cred:', 'credential'],
] as const;

/** Takes a text; returns what it refers to (`os.environ/NAME`, `env:NAME`, `file:/path`, `cred:NAME`), undefined when it is no reference. */
export function referenceIn(text: string): Reference | undefined {
  const form = forms.find(([prefix]) => text.startsWith(prefix));
  if (form === undefined) return undefined;
  const [prefix, kind] = form;
  return { kind, name: text.slice(prefix.length).trim(), written: text.trim() };
}
