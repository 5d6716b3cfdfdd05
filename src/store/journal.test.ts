import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import type { UsageRow } from '../core/records.ts';
import type { Clock } from '../kit/clock.ts';
import { type Log, silentLog } from '../kit/log.ts';
import { openJournal } from './journal.ts';

/** Only the id matters here. */
function row(requestId: string): UsageRow {
  return { requestId, usage: null, tags: [], droppedParameters: [] } as Partial<UsageRow> as UsageRow;
}

function rows(count: number): UsageRow[] {
  return Array.from({ length: count }, (_, index) => row(`r${index}`));
}

/** A clock that stands until it is told to go on. */
function stoppedClock(): Clock & { pass(ms: number): void; isAwaited(inMs: number): boolean } {
  let now = 0;
  const due = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    after: (ms, call) => {
      const entry = { at: now + ms, call };
      due.add(entry);
      return () => due.delete(entry);
    },
    isAwaited: (inMs) => [...due].some((each) => each.at === now + inMs),
    pass: (ms) => {
      now += ms;
      for (const entry of [...due].filter((each) => each.at <= now)) {
        due.delete(entry);
        entry.call();
      }
    },
  };
}

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'plumbline-journal-')));
  return folders.at(-1) ?? '';
}

/** Resolves when the condition holds; the file system answers when it likes, so turns are counted, not time. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < 100_000, 'it never came to pass');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Script {
  readonly capacity?: number;
  readonly limitBytes?: number;
  readonly dataDir?: string;
}

/** A database that takes rows, is away, or refuses some. */
async function scripted(options: Script = {}) {
  const clock = stoppedClock();
  const batches: string[][] = [];
  const said: string[] = [];
  const say = (event: string) => said.push(event);
  const log: Log = { ...silentLog, info: say, warn: say, error: say };
  const database = { isAway: false, refuses: new Set<string>(), asked: 0 };
  const write = async (lines: Uint8Array) => {
    database.asked += 1;
    if (database.isAway) throw new GatewayError('store_unavailable', { cause: new Error('connection refused') });
    const sent = (JSON.parse(Buffer.from(lines).toString()) as UsageRow[]).map(({ requestId }) => requestId);
    if (sent.some((id) => database.refuses.has(id))) throw Object.assign(new Error('bad'), { code: '22P02' });
    batches.push(sent);
  };
  const dataDir = options.dataDir ?? folder();
  const journal = await openJournal({ write, clock, log, ...options, dataDir });
  const files = () => readdirSync(join(dataDir, 'journal'), { recursive: true, encoding: 'utf8' });
  const asked = (times: number) => until(() => database.asked >= times);
  return { clock, batches, said, database, journal, dataDir, files, asked };
}

test('rows wait a second and are written together', async () => {
  const { journal, clock, batches } = await scripted();
  for (const each of rows(3)) journal.append(each);
  clock.pass(999);
  assert.deepEqual(batches, []);
  clock.pass(1);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(batches, [['r0', 'r1', 'r2']]);
  const { reason, ...counts } = journal.state();
  assert.deepEqual(counts, { waiting: 0, written: 3, lost: 0, rejected: 0, diskReason: undefined });
  assert.equal(reason, undefined);
  await journal.drain(0);
});

test('a thousand rows do not wait', async () => {
  const { journal, batches } = await scripted();
  for (const each of rows(1_000)) journal.append(each);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [1_000],
  );
  await journal.drain(0);
});

test('long rows do not wait when they are more than a batch, however few', async () => {
  const { journal, clock, batches } = await scripted();
  for (const each of rows(9)) journal.append({ ...each, session: 'x'.repeat(300_000) });
  clock.pass(1_000);
  await until(() => journal.state().waiting < 4);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [3, 3],
  );
  await journal.drain(0);
});

