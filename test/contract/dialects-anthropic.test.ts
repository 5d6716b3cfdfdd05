// Anthropic's dialect towards clients: requests into our words, answers, streams and failures out of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatChunk, ChatDelta } from '../../src/core/chat.ts';
import { type ErrorCode, errors, GatewayError } from '../../src/core/errors.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { anthropic } from '../../src/gateway/dialects/anthropic.ts';
import { decodeRequest } from '../../src/gateway/dialects/anthropic-request.ts';
import { eventsOf, rebuild } from './anthropic-grammar.ts';
import { overTheWire } from './calls.ts';
import { contextFor, encoded } from './streams.ts';

function decoded(body: JsonObject, dropped: string[] = []): JsonObject {
  return overTheWire(
    decodeRequest({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }], ...body }, dropped),
  );
}

const inWords = (messages: JsonValue): JsonValue => decoded({ messages }).messages ?? null;

const refusal = (code: ErrorCode, field: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.equal(thrown.code, code);
  assert.equal(thrown.field, field);
  assert.ok(thrown.message.includes(field), thrown.message);
  return true;
};

test('a request in our words: system first, limits and sampling by their names', () => {
  const body = decoded({
    system: 'be kind',
    stop_sequences: ['END'],
    temperature: 0.5,
    top_p: 0.9,
    top_k: 3,
    stream: true,
    metadata: { user_id: 'u' },
    a_later_field: 1,
  });
  assert.deepEqual(body, {
    model: 'm',
    messages: [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hi' },
    ],
    max_tokens: 5,
    stop: ['END'],
    user: 'u',
    stream: true,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 3,
    a_later_field: 1,
  });
});

test('a user_id longer than OpenAI takes becomes its hash, always the same', () => {
  const long = `user_${'a'.repeat(64)}_account__session_${'b'.repeat(36)}`;
  const { user } = decoded({ metadata: { user_id: long } });
  assert.match(String(user), /^[0-9a-f]{64}$/);
  assert.equal(decoded({ metadata: { user_id: long } }).user, user);
  assert.deepEqual(decoded({ metadata: { user_id: 'u', tags: ['a'] } }).metadata, { tags: ['a'] });
});

test('system blocks stay a list where cache marks stand, and are a text where they do not', () => {
  const cache = { type: 'ephemeral' };
  const first = (system: JsonValue): JsonValue => (decoded({ system }).messages as JsonValue[])[0] ?? null;
  assert.deepEqual(first([{ type: 'text', text: 'a' }]), { role: 'system', content: 'a' });
  assert.deepEqual(first([{ type: 'text', text: 'a', cache_control: cache }]), {
    role: 'system',
    content: [{ type: 'text', text: 'a', cache_control: cache }],
  });
  assert.deepEqual(first([]), { role: 'user', content: 'hi' });
});

test('pictures, documents and search results become parts', () => {
  const content = [
    {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'aGk=' },
      cache_control: { type: 'ephemeral' },
    },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'aGk=' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' }, title: 'T' },
    { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'inner' }] } },
    { type: 'search_result', source: 'https://example.com', title: 'R', content: [{ type: 'text', text: 'found' }] },
  ];
  assert.deepEqual(inWords([{ role: 'user', content }]), [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' }, cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
        { type: 'text', text: 'T\nwords' },
        { type: 'text', text: 'inner' },
        { type: 'text', text: 'R\nhttps://example.com\nfound' },
      ],
    },
  ]);
});

test('a tool loop: calls as text, results as tool messages before what the user says', () => {
  const messages = [
    { role: 'user', content: 'weather?' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'text', text: 'I will ' },
        { type: 'text', text: 'look.' },
        { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Zürich' } },
        { type: 'tool_use', id: 'b', name: 'time', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'sunny', cache_control: { type: 'ephemeral' } },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'no clock' }], is_error: true },
        { type: 'text', text: 'and now?' },
      ],
    },
  ];
  assert.deepEqual(inWords(messages), [
    { role: 'user', content: 'weather?' },
    {
      role: 'assistant',
      content: 'I will look.',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } },
        { id: 'b', type: 'function', function: { name: 'time', arguments: '{}' } },
      ],
      reasoning_content: 'hm',
      thinking_blocks: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
      ],
    },
    {
      role: 'tool',
      tool_call_id: 'a',
      content: [{ type: 'text', text: 'sunny', cache_control: { type: 'ephemeral' } }],
    },
    { role: 'tool', tool_call_id: 'b', content: 'Error: no clock' },
    { role: 'user', content: 'and now?' },
  ]);
});

