// Which process a number stands for. A number alone is not proof: it is reused, and a dead process can linger as a zombie
// under a parent that does not reap. Invariant: the same identity twice is the same living process.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { platform } from 'node:os';

/** Fields of /proc/PID/stat after the command (proc_pid_stat(5)): state is the 3rd of all, start time the 22nd. */
const stateField = 0;
const startField = 19;

/** Takes a process number; returns a text that tells this process from any other, or undefined when it is dead or a zombie. */
export function processIdentity(pid: number): string | undefined {
  return platform() === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

function identityFromProc(pid: number): string | undefined {
  const stat = textOrUndefined(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[stateField];
  if (fields === undefined || state === 'Z' || state === 'X') return undefined;
  const boot = textOrUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))?.trim() ?? '';
  return `${boot}/${processNamespace()}/${fields[startField]}`;
}

function identityFromPs(pid: number): string | undefined {
  const line = textOrUndefined(() =>
    execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )?.trim();
  if (line === undefined || line === '' || line.startsWith('Z')) return undefined;
  return line.slice(line.indexOf(' ')).trim();
}

/** Returns the name of the process namespace (one a container); numbers of another namespace mean nothing here. */
export function processNamespace(): string {
  return textOrUndefined(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}

/** Takes a process number; returns the folder it works in, or undefined when that cannot be known. */
export function processDirectory(pid: number): string | undefined {
  return textOrUndefined(() => readlinkSync(`/proc/${pid}/cwd`));
}

function textOrUndefined(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    // No such process, or a system without /proc: not known is an answer here.
    return undefined;
  }
}
