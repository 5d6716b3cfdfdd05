// How much a second worker adds. Two cores are all that a small machine has, and the tools need some of them: so one worker, and then
// two, each get the same part of a core of their own and never more, and what is compared are rates.
// Invariant: one worker and two are measured in turn, in processes started for it; the primary counts against the first worker's part.
import { setTimeout as pause } from 'node:timers/promises';
import type { Launch } from './gateways/gateway.ts';
import { putLoad } from './instruments.ts';
import { type Bench, begin, faultOf, type Subject } from './measure.ts';
import { type Figures, medians } from './median.ts';
import { pin, stop } from './processes.ts';
import { limited } from './quota.ts';
import { plain, requestBytes } from './requests.ts';

/** Of a core, for each worker: the rest of both is for the upstream, the load and the database. */
export const part = 0.25;

/** Takes how a gateway is started with so many workers, its port, how often to measure and for how many seconds; returns rates and their ratio. */
export async function scaling(
  launchWith: (workers: number) => Launch,
  port: number,
  bench: Bench,
  pace: { readonly rounds: number; readonly seconds: number },
): Promise<Figures> {
  const rounds: Figures[] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const figures: Record<string, number> = {};
    for (const workers of round % 2 === 0 ? [1, 2] : [2, 1]) {
      figures[`workers.rate${workers}`] = await rateOf(launchWith(workers), workers, port, bench, pace.seconds);
    }
    rounds.push({ ...figures, 'workers.scaling': (figures['workers.rate2'] ?? 0) / (figures['workers.rate1'] ?? 0) });
  }
  return medians(rounds);
}

async function rateOf(launch: Launch, workers: number, port: number, bench: Bench, seconds: number): Promise<number> {
  const { subject, child } = await begin(launch, port, bench);
  try {
    const sets = await partsOf(subject, workers);
    await load(subject, 4, 1, bench);
    for (const second of sets.slice(1)) pin(second, bench.toolsCore);
    const end = limited(sets, part);
    try {
      return await load(subject, 1, seconds, bench);
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

/** Puts the plain load on a gateway for some seconds, after others that do not count; returns answers a second. */
async function load({ launch, port }: Subject, warmSeconds: number, seconds: number, bench: Bench): Promise<number> {
  const request = requestBytes(plain, launch.chat, port);
  const where = { port, core: bench.toolsCore, folder: bench.folder, connections: plain.connections, watch: {} };
  const report = await putLoad(bench.instruments.load, { ...where, request, warmSeconds, seconds });
  const fault = faultOf(report);
  if (fault !== null) throw new Error(fault);
  return report.answered / report.seconds;
}
