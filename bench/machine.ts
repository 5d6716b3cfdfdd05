// What machine this is, and what others did on it meanwhile.
// Invariant: nothing that names a place or a person; only what the figures depend on.
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { LoadReport } from './instruments.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  /** True where a hypervisor lies below, whose other guests may take time away. */
  readonly isVirtual: boolean;
}

/** Returns this machine. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux',
    node: process.version,
    isVirtual: /^flags\s.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8')),
  };
}

/** Takes a load's report; returns the cores that others kept busy meanwhile, and those the hypervisor withheld. */
export function disturbance(report: LoadReport): { others: number; stolen: number } {
  const known = Object.values(report.cpuSeconds).reduce((sum, one) => sum + one, report.ownSeconds);
  return {
    others: Math.max(0, report.busySeconds - known) / report.seconds,
    stolen: report.stolenSeconds / report.seconds,
  };
}
