import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { processIdentity } from './process-identity.ts';

test('a living process has one identity, another process another, a dead one none', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await new Promise((resolve) => child.once('spawn', resolve));
  const pid = child.pid ?? 0;
  const identity = processIdentity(pid);
  assert.ok(identity);
  assert.equal(processIdentity(pid), identity);
  assert.notEqual(processIdentity(process.pid), identity);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  assert.equal(processIdentity(pid), undefined);
});