test('an error that says so already is not told twice, and an empty result is an empty text', () => {
  const result = (content: JsonValue | undefined, is_error: boolean): JsonValue => {
    const block = { type: 'tool_result', tool_use_id: 'a', is_error, ...(content === undefined ? {} : { content }) };
    const [message] = inWords([{ role: 'user', content: [block] }]) as JsonObject[];
    return message?.content ?? null;
  };
  assert.equal(
    result('<tool_use_error>File not found</tool_use_error>', true),
    '<tool_use_error>File not found</tool_use_error>',
  );
  assert.equal(result('ERROR: nope', true), 'ERROR: nope');
  assert.equal(result(undefined, false), '');
});

test('a picture inside a tool result follows in a message of the user, labelled', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
  const block = { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'here' }, image] };
  assert.deepEqual(inWords([{ role: 'user', content: [block] }]), [
    { role: 'tool', tool_call_id: 'a', content: 'here' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Attached to the result of tool call a:' },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      ],
    },
  ]);
});

test('tools and choices become functions; hints on them are left out and named', () => {
  const dropped: string[] = [];
  const schema = { type: 'object', properties: {} };
  const body = decoded(
    {
      tools: [
        { name: 'f', description: 'd', input_schema: schema, strict: true, cache_control: { type: 'ephemeral' } },
        { type: 'custom', name: 'g', input_schema: schema, defer_loading: true },
      ],
      tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    },
    dropped,
  );
  assert.deepEqual(body.tools, [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: schema, strict: true },
      cache_control: { type: 'ephemeral' },
    },
    { type: 'function', function: { name: 'g', parameters: schema } },
  ]);
  assert.deepEqual(body.tool_choice, { type: 'function', function: { name: 'f' } });
  assert.equal(body.parallel_tool_calls, false);
  assert.deepEqual(dropped, ['tools[1].defer_loading']);
  const choice = (type: string): JsonValue => decoded({ tool_choice: { type } }).tool_choice ?? null;
  assert.deepEqual(['auto', 'any', 'none'].map(choice), ['auto', 'required', 'none']);
});

test('thinking becomes an effort, from its budget or as it is called', () => {
  const effort = (body: JsonObject): JsonValue => decoded(body).reasoning_effort ?? null;
  const budget = (budget_tokens: number): JsonValue => effort({ thinking: { type: 'enabled', budget_tokens } });
  assert.deepEqual([budget(1024), budget(2048), budget(4096), budget(31_999)], ['low', 'medium', 'high', 'high']);
  assert.equal(effort({ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }), 'high');
  assert.equal(effort({ thinking: { type: 'adaptive' } }), null);
  assert.equal(effort({ thinking: { type: 'disabled' } }), null);
  assert.throws(() => effort({ thinking: { type: 'enabled' } }), refusal('field_missing', 'thinking.budget_tokens'));
});

test('a format becomes a response_format', () => {
  const schema = { type: 'object' };
  const expected = { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
  assert.deepEqual(decoded({ output_config: { format: { type: 'json_schema', schema } } }).response_format, expected);
  assert.deepEqual(decoded({ output_format: { type: 'json_schema', schema } }).response_format, expected);
});

test('what Claude Code sends along for Anthropic’s service is left out, and named', () => {
  const dropped: string[] = [];
  const body = decoded(
    { context_management: { edits: [] }, service_tier: 'auto', betas: ['x'], container: null, mcp_servers: [] },
    dropped,
  );
  assert.deepEqual(Object.keys(body), ['model', 'messages', 'max_tokens']);
  assert.deepEqual(dropped, ['context_management', 'service_tier', 'betas']);
});

test('blocks of Anthropic’s own tools stay behind in another provider’s conversation, and are named', () => {
  const dropped: string[] = [];
  const content = [
    { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
    { type: 'text', text: 'found' },
  ];
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content },
  ];
  assert.deepEqual(decoded({ messages }, dropped).messages, [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: 'found' },
  ]);
  assert.deepEqual(dropped, [
    'messages[1].content[0] (server_tool_use)',
    'messages[1].content[1] (web_search_tool_result)',
  ]);
});

const user = (block: JsonValue): JsonObject => ({ messages: [{ role: 'user', content: [block] }] });

