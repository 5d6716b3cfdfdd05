// The account PostgreSQL runs under. It refuses to run as root, so root lends it an unprivileged account of the system;
// an ordinary user keeps their own. Invariant: an existing cluster keeps the account that owns it.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartRefused } from './start-refused.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Tried in this order when root has no cluster yet; `nobody` is on every system. */
const lentAccounts = ['plumbline', 'postgres', 'nobody'];

/**
 * Takes the folder of the cluster (it need not exist); returns the account to start its server under, or undefined
 * when that is simply the account we run under. Throws StartRefused when we are root and no account can be lent.
 */
export function serverAccount(cluster: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = accounts();
  for (const name of lentAccounts) {
    const account = known.get(name);
    if (account !== undefined && account.uid !== 0) return account;
  }
  throw new StartRefused(
    `PostgreSQL refuses to run as root, and this system has none of the accounts ${lentAccounts.join(', ')}`,
    'add an account named plumbline, start the gateway as an ordinary user, or set DATABASE_URL',
  );
}

/** passwd(5): name, password, uid, gid, … */
function accounts(): Map<string, Account> {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [name, , uid, gid] = line.split(':');
      return name === undefined || uid === undefined || gid === undefined
        ? []
        : [[name, { uid: Number(uid), gid: Number(gid) }]];
    }),
  );
}

/** Takes a folder and an account; returns the topmost folder on the way (itself included) it may not pass, or undefined. */
export function firstBarrier(directory: string, account: Account): string | undefined {
  const parent = dirname(directory);
  const above = parent === directory ? undefined : firstBarrier(parent, account);
  return above ?? (mayPass(directory, account) ? undefined : directory);
}

/** The execute bit of a folder is the right to pass through it; access lists are not looked at. */
function mayPass(directory: string, account: Account): boolean {
  const { mode, uid, gid } = statSync(directory);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
