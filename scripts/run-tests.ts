// Runs the tests by node:test and closes with one line: N passed, N failed.
// Invariant: with PLUMBLINE_TEST_STRICT=1 a skipped test is a failed run, so that nothing is left out unseen in CI.
import { existsSync, globSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { ensureRealParts } from '../test/real/install.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const everything = ['src', 'test'];
const endToEnd = join('test', 'end-to-end');
/** A test that takes longer than this has failed, and a run that takes longer than the second hangs in some file. */
const testPatienceMs = 2 * 60_000;
const runPatienceMs = 15 * 60_000;

/** Takes a folder, file or pattern; returns the test files it names, as absolute paths. */
function filesOf(wanted: string): readonly string[] {
  const pattern = isFolder(wanted) ? join(wanted, '**', '*.test.ts') : wanted;
  const found = globSync(pattern, { exclude: (name) => name.includes('node_modules') });
  return found.filter((path) => path.endsWith('.test.ts')).map((path) => resolve(path));
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says what this machine leaves out, so that a green run is not mistaken for a complete one. */
function sayWhatIsMissing(): void {
  if (process.env['PLUMBLINE_TEST_DATA'] !== undefined) return;
  say('PLUMBLINE_TEST_DATA is not set: tests against recorded provider answers, the real text model and');
  say("OpenAI's published schema are skipped (it names a folder with fixtures/, models/ and schemas/).");
}

interface Outcome {
  passed: number;
  failed: number;
  readonly skipped: Skipped[];
}

interface Skipped {
  readonly name: string;
  readonly reason: string;
}

function runAll(files: string[]): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [] };
  const events = run({
    files,
    concurrency: 2,
    timeout: testPatienceMs,
    signal: AbortSignal.timeout(runPatienceMs),
    cwd: root,
  });
  events.on('test:pass', ({ name, skip, details }) => {
    const isSkipped = skip !== undefined && skip !== false;
    if (!isSkipped && details.type !== 'suite') outcome.passed += 1;
    if (isSkipped) outcome.skipped.push({ name, reason: typeof skip === 'string' ? skip : 'no reason given' });
  });
  events.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') outcome.failed += 1;
  });
  const { promise, resolve: done, reject } = Promise.withResolvers<Outcome>();
  const report = events.compose(new spec());
  report.on('data', (text: string | Buffer) => process.stdout.write(text));
  report.on('end', () => done(outcome));
  report.on('error', reject);
  return promise;
}

/** One line a reason, with what it kept from running. */
function sayWhy(skipped: readonly Skipped[]): void {
  for (const [reason, tests = []] of Object.entries(Object.groupBy(skipped, (test) => test.reason))) {
    const names = tests.slice(0, 3).map(({ name }) => name);
    const more = tests.length > names.length ? ` and ${tests.length - names.length} more` : '';
    say(`  ${reason}: ${names.join('; ')}${more}`);
  }
}

async function main(): Promise<number> {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : everything;
  const empty = chosen.filter((wanted) => filesOf(wanted).length === 0);
  if (empty.length > 0) {
    say(`no tests found in: ${empty.join(' ')}`);
    return 2;
  }
  const files = [...new Set(chosen.flatMap(filesOf))].sort();
  const wantsRealParts = files.some((file) => relative(root, file).startsWith(endToEnd));
  if (wantsRealParts && process.env['PLUMBLINE_TEST_DATA'] !== undefined) await ensureRealParts();
  sayWhatIsMissing();
  const { passed, failed, skipped } = await runAll(files);
  const strict = process.env['PLUMBLINE_TEST_STRICT'] === '1' && skipped.length > 0;
  if (strict) say('PLUMBLINE_TEST_STRICT=1 allows no skipped tests; these were:');
  else if (skipped.length > 0) say('left out on this machine:');
  sayWhy(skipped);
  const lost = failed + (strict ? skipped.length : 0);
  if (passed + lost === 0) say('every test was skipped');
  say(`${passed} passed, ${lost} failed`);
  return lost > 0 || passed === 0 ? 1 : 0;
}

process.exitCode = await main();
