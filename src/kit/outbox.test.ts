// In which order things go out: what begins at once, what was kept before what is answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Outbox } from './outbox.ts';

/** An outbox, and things that say their name when they are written; `wrote` is what was written so far. */
function begin() {
  const wrote: string[] = [];
  const thing = (name: string) => ({ flush: () => void wrote.push(name) });
  return { outbox: new Outbox(), thing, wrote };
}

test('the first request of a turn goes out at once, the next ones with it at the end, and so again in the next turn', async () => {
  const { outbox, thing, wrote } = begin();
  outbox.ask(thing('first'));
  outbox.ask(thing('second'));
  assert.deepEqual(wrote, ['first']);
  await turn();
  assert.deepEqual(wrote, ['first', 'second']);
  outbox.ask(thing('third'));
  assert.deepEqual(wrote, ['first', 'second', 'third']);
});

test('at the end of a turn requests go out, then what is kept, then answers', async () => {
  const { outbox, thing, wrote } = begin();
  outbox.answer(thing('answer'));
  outbox.keep(thing('row'));
  outbox.ask(thing('first'));
  outbox.ask(thing('second'));
  await turn();
  assert.deepEqual(wrote, ['first', 'second', 'row', 'answer']);
});

test('the beginning of a stream goes out at once, but never before what is to be kept', async () => {
  const { outbox, thing, wrote } = begin();
  const beginning = thing('beginning');
  outbox.hurry(beginning);
  assert.deepEqual(wrote, ['beginning']);
  outbox.keep(thing('row'));
  outbox.answer(beginning);
  outbox.hurry(beginning);
  assert.deepEqual(wrote, ['beginning']);
  await turn();
  assert.deepEqual(wrote, ['beginning', 'row', 'beginning']);
});
