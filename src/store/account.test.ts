import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { firstBarrier } from './account.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-account-'));
const stranger = { uid: 65_533, gid: 65_533 };
after(() => rmSync(folder, { recursive: true, force: true }));

test('the topmost folder that bars the way is named, and none when the way is free', () => {
  const closed = join(folder, 'closed');
  const inside = join(closed, 'inside');
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o711);
  assert.equal(firstBarrier(inside, stranger), closed);
  chmodSync(closed, 0o711);
  assert.equal(firstBarrier(inside, stranger), inside);
  chmodSync(inside, 0o711);
  assert.equal(firstBarrier(inside, stranger), undefined);
});

test('the owner and the group have rights of their own', () => {
  const own = join(folder, 'own');
  mkdirSync(own);
  chmodSync(own, 0o100);
  const { uid = 0, gid = 0 } = { uid: process.getuid?.(), gid: process.getgid?.() };
  assert.equal(firstBarrier(own, { uid, gid: stranger.gid }), undefined);
  assert.equal(firstBarrier(own, { uid: stranger.uid, gid }), own);
  chmodSync(own, 0o010);
  assert.equal(firstBarrier(own, { uid: stranger.uid, gid }), undefined);
});
