// What is handed over to be stored of a request, and of which: what the client sent and got, whatever became of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Contents } from '../../src/core/records.ts';
import { contentsLine } from '../../src/store/write-contents.ts';
import { completion, openHouse, type Scripted } from './house.ts';

const asked = { model: 'fast', messages: [{ role: 'user', content: 'hi' }] };
const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

/** Takes what the upstream answers; returns a house and what it keeps. */
function keeping(body: Scripted['body']) {
  const kept: Contents[] = [];
  const deployments = [{ alias: 'fast' }];
  const house = openHouse({ deployments, upstream: () => ({ body }), keepContents: (one) => kept.push(one) });
  return { house, kept };
}

test('a stream is kept as the client got it, once, under the id of its row', async () => {
  const { house, kept } = keeping([chunk('well '), chunk('said'), 'data: [DONE]\n\n']);
  const { text } = await house.ask('/v1/chat/completions', { ...asked, stream: true });
  assert.match(text, /well .*said/s);
  const said = kept.map(({ answered, ...one }) => ({ ...one, asked: String(one.asked), answered: String(answered) }));
  const [row] = house.rows;
  const { requestId, startedAt } = row ?? {};
  assert.deepEqual(said, [{ requestId, startedAt, asked: JSON.stringify({ ...asked, stream: true }), answered: text }]);
});

test('a stream that the client leaves is kept as far as it got', async () => {
  const { house, kept } = keeping([chunk('well '), chunk('said'), 'data: [DONE]\n\n']);
  const { body } = await house.open('/v1/chat/completions', { ...asked, stream: true });
  assert.ok(typeof body === 'object' && 'stop' in body);
  body.take();
  body.stop();
  assert.equal(house.rows[0]?.outcome, 'abandoned');
  assert.equal(kept.length, 1);
  assert.deepEqual(
    [/well/, /DONE/].map((word) => word.test(String(kept[0]?.answered))),
    [true, false],
  );
});

test('a failure is kept with its answer; of a request that no key opened nothing is', async () => {
  const { house, kept } = keeping({});
  const refused = await house.ask('/v1/chat/completions', { model: 'unheard-of', messages: [] });
  assert.equal(String(kept[0]?.answered), refused.text);
  assert.equal((await house.ask('/v1/chat/completions', asked, { key: 'sk-nobody' })).status, 401);
  assert.deepEqual([house.rows.length, kept.length], [2, 1]);
});

test("who asks for it is not kept: by LiteLLM's header, or in the body", async () => {
  const { house, kept } = keeping(completion('yes'));
  const headers = { 'x-litellm-enable-message-redaction': 'true' };
  await house.ask('/v1/chat/completions', asked, { headers });
  await house.ask('/v1/chat/completions', { ...asked, 'no-log': true });
  assert.deepEqual([house.rows.length, kept.length], [2, 0]);
  await house.ask('/v1/chat/completions', { ...asked, 'no-log': false });
  assert.equal(kept.length, 1);
});

test('a body that is too long is left out whole, and what no database holds is replaced', () => {
  const line = (body: Buffer, answered: Buffer | null = null) =>
    JSON.parse(contentsLine({ requestId: 'r', startedAt: 1, asked: body, answered })) as unknown;
  assert.deepEqual(line(Buffer.alloc(256 * 1024 + 1, 'x'), Buffer.from('{}')), {
    requestId: 'r',
    startedAt: 1,
    answered: '{}',
  });
  assert.deepEqual(line(Buffer.from([0x61, 0, 0xff])), { requestId: 'r', startedAt: 1, asked: 'a\uFFFD\uFFFD' });
  const escaped = Buffer.alloc(256 * 1024, 1);
  assert.deepEqual(line(escaped, escaped), { requestId: 'r', startedAt: 1 });
});
