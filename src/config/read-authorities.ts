// The file of certificate authorities that an option names: read and looked at before anything is called with it.
import { readFileSync } from 'node:fs';

/** Takes a path; returns the certificates in it, each in PEM. Throws an Error that says what is wrong with the file. */
export function readAuthorities(path: string): readonly string[] {
  const found = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (found === null) throw new Error(`${path} holds no certificate in PEM`);
  return found;
}