test('a row that came while others were written is written a second later', async () => {
  const { journal, clock, batches } = await scripted();
  for (const each of rows(1_000)) journal.append(each);
  journal.append(row('late'));
  await until(() => batches.length === 1);
  clock.pass(1_000);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(batches.flat().at(-1), 'late');
  await journal.drain(0);
});

test('what the database has leaves the disk within the hour, also when nothing more comes', async () => {
  const { journal, clock, files } = await scripted();
  const segments = () => files().filter((name) => name.endsWith('.jsonl'));
  const rest = async () => {
    for (let round = 0; round < 240; round++) {
      await until(() => clock.isAwaited(15_000));
      clock.pass(15_000);
    }
  };
  journal.append(row('delivered'));
  clock.pass(1_000);
  await until(() => journal.state().waiting === 0);
  assert.equal(segments().length, 1);
  clock.pass(14_000);
  await rest();
  await until(() => segments().length === 0);
  journal.append(row('next'));
  assert.equal(segments().length, 1);
  clock.pass(1_000);
  await until(() => journal.state().written === 2);
  await journal.drain(0);
});

test('while the database is away rows are kept and tried again, later and later, and said once', async () => {
  const { journal, clock, batches, said, database, asked } = await scripted();
  database.isAway = true;
  journal.append(row('kept'));
  clock.pass(1_000);
  await until(() => journal.state().reason !== undefined);
  assert.deepEqual([journal.state().waiting, journal.state().reason], [1, 'connection refused']);
  for (const [tries, waitMs] of [
    [1, 100],
    [2, 200],
  ] as const) {
    await asked(tries);
    await until(() => clock.isAwaited(waitMs));
    clock.pass(waitMs);
  }
  await asked(3);
  await until(() => clock.isAwaited(400));
  database.isAway = false;
  clock.pass(399);
  assert.deepEqual(batches, []);
  clock.pass(1);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(batches, [['kept']]);
  assert.deepEqual(said, ['usage rows cannot be written; they are kept', 'usage rows are written again']);
  await journal.drain(0);
});

test('a disk that takes no more is said, rows are kept in memory up to the capacity, and those beyond are counted', async () => {
  const { journal, clock, batches, said, database } = await scripted({ capacity: 3, limitBytes: 1 });
  database.isAway = true;
  for (const each of rows(6)) journal.append(each);
  assert.match(journal.state().diskReason ?? '', /has reached its limit of 1 bytes \(journalLimit\)/);
  assert.deepEqual([journal.state().waiting, journal.state().lost], [4, 2]);
  assert.equal(said.filter((event) => event.includes('being lost')).length, 1);
  database.isAway = false;
  clock.pass(1_000);
  await until(() => batches.length === 1);
  clock.pass(1_000);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(batches.flat().toSorted(), ['r0', 'r1', 'r2', 'r3']);
  await journal.drain(0);
});

test('a disk that takes rows again gets what memory held', async () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, 'journal'), 'a file stands where the folder should');
  const { journal, clock, database, said, asked } = await scripted({ dataDir });
  database.isAway = true;
  for (const each of rows(3)) journal.append(each);
  assert.match(journal.state().diskReason ?? '', /EEXIST|ENOTDIR/);
  rmSync(join(dataDir, 'journal'));
  clock.pass(1_000);
  await asked(1);
  assert.equal(journal.state().diskReason, undefined);
  assert.ok(said.includes('the journal of usage is on disk again'));
  assert.equal(await drainAtOnce({ journal, clock }), 3);
  const next = await scripted({ dataDir });
  await until(() => next.batches.length > 0);
  assert.deepEqual(next.batches.flat().toSorted(), ['r0', 'r1', 'r2']);
  await next.journal.drain(0);
});

