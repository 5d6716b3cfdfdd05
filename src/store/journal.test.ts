import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import type { UsageRow } from '../core/records.ts';
import type { Clock } from '../kit/clock.ts';
import { type Log, silentLog } from '../kit/log.ts';
import { openJournal } from './journal.ts';

/** Only the id matters here. */
function row(requestId: string): UsageRow {
  return { requestId } as UsageRow;
}

function rows(count: number): UsageRow[] {
  return Array.from({ length: count }, (_, index) => row(`r${index}`));
}

/** A clock that stands until it is told to go on. */
function stoppedClock(): Clock & { pass(ms: number): Promise<void> } {
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
    pass: async (ms) => {
      now += ms;
      for (const entry of [...due].filter((each) => each.at <= now)) {
        due.delete(entry);
        entry.call();
      }
      await settled();
    },
  };
}

/** Lets everything run that does not wait for a clock. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A database that takes rows, is away, or refuses some. */
function scripted(options: { capacity?: number } = {}) {
  const clock = stoppedClock();
  const batches: string[][] = [];
  const said: string[] = [];
  const say = (event: string) => said.push(event);
  const log: Log = { ...silentLog, info: say, warn: say, error: say };
  const database = { isAway: false, refuses: new Set<string>() };
  const write = async (sent: readonly UsageRow[]) => {
    if (database.isAway) throw new GatewayError('store_unavailable', { cause: new Error('connection refused') });
    if (sent.some((each) => database.refuses.has(each.requestId)))
      throw Object.assign(new Error('bad'), { code: '22P02' });
    batches.push(sent.map((each) => each.requestId));
  };
  return { clock, batches, said, database, journal: openJournal({ write, clock, log, ...options }) };
}

test('rows wait a second and are written together', async () => {
  const { journal, clock, batches } = scripted();
  for (const each of rows(3)) journal.append(each);
  await clock.pass(999);
  assert.deepEqual(batches, []);
  await clock.pass(1);
  assert.deepEqual(batches, [['r0', 'r1', 'r2']]);
  assert.deepEqual(journal.state(), { waiting: 0, written: 3, lost: 0, rejected: 0, reason: undefined });
});

test('five hundred rows do not wait', async () => {
  const { journal, batches } = scripted();
  for (const each of rows(500)) journal.append(each);
  await settled();
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [500],
  );
});

test('a row that came while others were written is written a second later', async () => {
  const { journal, clock, batches } = scripted();
  for (const each of rows(500)) journal.append(each);
  await settled();
  journal.append(row('late'));
  await clock.pass(1_000);
  assert.deepEqual(batches[1], ['late']);
});

test('while the database is away rows are kept and tried again, later and later, and said once', async () => {
  const { journal, clock, batches, said, database } = scripted();
  database.isAway = true;
  journal.append(row('kept'));
  await clock.pass(1_000);
  assert.deepEqual([journal.state().waiting, journal.state().reason], [1, 'connection refused']);
  await clock.pass(100);
  await clock.pass(200);
  database.isAway = false;
  await clock.pass(399);
  assert.deepEqual(batches, []);
  await clock.pass(1);
  assert.deepEqual(batches, [['kept']]);
  assert.deepEqual(said, ['usage rows cannot be written; they are kept', 'usage rows are written again']);
});

test('rows beyond the capacity are counted and said, never dropped in silence', async () => {
  const { journal, clock, batches, said, database } = scripted({ capacity: 3 });
  database.isAway = true;
  for (const each of rows(5)) journal.append(each);
  await clock.pass(1_000);
  assert.deepEqual([journal.state().waiting, journal.state().lost], [3, 2]);
  assert.equal(said.filter((event) => event.includes('being lost')).length, 1);
  database.isAway = false;
  await clock.pass(100);
  assert.deepEqual(batches, [['r0', 'r1', 'r2']]);
});

test('a row the database refuses stands alone, is said, and holds up no other', async () => {
  const { journal, clock, batches, said, database } = scripted();
  database.refuses.add('r3');
  for (const each of rows(6)) journal.append(each);
  await clock.pass(1_000);
  assert.deepEqual(batches.flat().toSorted(), ['r0', 'r1', 'r2', 'r4', 'r5']);
  assert.deepEqual([journal.state().written, journal.state().rejected, journal.state().waiting], [5, 1, 0]);
  assert.deepEqual(said, ['the database refuses a usage row']);
});

test('draining writes at once, without the second and without the wait between tries', async () => {
  const { journal, clock, batches, database } = scripted();
  database.isAway = true;
  journal.append(row('last'));
  await clock.pass(1_000);
  await clock.pass(100);
  database.isAway = false;
  assert.equal(await journal.drain(5_000), 0);
  assert.deepEqual(batches, [['last']]);
});

test('draining gives up at its deadline and says how many rows are left', async () => {
  const { journal, clock, said, database } = scripted();
  database.isAway = true;
  for (const each of rows(2)) journal.append(each);
  const draining = journal.drain(300);
  await settled();
  await clock.pass(300);
  assert.equal(await draining, 2);
  assert.ok(said.includes('usage rows are left unwritten'));
});
