// The order of a run: install, configure, then round after round through all gateways, every second one backwards.
// Invariant: each gateway is measured alone, in a process that was started for that round.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Gateway, type Launch, NotHere } from './gateways/gateway.ts';
import { added, askAll, type Bench, begin, memory, type Outcome, type Plan, type Subject, soak } from './measure.ts';
import { type Figures, median, medians } from './median.ts';
import { freePort, stop } from './processes.ts';
import type { Entry, Round } from './results.ts';
import { scaling } from './scaling.ts';

export interface Run {
  readonly bench: Bench;
  readonly upstreamPort: number;
  readonly peers: string;
  readonly plan: Plan;
  readonly rounds: number;
  readonly soaked: readonly string[];
  readonly soakRequests: number;
  /** Names of gateways of which one worker and two are compared, and for how many seconds each. */
  readonly scaled: readonly string[];
  readonly scaleSeconds: number;
  readonly say: (line: string) => void;
}

interface Prepared {
  readonly gateway: Gateway;
  readonly version: string;
  readonly launch: Launch;
  readonly port: number;
}

interface Absent {
  readonly gateway: Gateway;
  readonly missing: string;
}

async function prepare(gateway: Gateway, run: Run): Promise<Prepared | Absent> {
  const { peers, upstreamPort, bench } = run;
  try {
    run.say(`${gateway.name}: installing and configuring`);
    const version = gateway.install(peers);
    const folder = join(bench.folder, gateway.name);
    mkdirSync(folder, { mode: 0o711 });
    const port = await freePort();
    const place = { folder, peers, port, upstreamPort, core: bench.core, toolsCore: bench.toolsCore };
    return { gateway, version, launch: await gateway.configure(place), port };
  } catch (error) {
    if (error instanceof NotHere) return { gateway, missing: error.message };
    throw error;
  }
}

/** Takes the outcomes of a round's loads and what else was measured; returns the round. */
function roundOf(outcomes: readonly Outcome[], others: readonly Figures[]): Round {
  return {
    figures: Object.assign({}, ...outcomes.map(({ figures }) => figures), ...others),
    faults: outcomes.flatMap(({ fault }) => (fault === null ? [] : [fault])),
    others: median(outcomes.map((outcome) => outcome.others)),
    stolen: median(outcomes.map((outcome) => outcome.stolen)),
  };
}

async function measure({ launch, port }: Prepared, direct: Figures, run: Run): Promise<Round> {
  const { bench, plan } = run;
  const { subject, child, startMs } = await begin(launch, port, bench);
  try {
    const idle = await memory(subject, 'idle', plan.settlingMs);
    const outcomes = await askAll(plan, subject, bench);
    const loaded = await memory(subject, 'loaded', plan.settlingMs);
    const round = roundOf(outcomes, [{ 'start.ms': startMs }, idle, loaded]);
    return { ...round, figures: { ...round.figures, ...added(round.figures, direct) } };
  } finally {
    await stop(child);
  }
}

/** Measures the upstream itself, without a gateway. */
async function measureDirect(run: Run): Promise<Round> {
  const chat = { path: '/v1/chat/completions', model: 'gpt-4.1', headers: {} };
  const embeddings = { path: '/v1/embeddings', model: 'text-embedding-3-small', headers: {} };
  const none = (): readonly number[] => [];
  const subject: Subject = { launch: { chat, embeddings }, port: run.upstreamPort, own: none, database: none };
  return roundOf(await askAll({ ...run.plan, rehearsalSeconds: 0 }, subject, run.bench), []);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function failedRound(error: unknown): Round {
  return { figures: {}, faults: [reasonOf(error)], others: 0, stolen: 0 };
}

async function soakOnce({ launch, port }: Prepared, run: Run): Promise<Figures> {
  const { subject, child } = await begin(launch, port, run.bench);
  try {
    return await soak(subject, run.soakRequests, run.bench);
  } finally {
    await stop(child);
  }
}

function scaleOnce({ launch, port }: Prepared, run: Run): Promise<Figures> {
  if (launch.withWorkers === undefined) throw new Error('it has no workers');
  return scaling(launch.withWorkers, port, run.bench, { rounds: run.rounds, seconds: run.scaleSeconds });
}

/** One line of a round for who watches. */
function summary({ figures, faults, others, stolen }: Round): string {
  const number = (name: string): string => Math.round(figures[name] ?? Number.NaN).toLocaleString('en');
  const rest = `others ${others.toFixed(2)}, withheld ${stolen.toFixed(2)} cores${faults.map((fault) => `; ${fault}`).join('')}`;
  return `1 KB chat ${number('chat-1k.perSecond')} a second, ${(figures['chat-1k.cpuMicros'] ?? Number.NaN).toFixed(1)} µs; ${rest}`;
}

/** What is measured after all rounds. What fails then costs no figures but its own. */
async function afterwards(one: Prepared, run: Run): Promise<Pick<Round, 'figures' | 'faults'>> {
  const { name } = one.gateway;
  const trials = [
    { what: 'one worker and two', names: run.scaled, measure: scaleOnce },
    { what: `${run.soakRequests.toLocaleString('en')} requests`, names: run.soaked, measure: soakOnce },
  ];
  const figures: Record<string, number> = {};
  const faults: string[] = [];
  for (const { what, measure } of trials.filter(({ names }) => names.includes(name))) {
    run.say(`${name}: ${what}`);
    try {
      Object.assign(figures, await measure(one, run));
    } catch (error) {
      faults.push(`${what}: ${reasonOf(error)}`);
    }
  }
  return { figures, faults };
}

/** Takes rounds and what failed after them; returns them with that among the faults of the last. */
function withFaults(rounds: readonly Round[], faults: readonly string[]): readonly Round[] {
  const last = rounds.at(-1);
  if (last === undefined || faults.length === 0) return rounds;
  return [...rounds.slice(0, -1), { ...last, faults: [...last.faults, ...faults] }];
}

/** Takes gateways and a run; measures them round by round. Returns an entry each, and what was measured without a gateway. */
export async function measureAll(
  gateways: readonly Gateway[],
  run: Run,
): Promise<{ entries: readonly Entry[]; direct: Figures }> {
  const all: (Prepared | Absent)[] = [];
  for (const gateway of gateways) all.push(await prepare(gateway, run));
  for (const one of all) if ('missing' in one) run.say(`${one.gateway.name}: not here: ${one.missing}`);
  const here = all.filter((one) => 'launch' in one);
  const direct: Figures[] = [];
  const rounds = new Map<string, Round[]>();
  for (let number = 1; number <= run.rounds; number += 1) {
    const without = await measureDirect(run);
    direct.push(without.figures);
    for (const one of number % 2 === 1 ? here : here.toReversed()) {
      const round = await measure(one, without.figures, run).catch(failedRound);
      rounds.set(one.gateway.name, [...(rounds.get(one.gateway.name) ?? []), round]);
      run.say(`round ${number} of ${run.rounds}, ${one.gateway.name}: ${summary(round)}`);
    }
  }
  const entries: Entry[] = [];
  for (const one of all) {
    const { name, setting } = one.gateway;
    if ('missing' in one) {
      entries.push({ name, setting, version: null, missing: one.missing, rounds: [], median: {} });
      continue;
    }
    const own = rounds.get(name) ?? [];
    const more = await afterwards(one, run);
    const median = { ...medians(own.map(({ figures }) => figures)), ...more.figures };
    entries.push({ name, setting, version: one.version, missing: null, rounds: withFaults(own, more.faults), median });
  }
  return { entries, direct: medians(direct) };
}
