import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from './database.ts';
import { openReportReader } from './report-reader.ts';

/** A database whose queries wait until they are let go, or fail. */
function slowDatabase() {
  const running: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  let most = 0;
  const transaction: Database['transaction'] = async (work) => {
    const result = work({ query: async () => [] });
    const held = new Promise<void>((resolve, reject) => running.push({ resolve, reject }));
    most = Math.max(most, running.length);
    await held;
    return result;
  };
  return { transaction, running, most: () => most };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('few reports run at once, the others wait for their turn and none is lost, whatever becomes of those before', async () => {
  const database = slowDatabase();
  const reports = openReportReader(database, { atOnce: 2 });
  const asked = Array.from({ length: 7 }, () =>
    reports.query('select 1').then(
      () => 'done',
      () => 'failed',
    ),
  );
  for (let ended = 0; ended < 7; ended++) {
    await turn();
    assert.equal(database.running.length, Math.min(2, 7 - ended));
    const next = database.running.shift();
    if (ended % 3 === 0) next?.reject(new Error('no'));
    else next?.resolve();
  }
  const results = await Promise.all(asked);
  assert.deepEqual([results.filter((one) => one === 'done').length, database.most()], [4, 2]);
});
