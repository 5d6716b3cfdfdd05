import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answeredContent, askedContent } from './content.ts';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const asked = (body: unknown): unknown => JSON.parse(askedContent(bytes(body))['gen_ai.input.messages'] ?? 'null');
const answered = (body: unknown, isStream = false): unknown =>
  JSON.parse(answeredContent(bytes(body), isStream)['gen_ai.output.messages'] ?? 'null');
const events = (...list: object[]): string => list.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

test("a tool loop in OpenAI's words", () => {
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } };
  const messages = [
    { role: 'system', content: 'be brief' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hot?' },
        { type: 'image_url', image_url: { url: 'data:x' } },
      ],
    },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: '21' },
  ];
  assert.deepEqual(asked({ messages }), [
    { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
    { role: 'user', parts: [{ type: 'text', content: 'hot?' }, { type: 'image_url' }] },
    { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' }] },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '21' }] },
  ]);
  const choices = [
    { index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' },
  ];
  assert.deepEqual(answered({ choices }), [
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' }],
      finish_reason: 'tool_calls',
    },
  ]);
});

test("a tool loop in Anthropic's words", () => {
  const use = { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bern' } };
  const messages = [
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, use] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '21' }] },
  ];
  const call = { type: 'tool_call', id: 't1', name: 'weather', arguments: { city: 'Bern' } };
  assert.deepEqual(asked({ messages }), [
    { role: 'assistant', parts: [{ type: 'reasoning', content: 'hm' }, call] },
    { role: 'user', parts: [{ type: 'tool_call_response', id: 't1', response: '21' }] },
  ]);
  assert.deepEqual(answered({ type: 'message', content: [use], stop_reason: 'tool_use' }), [
    { role: 'assistant', parts: [call], finish_reason: 'tool_use' },
  ]);
});

test('streamed tool calls are put together, in both dialects', () => {
  const delta = (tool_calls: object[], finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta: { tool_calls }, finish_reason }],
  });
  const openai = events(
    delta([{ index: 0, id: 'c1', function: { name: 'weather', arguments: '{"city"' } }]),
    delta([{ index: 0, function: { arguments: ':"Bern"}' } }]),
    delta([], 'tool_calls'),
  );
  const anthropic = events(
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'let me see' } },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'c1', name: 'weather', input: {} },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"city":"Bern"}' } },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
  );
  const call = { type: 'tool_call', id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' };
  assert.deepEqual(answered(`${openai}data: [DONE]\n\n`, true), [
    { role: 'assistant', parts: [call], finish_reason: 'tool_calls' },
  ]);
  assert.deepEqual(answered(anthropic, true), [
    { role: 'assistant', parts: [{ type: 'text', content: 'let me see' }, call], finish_reason: 'tool_use' },
  ]);
});

test('a prompt and the input of an embedding are messages of the user', () => {
  assert.deepEqual(asked({ prompt: 'once' }), [{ role: 'user', parts: [{ type: 'text', content: 'once' }] }]);
  assert.deepEqual(asked({ input: ['a', 'b'] }), [
    {
      role: 'user',
      parts: [
        { type: 'text', content: 'a' },
        { type: 'text', content: 'b' },
      ],
    },
  ]);
});

for (const [what, body] of [
  ['no JSON', '{'],
  ['a list', []],
  ['nothing known', { x: 1 }],
  ['odd shapes', { messages: ['x', null], choices: 3, content: {} }],
  ['too long a body', { prompt: 'x'.repeat(300_000) }],
] as const)
  test(`of ${what} nothing is told`, () => {
    assert.equal(asked(body), null);
    assert.equal(answered(body), null);
    assert.equal(answered(body, true), null);
  });
