import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockDirectory } from './directory-lock.ts';
import { processIdentity, processNamespace } from './process-identity.ts';
import { StartRefused } from './start-refused.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-lock-'));
  folders.push(folder);
  return folder;
}

const self = { pid: process.pid, identity: processIdentity(process.pid), namespace: processNamespace() };

test('a locked directory is refused to a second one, by process and name, until it is released', async () => {
  const folder = temporary();
  const lock = await lockDirectory(folder);
  await assert.rejects(lockDirectory(folder), (thrown: unknown) => {
    assert.ok(thrown instanceof StartRefused);
    assert.equal(thrown.message, `another gateway (process ${process.pid}) holds the data directory ${folder}`);
    return true;
  });
  lock.release();
  (await lockDirectory(folder)).release();
  assert.deepEqual(readdirSync(folder), []);
});

for (const [what, content] of [
  ['a dead process', JSON.stringify({ ...self, pid: 2 ** 22 + 1 })],
  ['an earlier process with our number', JSON.stringify({ ...self, identity: 'another' })],
  ['nobody (a torn file)', '{"pid":'],
]) {
  test(`the lock of ${what} is taken over`, async () => {
    const folder = temporary();
    writeFileSync(join(folder, 'gateway.lock'), content ?? '');
    const lock = await lockDirectory(folder);
    assert.equal(JSON.parse(readFileSync(join(folder, 'gateway.lock'), 'utf8')).pid, process.pid);
    lock.release();
  });
}

test('the lock of another container counts as long as what it guards shows life', async () => {
  const folder = temporary();
  writeFileSync(join(folder, 'gateway.lock'), JSON.stringify({ ...self, namespace: 'pid:[1]' }));
  await assert.rejects(
    lockDirectory(folder, async () => true),
    StartRefused,
  );
  (await lockDirectory(folder, async () => false)).release();
});

test('a release leaves the lock of a later holder alone', async () => {
  const folder = temporary();
  const lock = await lockDirectory(folder);
  writeFileSync(join(folder, 'gateway.lock'), 'of somebody else');
  lock.release();
  assert.equal(readFileSync(join(folder, 'gateway.lock'), 'utf8'), 'of somebody else');
});
