// What goes into the reading of a configuration file, of either form, and what comes out.
import type { Declaration } from '../core/records.ts';
import type { Secret } from '../kit/secret.ts';
import type { FileSettings } from './litellm-boot.ts';
import type { Variables } from './litellm-section.ts';
import type { Findings, Notice } from './notices.ts';
import type { KnownProvider, ResolveProvider } from './provider-facts.ts';
import type { Dictionary } from './yaml-source.ts';

export interface FileOptions {
  readonly environment: Variables;
  readonly knownProviders: readonly KnownProvider[];
  readonly resolveProvider: ResolveProvider;
  /** Paths whose refusals the operator accepted (option acceptNotYet). */
  readonly accepted?: readonly string[];
  /** Reads a file as text; throws when it cannot. */
  readonly readText?: (path: string) => string;
}

/** A file and all it includes as one tree, and where to report of it. */
export interface OpenedFile {
  readonly path: string;
  readonly top: Dictionary | undefined;
  /** Every file that was read, the first the one named. */
  readonly files: readonly string[];
  readonly findings: Findings;
  readonly readText: (path: string) => string;
}

export interface FileReading {
  readonly declaration: Declaration;
  readonly masterKey?: Secret;
  readonly databaseUrl?: Secret;
  /** The section environment_variables, resolved. Holds secrets in plain text: hand it on, never print it. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  /** The boot options it gives, for `settle`. */
  readonly settings: FileSettings;
  readonly notices: readonly Notice[];
  /** Every file that was read, the first the one named. */
  readonly files: readonly string[];
}
