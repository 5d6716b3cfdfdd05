// The one place where a reference to a secret becomes the secret: variables, files, systemd's credentials.
// Invariant: what cannot be resolved is told by the reference's own words; neither they nor nothing take its place.
import { isAbsolute, join } from 'node:path';
import { refusalOf } from '../core/posted-secrets.ts';
import { type Reference, referenceIn } from '../kit/reference.ts';
import { Secret } from '../kit/secret.ts';

/** Where references are looked up. */
export interface ReferenceSources {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text; throws when it cannot. */
  readonly readText: (path: string) => string;
}

/** Why a reference stands for nothing, and what to do. */
export interface Unresolved {
  readonly says: string;
  readonly mend: string;
}

/** Takes a reference and where to look; returns the text it stands for (blanks around a file's text left out), or why there is none. */
export function lookUp(reference: Reference, sources: ReferenceSources): { readonly text: string } | Unresolved {
  const found = reference.kind === 'variable' ? inVariables(reference, sources) : inFile(reference, sources);
  if ('says' in found || referenceIn(found.text) === undefined) return found;
  return {
    says: `${reference.written} leads to another reference`,
    mend: `put the secret itself where ${reference.written} points`,
  };
}

function inVariables({ name }: Reference, { variables }: ReferenceSources): { readonly text: string } | Unresolved {
  const text = variables[name];
  if (text !== undefined) return { text };
  return { says: `the variable ${name} is not set`, mend: `set ${name}, or remove this line` };
}

function inFile(reference: Reference, sources: ReferenceSources): { readonly text: string } | Unresolved {
  const path = pathOf(reference, sources.variables['CREDENTIALS_DIRECTORY']);
  if (typeof path !== 'string') return path;
  try {
    const text = sources.readText(path).trim();
    if (text !== '') return { text };
    return { says: `${reference.written} is empty`, mend: `put the secret into ${path}` };
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    return { says: `${reference.written} cannot be read (${reason})`, mend: `make ${path} readable for this user` };
  }
}

function pathOf({ kind, name, written }: Reference, directory: string | undefined): string | Unresolved {
  if (kind === 'file') {
    return isAbsolute(name)
      ? name
      : { says: `${written} is no path from the root`, mend: 'write file:/path/from/the/root' };
  }
  if (!/^[^/]+$/.test(name) || /^\.{1,2}$/.test(name))
    return { says: `${written} is no name of a credential`, mend: 'write cred:NAME, as in LoadCredential=NAME:/path' };
  if (directory !== undefined && isAbsolute(directory)) return join(directory, name);
  return {
    says: `${written} is a credential of systemd, and CREDENTIALS_DIRECTORY is not set`,
    mend: `start as a systemd service with LoadCredential=${name}:/path, or name the secret otherwise`,
  };
}

/** Takes a stored secret and where to look; returns it, or what it refers to. Throws when that is not there, naming the reference. */
export function resolveStored(secret: Secret, sources: ReferenceSources): Secret {
  const reference = secret.reference();
  if (reference === undefined) return secret;
  const refusal = refusalOf(reference);
  if (refusal !== undefined) throw new Error(refusal);
  const found = lookUp(reference, sources);
  if ('says' in found) throw new Error(found.says);
  if (found.text === '') throw new Error(`${reference.written} is empty`);
  return new Secret(found.text);
}
