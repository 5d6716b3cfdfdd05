// Accounts of this system, for tests that run something as somebody else.
import { readFileSync } from 'node:fs';

/** Takes a name; returns its numbers. Throws when the system has no such account. */
export function accountOf(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`no account named ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}
