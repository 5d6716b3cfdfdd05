import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IncomingCall, type UpstreamFault } from './incoming.ts';
import { Abort } from './signal.ts';

const kilobyte = 1024;

/** A call whose answer has begun, and whether its connection is held up. */
async function begun(): Promise<{ call: IncomingCall; body: Body; isHeldUp(): boolean }> {
  let isPaused = false;
  let call: IncomingCall | null = null;
  const answer = new Promise<{ body: Body }>((resolve, reject: (fault: UpstreamFault) => void) => {
    call = new IncomingCall(new Abort(), resolve, reject);
    call.control = {
      pause: () => (isPaused = true),
      resume: () => (isPaused = false),
      abort: (error) => call?.failed(error),
    };
    call.head(200, {});
  });
  const { body } = await answer;
  assert.ok(call !== null);
  return { call, body, isHeldUp: () => isPaused };
}

type Body = Parameters<ConstructorParameters<typeof IncomingCall>[1]>[0]['body'];

test('nobody takes a body: its connection is held up at 64 KiB, and let on when half of that is taken', async () => {
  const { call, body, isHeldUp } = await begun();
  let sent = 0;
  for (; !isHeldUp() && sent < 512; sent++) call.data(Buffer.alloc(kilobyte));
  assert.equal(sent, 65);
  let taken = 0;
  for (; isHeldUp(); taken++) assert.equal(body.take()?.length, kilobyte);
  assert.equal(taken, 33);
});

test('who waits for a body is told once, whether more of it comes, its end, or its failure', async () => {
  const { call, body } = await begun();
  let told = 0;
  assert.equal(body.take(), undefined);
  body.wake(() => told++);
  call.data(Buffer.from('one'));
  call.data(Buffer.from('two'));
  assert.equal(told, 1);
  assert.equal(String(body.take()), 'one');
  assert.equal(String(body.take()), 'two');
  assert.equal(body.take(), undefined);
  body.wake(() => told++);
  body.cancel();
  assert.equal(told, 2);
  assert.throws(() => body.take(), { kind: 'aborted' });
  body.cancel();
  assert.equal(told, 2);
});
