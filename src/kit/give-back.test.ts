import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack } from './give-back.ts';

const megabyte = 1024 * 1024;

/** A gateway whose memory and work the test sets. */
function gateway() {
  const state = { taken: 0, running: 0, megabytes: 100, collected: [] as boolean[] };
  const { look, end } = giveBack({
    activity: () => ({ taken: state.taken, running: state.running }),
    resident: () => state.megabytes * megabyte,
    collect: (thoroughly) => {
      state.collected.push(thoroughly);
      state.megabytes = 90;
    },
  });
  end();
  const looks = (times: number): void => {
    for (let time = 0; time < times; time++) look();
  };
  return { state, looks };
}

test('what the start has left behind is collected once, thoroughly, when nothing has come for two looks', () => {
  const { state, looks } = gateway();
  looks(1);
  assert.deepEqual(state.collected, []);
  looks(5);
  assert.deepEqual(state.collected, [true]);
});

test('a second and a quarter later it is collected again, once: then what was emptied goes back', () => {
  const { state, looks } = gateway();
  looks(6);
  assert.deepEqual(state.collected, [true]);
  looks(1);
  assert.deepEqual(state.collected, [true, false]);
  looks(100);
  assert.deepEqual(state.collected, [true, false]);
});

test('what is worth a collection is told from what is resident when all has gone back', () => {
  const { state, looks } = gateway();
  looks(8);
  state.megabytes = 60;
  looks(2);
  Object.assign(state, { taken: 1, megabytes: 85 });
  looks(3);
  assert.deepEqual(state.collected, [true, false, false]);
});

test('after a load memory is given back when the last request is over and no other comes', () => {
  const { state, looks } = gateway();
  looks(2);
  Object.assign(state, { taken: 1_000, running: 1, megabytes: 220 });
  looks(5);
  assert.deepEqual(state.collected, [true], 'not while a request is under way');
  state.running = 0;
  for (let request = 0; request < 5; request++) {
    state.taken++;
    looks(1);
  }
  assert.deepEqual(state.collected, [true], 'not while requests come');
  looks(2);
  assert.deepEqual(state.collected, [true, false]);
});

test('a few requests are no reason for a pause', () => {
  const { state, looks } = gateway();
  looks(2);
  for (let round = 0; round < 10; round++) {
    state.taken++;
    state.megabytes += 2;
    looks(3);
  }
  assert.deepEqual(state.collected, [true]);
});