const broken: readonly [string, JsonObject, ErrorCode, string][] = [
  ['no max_tokens', { max_tokens: null }, 'field_missing', 'max_tokens'],
  ['a max_tokens of 0', { max_tokens: 0 }, 'field_invalid', 'max_tokens'],
  ['no messages', { messages: [] }, 'field_invalid', 'messages'],
  ['a role nobody has', { messages: [{ role: 'king', content: 'x' }] }, 'field_invalid', 'messages[0].role'],
  ['no content', { messages: [{ role: 'user' }] }, 'field_missing', 'messages[0].content'],
  ['a block without type', user({ text: 'x' }), 'field_missing', 'messages[0].content[0].type'],
  ['a text block without text', user({ type: 'text' }), 'field_missing', 'messages[0].content[0].text'],
  ['a picture without source', user({ type: 'image' }), 'field_missing', 'messages[0].content[0].source'],
  ['a result of no call', user({ type: 'tool_result' }), 'field_missing', 'messages[0].content[0].tool_use_id'],
  [
    'a call by the user',
    user({ type: 'tool_use', id: 'a', name: 'f', input: {} }),
    'field_invalid',
    'messages[0].content[0].type',
  ],
  ['a system that is a number', { system: 7 }, 'field_invalid', 'system'],
  ['a tool without schema', { tools: [{ name: 'f' }] }, 'field_missing', 'tools[0].input_schema'],
  ['a choice nobody has', { tool_choice: { type: 'most' } }, 'field_invalid', 'tool_choice.type'],
  ['a stream as text', { stream: 'yes' }, 'field_invalid', 'stream'],
  ['stop sequences as a text', { stop_sequences: 'a' }, 'field_invalid', 'stop_sequences'],
  [
    'Anthropic’s own search tool',
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    'field_unsupported',
    'tools[0]',
  ],
  ['a container', { container: 'c' }, 'field_unsupported', 'container'],
  ['MCP servers', { mcp_servers: [{}] }, 'field_unsupported', 'mcp_servers'],
  [
    'a file kept by Anthropic',
    user({ type: 'image', source: { type: 'file', file_id: 'f' } }),
    'field_unsupported',
    'messages[0].content[0].source',
  ],
  [
    'a document by address',
    user({ type: 'document', source: { type: 'url', url: 'x' } }),
    'field_unsupported',
    'messages[0].content[0].source',
  ],
  ['OpenAI’s tool', { tools: [{ type: 'function', function: { name: 'f' } }] }, 'dialect_wrong', 'tools[0]'],
  ['OpenAI’s picture', user({ type: 'image_url', image_url: {} }), 'dialect_wrong', 'messages[0].content[0].type'],
  ['OpenAI’s tool message', { messages: [{ role: 'tool', content: 'x' }] }, 'dialect_wrong', 'messages[0].role'],
  [
    'OpenAI’s tool calls',
    { messages: [{ role: 'assistant', tool_calls: [] }] },
    'dialect_wrong',
    'messages[0].tool_calls',
  ],
];

for (const [name, body, code, field] of broken) {
  test(`${name}: refused, naming ${field}`, () => {
    assert.throws(() => decoded(body), refusal(code, field));
  });
}

const answered = (message: JsonObject, finish_reason = 'stop', differing: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  model: 'upstream-model',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
  ...differing,
});

const call = (text: string, id = 'a') => ({ id, type: 'function', function: { name: 'f', arguments: text } });

test('an answer becomes a message under the name that was asked for', () => {
  assert.deepEqual(
    anthropic.encode(
      answered({ content: 'hi', reasoning_content: 'hm', tool_calls: [call('{"x":1}')] }, 'tool_calls'),
      contextFor(),
    ),
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'asked-model',
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'hi' },
        { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: { input_tokens: 6, output_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 4 },
    },
  );
});

test('every finish reason has its stop_reason; a call ends with tool_use whatever the provider says', () => {
  const stop = (finish: string, message: JsonObject = { content: 'x' }): JsonValue =>
    anthropic.encode(answered(message, finish), contextFor()).stop_reason ?? null;
  assert.deepEqual(
    ['stop', 'length', 'content_filter'].map((finish) => stop(finish)),
    ['end_turn', 'max_tokens', 'refusal'],
  );
  assert.equal(stop('stop', { tool_calls: [call('{}')] }), 'tool_use');
  const kept = { content: 'x', provider_specific_fields: { stop_reason: 'stop_sequence', stop_sequence: 'END' } };
  const message = anthropic.encode(answered(kept), contextFor());
  assert.deepEqual([message.stop_reason, message.stop_sequence], ['stop_sequence', 'END']);
});

