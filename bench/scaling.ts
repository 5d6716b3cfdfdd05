// How much a second worker adds. Two cores are all that a small machine has, and the tools need some of them: so one worker, and then
// two, each get the same part of a core of their own and never more, and what is compared are rates.
// Invariant: one worker and two are measured in turn, in processes started for it; the primary counts against the first worker's part.
import { setTimeout as pause } from 'node:timers/promises';
import type { Launch } from './gateways/gateway.ts';
import { type Bench, begin, plainLoad, type Subject } from './measure.ts';
import { type Figures, medians } from './median.ts';
import { pin, stop } from './processes.ts';
import { limited } from './quota.ts';

/** Of a core, for each worker: the rest of both is for the upstream, the load and the database. */
const part = 0.25;

/** Takes how a gateway is started with so many workers, its port, how often to measure and for how many seconds; returns rates and their ratio. */
export async function scaling(
  launchWith: (workers: number) => Launch,
  port: number,
  bench: Bench,
  pace: { readonly rounds: number; readonly seconds: number },
): Promise<Figures> {
  const rateWith = (workers: number): Promise<number> =>
    rateOf(launchWith(workers), workers, port, bench, pace.seconds);
  const rounds: Figures[] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const isBackwards = round % 2 === 1;
    const first = await rateWith(isBackwards ? 2 : 1);
    const second = await rateWith(isBackwards ? 1 : 2);
    const [one, two] = isBackwards ? [second, first] : [first, second];
    rounds.push({ 'workers.rate1': one, 'workers.rate2': two, 'workers.scaling': two / one });
  }
  return medians(rounds);
}

async function rateOf(launch: Launch, workers: number, port: number, bench: Bench, seconds: number): Promise<number> {
  const { subject, child } = await begin(launch, port, bench);
  try {
    const sets = await partsOf(subject, workers);
    await plainLoad(subject, { warmSeconds: 4, seconds: 1 }, bench);
    for (const second of sets.slice(1)) pin(second, bench.toolsCore);
    const end = limited(sets, part);
    try {
      const report = await plainLoad(subject, { warmSeconds: 1, seconds }, bench);
      return report.answered / report.seconds;
    } finally {
      end();
    }
  } finally {
    await stop(child);
  }
}

/** One worker is one process; more have a primary, which counts against the first one's part. Waits until all of them serve. */
async function partsOf(subject: Subject, workers: number): Promise<readonly (readonly number[])[]> {
  if (workers === 1) return [subject.own()];
  for (let tries = 0; subject.own().length < workers + 1; tries += 1) {
    if (tries > 100) throw new Error(`it has not started ${workers} workers`);
    await pause(100);
  }
  await pause(1500);
  const [primary = 0, first = 0, ...others] = subject.own();
  return [[primary, first], ...others.map((pid) => [pid])];
}
