import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as turn } from 'node:timers/promises';
import type { Family } from './family.ts';
import { ProcessMeter } from './process-meter.ts';

function valueNamed(families: readonly Family[], name: string): number {
  const family = families.find((one) => one.name === name);
  assert.ok(family !== undefined && family.type !== 'histogram', name);
  return family.samples[''] ?? Number.NaN;
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a blocked event loop shows in the next scrape', async () => {
  const meter = new ProcessMeter();
  const lag = () => valueNamed(meter.families(), 'plumbline_event_loop_lag_max_seconds');
  assert.equal(lag(), 0);
  // Each look at the loop is measured from the one before it, so a delay stands between two turns.
  let seen = 0;
  for (let tries = 0; tries < 20 && seen === 0; tries++) {
    for (let turns = 0; turns < 3; turns++) {
      await turn(0);
      block(60);
    }
    await turn(0);
    seen = lag();
  }
  assert.ok(seen > 0.02, `lag ${seen}`);
});

test('processor time and busy time only grow', () => {
  const meter = new ProcessMeter();
  const before = meter.families();
  block(20);
  const after = meter.families();
  for (const name of ['plumbline_process_cpu_seconds_total', 'plumbline_event_loop_busy_seconds_total'])
    assert.ok(valueNamed(after, name) > valueNamed(before, name), name);
});