test('arguments that are no JSON are garbled, unless the token limit cut them; none are an empty object', () => {
  const content = (text: string, finish: string): JsonValue =>
    anthropic.encode(answered({ tool_calls: [call(text)] }, finish), contextFor()).content ?? null;
  assert.throws(
    () => content('{"x":', 'tool_calls'),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled',
  );
  assert.throws(() => content('[1]', 'tool_calls'), GatewayError);
  assert.deepEqual(content('{"x":', 'length'), []);
  assert.deepEqual(content('', 'tool_calls'), [{ type: 'tool_use', id: 'a', name: 'f', input: {} }]);
});

test('an answer without a choice is garbled, and one without usage names the estimate', () => {
  assert.throws(() => anthropic.encode({ choices: [] }, contextFor()), GatewayError);
  const { usage, ...silent } = answered({ content: 'x' });
  assert.ok(usage);
  assert.deepEqual(anthropic.encode(silent, contextFor()).usage, { input_tokens: 42, output_tokens: 0 });
});

const chunk = (delta: ChatDelta, finish: ChatChunk['choices'][number]['finish_reason'] = null): ChatChunk => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'upstream-model',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const last: ChatChunk = {
  ...chunk({}),
  choices: [],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
};
const piece = (index: number, text: string) => chunk({ tool_calls: [{ index, function: { arguments: text } }] });
const named = (index: number, text = '') =>
  chunk({
    tool_calls: [{ index, id: `id${index}`, type: 'function', function: { name: `f${index}`, arguments: text } }],
  });

test('a stream opens, numbers and closes its blocks in order, and ends with the true usage', () => {
  const text = encoded(anthropic.encoder(contextFor()), [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'h' }),
    chunk({ reasoning_content: 'm' }),
    chunk({ content: 'he' }),
    chunk({ content: 'llo' }),
    named(0),
    piece(0, '{"x":'),
    piece(0, '1}'),
    chunk({}, 'tool_calls'),
    last,
  ]);
  const types = eventsOf(text).map((event) => event.type);
  assert.deepEqual([types[0], types.at(-2), types.at(-1)], ['message_start', 'message_delta', 'message_stop']);
  const message = rebuild(text);
  assert.deepEqual(message.content, [
    { type: 'thinking', thinking: 'hm', signature: '' },
    { type: 'text', text: 'hello' },
    { type: 'tool_use', id: 'id0', name: 'f0', input: { x: 1 } },
  ]);
  assert.deepEqual(
    [message.model, message.stopReason, message.firstUsage.input_tokens],
    ['asked-model', 'tool_use', 42],
  );
  assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [7, 3]);
});

test('interleaved calls come one after the other, each whole', () => {
  const message = rebuild(
    encoded(anthropic.encoder(contextFor()), [
      named(0, '{"a"'),
      named(1, '{"b"'),
      piece(1, ':2'),
      chunk({ content: 'meanwhile' }),
      piece(0, ':1}'),
      named(2),
      piece(1, '}'),
      chunk({}, 'tool_calls'),
    ]),
  );
  assert.deepEqual(message.content, [
    { type: 'tool_use', id: 'id0', name: 'f0', input: { a: 1 } },
    { type: 'tool_use', id: 'id1', name: 'f1', input: { b: 2 } },
    { type: 'text', text: 'meanwhile' },
    { type: 'tool_use', id: 'id2', name: 'f2', input: {} },
  ]);
});

test('a call is written as it comes, not when it is complete', () => {
  const encoder = anthropic.encoder(contextFor());
  encoder.write(named(0, '{"a"'));
  assert.match(encoder.write(piece(0, ':1')), /"partial_json":":1"/);
  assert.equal(encoder.write(named(1, '{"b":2}')), '', 'another waits while the first is half written');
  const released = encoder.write(piece(0, '}'));
  assert.match(released, /"partial_json":"\}"/);
  assert.match(released, /"name":"f1"/);
});

test('a name that comes after the arguments is waited for, one that never comes is garbled', () => {
  const late = chunk({ tool_calls: [{ index: 0, function: { name: 'f' } }] });
  const message = rebuild(encoded(anthropic.encoder(contextFor()), [piece(0, '{"a":1}'), late]));
  assert.deepEqual(message.content, [{ type: 'tool_use', id: 'toolu_2', name: 'f', input: { a: 1 } }]);
  assert.throws(() => encoded(anthropic.encoder(contextFor()), [piece(0, '{}')]), GatewayError);
});

