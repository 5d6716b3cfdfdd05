// What several processes find out of one deployment, each from its own requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { routerSettings } from '../core/records.ts';
import { type News, Traffic } from './traffic.ts';

const settings = routerSettings({ allowedFails: 2 });
const cooldownMs = 5_000;

/** Two workers: what one tells the other hears. Each fails once, as `a()` and `b()`, and returns how long the deployment rests for it. */
function pair() {
  const told: News[] = [];
  const tell = (other: () => Traffic) => (news: News) => {
    told.push(news);
    other().hear(news);
  };
  const first: Traffic = new Traffic(
    () => 0,
    tell(() => second),
  );
  const second: Traffic = new Traffic(
    () => 0,
    tell(() => first),
  );
  const fails =
    (at: Traffic, hasElsewhere = true) =>
    () =>
      at.failed('d', new GatewayError('upstream_failed'), settings, cooldownMs, hasElsewhere);
  return { first, second, told, fails };
}

test('failures that two workers saw are counted together, and one that is too many makes it rest at both', () => {
  const { first, second, fails } = pair();
  const [a, b] = [fails(first), fails(second)];
  assert.deepEqual([a(), b()], [0, 0]);
  assert.equal(a(), cooldownMs);
  assert.deepEqual([first.rests('d'), second.rests('d')], [true, true]);
});

test('an answer that is complete at one worker makes both forget the failures before it', () => {
  const { first, second, told, fails } = pair();
  const [a, b] = [fails(first), fails(second)];
  assert.deepEqual([a(), b()], [0, 0]);
  second.completed('d');
  assert.deepEqual([a(), b()], [0, 0]);
  assert.equal(first.rests('d'), false);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['failed', 'failed', 'recovered', 'failed', 'failed'],
  );
});

test('what can make nothing rest is told to nobody, and neither is an answer after which there is nothing to forget', () => {
  const { first, told, fails } = pair();
  fails(first, false)();
  first.completed('d');
  first.completed('d');
  assert.deepEqual(told, []);
});
