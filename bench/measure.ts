// Measures one gateway in one round: start, memory, throughput, latency, memory again.
// Invariant: answers that failed make a fault with its reason, and the figure they spoil is left out.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Launch } from './gateways/gateway.ts';
import { quantile } from './histogram.ts';
import { type Instruments, type LoadOptions, type LoadReport, putLoad } from './instruments.ts';
import { disturbance } from './machine.ts';
import { type Figures, median } from './median.ts';
import { family, pinLast, proportionalMb, residentMb, start, stop } from './processes.ts';
import { type Ask, bodyOf, latency, plain, requestBytes, throughput } from './requests.ts';
import { untilAnswered } from './until-answered.ts';

export interface Pace {
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface Bench {
  readonly instruments: Instruments;
  readonly upstream: ChildProcess;
  readonly folder: string;
  readonly core: number;
  readonly toolsCore: number;
}

/** A gateway that runs, or the upstream itself, which is measured as if it were one without processes. */
export interface Subject {
  readonly launch: Pick<Launch, 'chat' | 'embeddings'>;
  readonly port: number;
  readonly own: () => readonly number[];
  readonly database: () => readonly number[];
}

/** One load on one subject, and what disturbed it. */
export interface Outcome {
  readonly figures: Figures;
  readonly fault: string | null;
  readonly others: number;
  readonly stolen: number;
}

/** Starts a gateway on its core and its database on the tools' core; returns it and the milliseconds to its first 200. */
export async function begin(
  launch: Launch,
  port: number,
  bench: Bench,
): Promise<{ subject: Subject; child: ChildProcess; startMs: number }> {
  const child = start(launch.program, bench.core);
  const { path, headers, model } = launch.chat;
  const body = JSON.stringify(bodyOf(plain, model));
  const question = { url: `http://127.0.0.1:${port}${path}`, body, patienceMs: 60_000 };
  try {
    const startMs = await untilAnswered(child, {
      ...question,
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-of-the-client', ...lowered(headers) },
    });
    const pid = child.pid;
    if (pid === undefined) throw new Error('it has no process');
    const isDatabase = ({ name }: { name: string }): boolean => name === launch.database;
    const database = (): readonly number[] =>
      family(pid)
        .filter(isDatabase)
        .map((one) => one.pid);
    const own = (): readonly number[] =>
      family(pid)
        .filter((one) => !isDatabase(one))
        .map((one) => one.pid);
    // Twice: of those that the first look finds, one may begin another before it is moved.
    pinLast(database(), bench.toolsCore);
    pinLast(database(), bench.toolsCore);
    return { subject: { launch, port, own, database }, child, startMs };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function lowered(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Puts one load on a subject and turns the report into figures. */
export async function ask(what: Ask, subject: Subject, pace: Pace, bench: Bench): Promise<Outcome> {
  const { launch, port } = subject;
  const report = await putLoad(bench.instruments.load, {
    port,
    request: requestBytes(what, launch[what.route], port),
    connections: what.connections,
    core: bench.toolsCore,
    folder: bench.folder,
    rate: what.rate,
    warmSeconds: pace.warmSeconds,
    seconds: pace.seconds * what.stretch,
    watch: { own: subject.own(), database: subject.database(), upstream: [bench.upstream.pid ?? 0] },
  });
  const fault = faultOf(report);
  const figures = fault === null ? figuresOf(what, report) : {};
  return { figures, fault: fault === null ? null : `${what.title}: ${fault}`, ...disturbance(report) };
}

/** Takes a report; returns what spoils it, or null. One answer in a thousand may fail, as on any network. */
export function faultOf(report: LoadReport): string | null {
  const { answered, failures, refusal, unsent, unanswered } = report;
  if (answered === 0) return refusal === '' ? 'no answer within the measured time' : refusal;
  if (failures > answered / 1000) return `${failures} of ${answered + failures} failed ${refusal}`.trim();
  if (unsent + unanswered > answered / 100)
    return `it did not keep up: ${unsent + unanswered} of those due were not answered`;
  return null;
}

/** Takes what was asked and the report; returns the figures under the row's name. Times are in microseconds. */
export function figuresOf(what: Ask, report: LoadReport): Figures {
  const { seconds, answered, events, cpuSeconds } = report;
  const micros = (name: string): number => ((cpuSeconds[name] ?? 0) * 1e6) / answered;
  const named = (figures: Figures): Figures =>
    Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${what.name}.${name}`, value]));
  const basis = { cpuMicros: micros('own'), databaseMicros: micros('database') };
  const histogram = what.pace === null ? report.latency : report.firstEvent;
  const times = { p50: quantile(histogram, 0.5) / 1000, p99: quantile(histogram, 0.99) / 1000 };
  if (latency.includes(what)) return named({ ...basis, ...times });
  const chunks = {
    chunksPerSecond: events / seconds,
    chunkMicros: ((cpuSeconds['own'] ?? 0) * 1e6) / Math.max(1, events),
  };
  return named({ perSecond: answered / seconds, ...basis, ...times, ...(what.pace === null ? {} : chunks) });
}

/** Takes a gateway's figures and those without a gateway; adds what the gateway adds. A difference of quantiles, at least 0. */
export function added(figures: Figures, direct: Figures): Figures {
  const names = latency.flatMap(({ name }) => [`${name}.p50`, `${name}.p99`]);
  const both = names.flatMap((name) => {
    const [through, without] = [figures[name], direct[name]];
    return through === undefined || without === undefined
      ? []
      : [[name.replace('.p', '.addedP'), Math.max(0, through - without)]];
  });
  return Object.fromEntries(both);
}

/** Takes a subject and milliseconds; returns its memory in MB, once it has been left alone for so long. */
export async function memory(subject: Subject, when: 'idle' | 'loaded', settlingMs: number): Promise<Figures> {
  await pause(settlingMs);
  const database = proportionalMb(subject.database());
  return { [`${when}.mb`]: residentMb(subject.own()), ...(database === 0 ? {} : { [`${when}.databaseMb`]: database }) };
}

/** Which loads a run puts on, and for how long. */
export interface Plan {
  readonly asks: readonly Ask[];
  readonly pace: Pace;
  /** Seconds of each load in a rehearsal, 0 for none: compilers are at work, and a gateway in use has met all kinds of requests. */
  readonly rehearsalSeconds: number;
  /** Memory goes back to the system some time after a load; so many milliseconds are waited for it. */
  readonly settlingMs: number;
}

/** The first shows a compiler one kind of request after the other; in the second it mends what it took for granted. */
const rehearsals = 2;

/** The plan for these loads: so many seconds each, after a rehearsal. Milliseconds are for memory to settle. */
export const planOf = (asks: readonly Ask[], seconds: number, settlingMs: number): Plan => ({
  asks,
  pace: { warmSeconds: Math.min(1.5, seconds), seconds },
  rehearsalSeconds: Math.min(1, seconds),
  settlingMs,
});

/** The whole table's plan. */
export const wholePlan = (seconds: number): Plan => planOf([...throughput, ...latency], seconds, 5_000);

/** Puts a plan's loads on a subject, one after the other, once they were rehearsed: what fails there fails again where it counts. */
export async function askAll(plan: Plan, subject: Subject, bench: Bench): Promise<readonly Outcome[]> {
  const { asks, pace, rehearsalSeconds } = plan;
  const rehearsed = rehearsalSeconds > 0 ? Array.from({ length: rehearsals }, () => asks).flat() : [];
  for (const what of rehearsed) {
    await ask(what, subject, { warmSeconds: 0, seconds: rehearsalSeconds / what.stretch }, bench);
  }
  const outcomes: Outcome[] = [];
  for (const what of asks) outcomes.push(await ask(what, subject, pace, bench));
  return outcomes;
}

/** Takes a running gateway and a count; returns its memory around a fifth or a quarter of them and around the last tenth, in MB. */
export async function soak(subject: Subject, requests: number, bench: Bench): Promise<Figures> {
  const share = (part: number): number => Math.round(requests * part);
  await many(subject, share(0.15), bench);
  const early = await many(subject, share(0.1), bench);
  await many(subject, share(0.65), bench);
  const late = await many(subject, share(0.1), bench);
  return { 'soak.earlyMb': early, 'soak.lateMb': late, 'soak.growth': late / early - 1 };
}

/** Puts the plain load on a subject, so many times or for so long; returns the report. Throws what spoils it. */
export async function plainLoad(
  { launch, port }: Subject,
  how: Pick<LoadOptions, 'requests' | 'seconds' | 'warmSeconds'>,
  { instruments, toolsCore, folder }: Bench,
): Promise<LoadReport> {
  const request = requestBytes(plain, launch.chat, port);
  const where = { port, core: toolsCore, folder, connections: plain.connections, watch: {} };
  const report = await putLoad(instruments.load, { ...where, request, ...how });
  const fault = faultOf(report);
  if (fault !== null) throw new Error(fault);
  return report;
}

/** Asks so many times and returns the median of the memory seen meanwhile, in MB. */
async function many(subject: Subject, requests: number, bench: Bench): Promise<number> {
  const seen: number[] = [residentMb(subject.own())];
  const timer = setInterval(() => seen.push(residentMb(subject.own())), 200);
  try {
    await plainLoad(subject, { requests }, bench);
  } finally {
    clearInterval(timer);
  }
  return median(seen);
}
