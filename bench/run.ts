// npm run bench: measures the hop beside its peers, on one machine and in one run, and stores what it saw.
// Exit codes: 0 measured (and, with --quick, no worse than stored), 1 worse or not measured, 2 used wrong.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWords, UsedWrong, usage, type Wanted } from './command.ts';
import { gateways } from './gateways/index.ts';
import { complaints, type Ratios, ratios, tolerance, unmeasured } from './guard.ts';
import { build, startUpstream } from './instruments.ts';
import { thisMachine } from './machine.ts';
import { type Plan, planOf, wholePlan } from './measure.ts';
import { runToEnd, stop } from './processes.ts';
import { throughput } from './requests.ts';
import type { Results } from './results.ts';
import { measureAll } from './rounds.ts';
import { circumstances, figuresTable, fill, page, verdictTable } from './table.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..');
const peers = join(here, '.peers');
const results = join(here, 'results');
const guardFile = join(results, 'guard.json');

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

/** The guard's rows: one small, one large, one of many small pieces. */
const guarded = throughput.filter(({ name }) => ['chat-1k', 'chat-20k', 'burst'].includes(name));

const planFor = ({ isQuick, seconds }: Wanted): Plan =>
  isQuick ? planOf(guarded, seconds, 1_000) : wholePlan(seconds);

/** Stops everything that was started, whatever happened. The folder may be entered by the account that the database runs as. */
async function measured(wanted: Wanted): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  chmodSync(folder, 0o711);
  spawnSync('taskset', ['-a', '-c', '-p', String(wanted.toolsCore), String(process.pid)], { stdio: 'ignore' });
  const instruments = build(join(peers, 'instruments'));
  const upstream = await startUpstream(instruments.upstream, wanted.toolsCore, folder);
  try {
    const { core, toolsCore, rounds, seconds, soaked, soakRequests, scaled } = wanted;
    const bench = { instruments, upstream: upstream.child, folder, core, toolsCore };
    const lasting = { soaked, soakRequests, scaled, scaleSeconds: seconds };
    const run = { bench, upstreamPort: upstream.port, peers, plan: planFor(wanted), rounds, ...lasting, say };
    const chosen = gateways.filter(({ name }) => wanted.only.includes(name));
    const seen = await measureAll(chosen, run);
    return {
      day: new Date().toISOString().slice(0, 10),
      machine: thisMachine(),
      core,
      toolsCore,
      seconds,
      rounds,
      ...seen,
    };
  } finally {
    await stop(upstream.child);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes JSON as the project's formatter lays it out. */
function writeJson(file: string, content: unknown): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  runToEnd(join(root, 'node_modules/.bin/biome'), ['format', '--write', file], { folder: root, patienceMs: 30_000 });
}

function keep(seen: Results): void {
  writeJson(join(results, `${seen.day}.json`), seen);
  writeFileSync(join(results, 'latest.md'), page(seen));
  const readme = join(here, 'README.md');
  const filled = fill(readFileSync(readme, 'utf8'), 'targets', `${circumstances(seen)}\n\n${verdictTable(seen)}`);
  writeFileSync(readme, fill(filled, 'figures', figuresTable(seen)));
  say(`stored in bench/results/${seen.day}.json and latest.md; bench/README.md is filled in`);
}

/** Holds a quick run against the stored ratios; returns the exit code. */
function guard(seen: Results, wanted: Wanted): number {
  const medianOf = (name: string) => seen.entries.find((entry) => entry.name === name)?.median ?? {};
  const found = ratios(medianOf('ours'), medianOf('nginx'), guarded);
  process.stdout.write(`${JSON.stringify({ ratiosToNginx: found })}\n`);
  if (wanted.isKept) {
    const lacking = unmeasured(found, guarded);
    for (const line of lacking) say(line);
    if (lacking.length === 0) writeJson(guardFile, found);
    return lacking.length === 0 ? 0 : 1;
  }
  const stored: Ratios = existsSync(guardFile) ? JSON.parse(readFileSync(guardFile, 'utf8')) : {};
  const worse = complaints(stored, found);
  for (const line of worse) say(line);
  if (worse.length === 0) say(`no ratio is more than ${tolerance * 100} % worse than the stored one`);
  return worse.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const wanted = readWords(
    process.argv.slice(2),
    gateways.map(({ name }) => name),
  );
  runToEnd(process.execPath, ['scripts/build.ts', '--if-changed'], { folder: root, patienceMs: 120_000 });
  const seen = await measured(wanted);
  process.stdout.write(wanted.isJson ? `${JSON.stringify(seen)}\n` : `${page(seen)}\n`);
  if (wanted.isQuick) return guard(seen, wanted);
  if (wanted.isKept) keep(seen);
  return seen.entries.some(({ name, rounds }) => name === 'ours' && rounds.length === 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof UsedWrong) process.stderr.write(`${usage}\n`);
  process.exitCode = error instanceof UsedWrong ? 2 : 1;
}
