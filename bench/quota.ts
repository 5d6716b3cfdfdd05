// Part of a core for some processes, and never more: the kernel's bandwidth control, in cgroups of either version.
// Invariant: groups made here are taken away again, with their processes back where they were.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel's own: a shorter one lets caches go cold more often (https://docs.kernel.org/scheduler/sched-bwc.html). */
const periodMicros = 100_000;

/** A version of cgroups: a file that only it has, where groups are made, and how one is told its part. */
interface Kind {
  readonly mark: string;
  readonly root: string;
  tell(group: string, quotaMicros: number): void;
}

const kinds: readonly Kind[] = [
  {
    mark: '/sys/fs/cgroup/cpu/cgroup.procs',
    root: '/sys/fs/cgroup/cpu',
    tell(group, quotaMicros) {
      writeFileSync(join(group, 'cpu.cfs_period_us'), String(periodMicros));
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quotaMicros));
    },
  },
  {
    mark: '/sys/fs/cgroup/cgroup.controllers',
    root: '/sys/fs/cgroup',
    tell(group, quotaMicros) {
      writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu');
      writeFileSync(join(group, 'cpu.max'), `${quotaMicros} ${periodMicros}`);
    },
  },
];

function kindHere(): Kind {
  const found = kinds.find(({ mark }) => existsSync(mark));
  if (found === undefined) throw new Error('no cgroups with a cpu controller');
  return found;
}

/** Takes sets of process ids and a part of a core for each set; returns how to end it. Throws when the kernel or its rights do not allow it. */
export function limited(sets: readonly (readonly number[])[], cores: number): () => void {
  const kind = kindHere();
  const groups = sets.map((_, index) => join(kind.root, `plumbline-bench-${process.pid}-${index}`));
  const end = (): void => {
    for (const group of groups.filter((one) => existsSync(one))) {
      for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        writeFileSync(join(kind.root, 'cgroup.procs'), pid);
      rmdirSync(group);
    }
  };
  try {
    for (const [index, group] of groups.entries()) {
      mkdirSync(group);
      kind.tell(group, Math.round(cores * periodMicros));
      for (const pid of sets[index] ?? []) writeFileSync(join(group, 'cgroup.procs'), String(pid));
    }
  } catch (error) {
    end();
    throw error;
  }
  return end;
}