test('a row the database refuses stands alone, is said and kept in a file, and holds up no other', async () => {
  const { journal, clock, batches, said, database, dataDir } = await scripted();
  database.refuses.add('r3');
  for (const each of rows(6)) journal.append(each);
  clock.pass(1_000);
  await until(() => journal.state().waiting === 0);
  assert.deepEqual(batches.flat().toSorted(), ['r0', 'r1', 'r2', 'r4', 'r5']);
  assert.deepEqual([journal.state().written, journal.state().rejected], [5, 1]);
  assert.deepEqual(said, ['the database refuses a usage row']);
  assert.match(readFileSync(join(dataDir, 'journal', 'refused.jsonl'), 'utf8'), /^\{"requestId":"r3".*\}\n$/);
  await journal.drain(0);
});

test('draining writes at once, without the second and without the wait between tries', async () => {
  const { journal, clock, batches, database, files } = await scripted();
  database.isAway = true;
  journal.append(row('last'));
  clock.pass(1_000);
  await until(() => journal.state().reason !== undefined);
  database.isAway = false;
  assert.equal(await journal.drain(5_000), 0);
  assert.deepEqual(batches, [['last']]);
  assert.deepEqual(files(), []);
});

test('draining gives up at its deadline, says how many rows are left, and the next start delivers them', async () => {
  const { journal, clock, said, database, dataDir } = await scripted();
  database.isAway = true;
  for (const each of rows(2)) journal.append(each);
  const draining = journal.drain(300);
  await until(() => journal.state().reason !== undefined);
  clock.pass(300);
  assert.equal(await draining, 2);
  assert.ok(said.includes('usage rows stay in the journal for the next start'));
  const next = await scripted({ dataDir });
  await until(() => next.journal.state().written === 2);
  assert.deepEqual(next.batches, [['r0', 'r1']]);
  assert.equal(await next.journal.drain(0), 0);
  assert.deepEqual(next.files(), []);
});

test('the folder of a gateway that lives is left alone', async () => {
  const first = await scripted();
  first.database.isAway = true;
  first.journal.append(row('mine'));
  const second = await scripted({ dataDir: first.dataDir });
  assert.equal(second.journal.state().waiting, 0);
  await second.journal.drain(0);
  first.database.isAway = false;
  assert.equal(await first.journal.drain(5_000), 0);
  assert.deepEqual(first.batches, [['mine']]);
});

test('a line torn by a crash is said and set aside, and those before it are delivered', async () => {
  const first = await scripted();
  first.database.isAway = true;
  for (const each of rows(2)) first.journal.append(each);
  await drainAtOnce(first);
  const [segment = ''] = first.files().filter((name) => name.endsWith('00000001.jsonl'));
  writeFileSync(join(first.dataDir, 'journal', segment), '{"requestId":"r2","star', { flag: 'a' });
  const next = await scripted({ dataDir: first.dataDir });
  await until(() => next.said.includes('a line of the usage journal is torn'));
  assert.deepEqual(next.batches, [['r0', 'r1']]);
  assert.equal(next.journal.state().rejected, 1);
  assert.equal(readFileSync(join(first.dataDir, 'journal', 'refused.jsonl'), 'utf8'), '{"requestId":"r2","star\n');
  await next.journal.drain(0);
});

test('many segments are delivered whole and removed', async () => {
  const { journal, batches, files, database, clock } = await scripted();
  database.isAway = true;
  const long = 'x'.repeat(2_000);
  for (let number = 0; number < 6_000; number += 1) journal.append(row(`${long}${number}`));
  assert.equal(files().filter((name) => name.endsWith('.jsonl')).length, 4);
  await until(() => journal.state().reason !== undefined);
  database.isAway = false;
  clock.pass(2_000);
  assert.equal(await journal.drain(60_000), 0);
  assert.deepEqual(
    batches.flat().map((id) => id.slice(long.length)),
    Array.from({ length: 6_000 }, (_, index) => String(index)),
  );
  assert.deepEqual(files(), []);
});

async function drainAtOnce({
  journal,
  clock,
}: Pick<Awaited<ReturnType<typeof scripted>>, 'journal' | 'clock'>): Promise<number> {
  const draining = journal.drain(1);
  await until(() => journal.state().reason !== undefined);
  clock.pass(1);
  return draining;
}