test('arguments that are no JSON end the stream as garbled, unless the token limit cut them', () => {
  const cut = [named(0, '{"a":')];
  assert.throws(
    () => encoded(anthropic.encoder(contextFor()), [...cut, chunk({}, 'tool_calls')]),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled',
  );
  const text = encoded(anthropic.encoder(contextFor()), [...cut, chunk({}, 'length')]);
  assert.match(text, /"stop_reason":"max_tokens"/);
  assert.throws(
    () => encoded(anthropic.encoder(contextFor()), [named(0, '{}'), chunk({ content: 'x' }), piece(0, '{}')]),
    GatewayError,
  );
});

test('signed thinking keeps its blocks apart, citations stay with their text', () => {
  const signed = (thinking: string, signature?: string) =>
    chunk({ thinking_blocks: [{ type: 'thinking', thinking, ...(signature === undefined ? {} : { signature }) }] });
  const citation = { type: 'char_location', cited_text: 'x' };
  const message = rebuild(
    encoded(anthropic.encoder(contextFor()), [
      signed('a'),
      signed('', 's1'),
      chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: 'r' }] }),
      signed('b'),
      signed('', 's2'),
      chunk({ content: 'text' }),
      chunk({ provider_specific_fields: { citation } }),
    ]),
  );
  assert.deepEqual(message.content, [
    { type: 'thinking', thinking: 'a', signature: 's1' },
    { type: 'redacted_thinking', data: 'r' },
    { type: 'thinking', thinking: 'b', signature: 's2' },
    { type: 'text', text: 'text', citations: [citation] },
  ]);
});

test('a signature ends its block: what is thought next stands in another', () => {
  const block = (thinking: string, signature: string) => ({ type: 'thinking' as const, thinking, signature });
  const chunks = [chunk({ thinking_blocks: [block('a', 's1'), block('b', 's2')] })];
  assert.deepEqual(rebuild(encoded(anthropic.encoder(contextFor()), chunks)).content, [
    block('a', 's1'),
    block('b', 's2'),
  ]);
});

test('a stream of nothing is still a message', () => {
  const message = rebuild(encoded(anthropic.encoder(contextFor({ estimatedInput: 0 })), []));
  assert.deepEqual([message.content, message.stopReason, message.firstUsage.input_tokens], [[], 'end_turn', 1]);
});

test('only the first choice is told: Anthropic has one', () => {
  const two = { ...chunk({ content: 'a' }), choices: [{ index: 1, delta: { content: 'b' }, finish_reason: null }] };
  assert.deepEqual(rebuild(encoded(anthropic.encoder(contextFor()), [two])).content, []);
});

test('failures have Anthropic’s envelope and names, whole and inside a stream', () => {
  const type = (code: ErrorCode): JsonValue => {
    const body = anthropic.encodeError(new GatewayError(code), 'req-1') as { error: { type: string } };
    return body.error.type;
  };
  const expected: Readonly<Partial<Record<ErrorCode, string>>> = {
    field_missing: 'invalid_request_error',
    body_too_large: 'request_too_large',
    key_invalid: 'authentication_error',
    key_expired: 'authentication_error',
    upstream_forbidden: 'permission_error',
    info_forbidden: 'permission_error',
    model_not_found: 'not_found_error',
    upstream_busy: 'rate_limit_error',
    deployments_resting: 'rate_limit_error',
    upstream_timeout: 'timeout_error',
    upstream_unavailable: 'overloaded_error',
    upstream_garbled: 'api_error',
    internal: 'api_error',
    upstream_unprocessable: 'invalid_request_error',
  };
  for (const [code, name] of Object.entries(expected)) assert.equal(type(code as ErrorCode), name, code);
  for (const code of Object.keys(errors) as ErrorCode[])
    assert.match(String(type(code)), /_error$|^request_too_large$/);
  const error = new GatewayError('field_missing', { field: 'x', message: '`x`' });
  const body = {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'A required field is missing: `x`' },
    request_id: 'r',
  };
  assert.deepEqual(anthropic.encodeError(error, 'r'), body);
  assert.equal(anthropic.streamError(error, 'r'), `event: error\ndata: ${JSON.stringify(body)}\n\n`);
  assert.deepEqual(eventsOf(anthropic.ping), [{ type: 'ping' }]);
});
