// Anthropic as a provider: what is sent for each request in our words, and how its answers are read.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { Secret } from '../../src/kit/secret.ts';
import { anthropic } from '../../src/providers/anthropic.ts';
import type { Call, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';
import { chunksOf, eventsIn, heard } from './streams.ts';

const found = anthropic.wires.chat;
assert.ok(found?.encode && found.decode && found.reader && found.watch);
const wire = found as Required<Wire>;

const older = 'claude-sonnet-4-5-20250929';
const newer = 'claude-opus-4-7';

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../src/providers/fixtures/anthropic/${name}`, import.meta.url));
}

function sent(body: JsonObject, differing: Partial<Call> = {}, model = older): JsonObject {
  const call = callFor(model, differing);
  return overTheWire(wire.encode({ model: 'alias', messages: [{ role: 'user', content: 'hi' }], ...body }, call));
}

const says = (messages: JsonValue): JsonValue => sent({ messages }).messages ?? null;

const refusal = (code: string, field: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.equal(thrown.code, code);
  assert.equal(thrown.field, field);
  assert.match(thrown.message, new RegExp(field.replace(/[.[\]]/g, '\\$&')));
  return true;
};

test('the smallest request gets the model, its messages and max_tokens', () => {
  const hi = [{ role: 'user', content: 'hi' }];
  assert.deepEqual(sent({}), { model: older, messages: hi, max_tokens: 4096 });
  const upstream = { ...callFor(older).upstream, info: { max_output_tokens: 64_000 } };
  assert.equal(sent({}, { upstream }).max_tokens, 64_000);
  assert.deepEqual(sent({ max_completion_tokens: 9, max_tokens: 5 }, { stream: true }), {
    model: older,
    messages: hi,
    max_tokens: 9,
    stream: true,
  });
});

test('system messages are lifted out, several merged in order, cache marks kept', () => {
  const messages = [
    { role: 'system', content: 'one' },
    { role: 'user', content: 'hi' },
    { role: 'developer', content: [{ type: 'text', text: 'two', cache_control: { type: 'ephemeral' } }] },
  ];
  const body = sent({ messages });
  assert.deepEqual(body.messages, [{ role: 'user', content: 'hi' }]);
  assert.deepEqual(body.system, [
    { type: 'text', text: 'one' },
    { type: 'text', text: 'two', cache_control: { type: 'ephemeral' } },
  ]);
  assert.equal(sent({ messages: messages.slice(0, 2) }).system, 'one');
});

test('the first message is the user’s, messages of one side are joined, empty ones are left out', () => {
  assert.deepEqual(
    says([
      { role: 'assistant', content: 'Welcome ' },
      { role: 'user', content: '' },
    ]),
    [
      { role: 'user', content: '.' },
      { role: 'assistant', content: 'Welcome' },
    ],
  );
  assert.deepEqual(
    says([
      { role: 'user', content: 'a' },
      { role: 'user', content: [{ type: 'text', text: 'b' }] },
    ]),
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ],
  );
  assert.deepEqual(says([{ role: 'system', content: 'only this' }]), [{ role: 'user', content: '.' }]);
});

test('images and files become blocks with their source', () => {
  const parts = [
    { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
    { type: 'image_url', image_url: 'https://example.com/a.png' },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
    { type: 'file', file: { file_data: 'data:text/plain;base64,aGk=' } },
    { type: 'text', text: 'look', cache_control: { type: 'ephemeral' } },
  ];
  const [message] = listOf(says([{ role: 'user', content: parts }]));
  assert.deepEqual(isObject(message) && message.content, [
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'aGk=' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
    { type: 'text', text: 'look', cache_control: { type: 'ephemeral' } },
  ]);
});

test('parts that cannot be sent are refused by their place', () => {
  const with1 = (part: JsonValue) => () => says([{ role: 'user', content: [part] }]);
  const at = 'messages[0].content[0]';
  assert.throws(
    with1({ type: 'image_url', image_url: { url: 'ftp://x' } }),
    refusal('field_invalid', `${at}.image_url`),
  );
  assert.throws(with1({ type: 'input_audio', input_audio: {} }), refusal('field_unsupported', `${at}.input_audio`));
  assert.throws(with1({ type: 'hologram' }), refusal('field_invalid', `${at}.type`));
});

const weatherCall = { id: 'call:1', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } };
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } };

test('a tool loop: calls with parsed input, all results in one user message, ids that Anthropic takes', () => {
  const body = sent({
    tools: [weather],
    messages: [
      { role: 'user', content: 'weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [weatherCall, { ...weatherCall, id: 'b', function: { name: 'weather', arguments: '' } }],
      },
      { role: 'tool', tool_call_id: 'call:1', content: 'sunny' },
      {
        role: 'tool',
        tool_call_id: 'b',
        content: [{ type: 'text', text: 'rain', cache_control: { type: 'ephemeral' } }],
      },
      { role: 'user', content: 'thanks' },
    ],
  });
  assert.deepEqual(listOf(body.messages).slice(1), [
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Zürich' } },
        { type: 'tool_use', id: 'b', name: 'weather', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: 'sunny' },
        { type: 'tool_result', tool_use_id: 'b', content: 'rain', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'thanks' },
      ],
    },
  ]);
});

test('arguments that are no JSON object are refused by their place', () => {
  const broken = { ...weatherCall, function: { name: 'weather', arguments: '{"city":' } };
  assert.throws(
    () => says([{ role: 'assistant', tool_calls: [broken] }]),
    refusal('field_invalid', 'messages[0].tool_calls[0].function.arguments'),
  );
});

test('thinking goes back unchanged, first and in order; unsigned thinking stays here', () => {
  const blocks = [
    { type: 'thinking', thinking: 'mine', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'aGk=' },
    { type: 'thinking', thinking: 'another provider’s', signature: '' },
    { type: 'thinking', thinking: 'another provider’s' },
  ];
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b', reasoning_content: 'mine', thinking_blocks: blocks },
    { role: 'user', content: 'c' },
  ];
  const [, answer] = listOf(says(messages));
  assert.deepEqual(isObject(answer) && answer.content, [...blocks.slice(0, 2), { type: 'text', text: 'b' }]);
});

test('tools get an input_schema, choices their words, and single calls are asked for', () => {
  const named = { type: 'function', function: { name: 'weather' } };
  const choices: readonly [JsonValue, JsonValue][] = [
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    [named, { type: 'tool', name: 'weather' }],
  ];
  for (const [choice, expected] of choices) {
    assert.deepEqual(sent({ tools: [weather], tool_choice: choice }).tool_choice, expected);
  }
  const described = { type: 'function', function: { name: 'f', description: 'd', strict: true } };
  const call = callFor(older);
  const body = wire.encode(
    {
      messages: [],
      tools: [described, { type: 'web_search_20250305', name: 'web_search' }],
      parallel_tool_calls: false,
    },
    call,
  );
  assert.deepEqual(body.tools, [
    { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } },
    { type: 'web_search_20250305', name: 'web_search' },
  ]);
  assert.deepEqual(body.tool_choice, { type: 'auto', disable_parallel_tool_use: true });
  assert.deepEqual(call.dropped, ['tools[0].function.strict']);
  assert.equal(isObject(listOf(sent({ tools: [described] }, {}, newer).tools)[0]), true);
});

test('a conversation that used tools still defines them when none is offered any more', () => {
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: [weatherCall] },
    { role: 'tool', tool_call_id: 'call:1', content: 'y' },
  ];
  const body = sent({ messages });
  assert.deepEqual(body.tools, [{ name: 'weather', input_schema: { type: 'object', properties: {} } }]);
  assert.deepEqual(body.tool_choice, { type: 'none' });
});

test('stop is a list without white space', () => {
  assert.deepEqual(sent({ stop: 'END' }).stop_sequences, ['END']);
  assert.deepEqual(sent({ stop: ['a', 'b'] }).stop_sequences, ['a', 'b']);
  assert.throws(() => sent({ stop: ['\n'] }), refusal('field_unsupported', 'stop'));
});

test('a JSON answer is asked for by a forced tool, natively where the model can and the schema is strict', () => {
  const schema = { type: 'object', properties: { answer: { type: 'integer' } } };
  const format = (strict: boolean) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict } },
  });
  const body = sent(format(true));
  assert.deepEqual(
    listOf(body.tools).map((tool) => isObject(tool) && [tool.name, tool.input_schema]),
    [['json_tool_call', schema]],
  );
  assert.deepEqual(body.tool_choice, { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true });
  assert.deepEqual(sent({ ...format(true), tools: [weather] }).tool_choice, { type: 'any' });
  assert.deepEqual(sent({ ...format(true), reasoning_effort: 'low' }).tool_choice, {
    type: 'auto',
    disable_parallel_tool_use: true,
  });
  const native = sent(format(true), {}, newer);
  assert.deepEqual(native.output_config, { format: { type: 'json_schema', schema } });
  assert.equal(native.tools, undefined);
  assert.equal(listOf(sent(format(false), {}, newer).tools).length, 1);
  assert.equal(listOf(sent({ response_format: { type: 'json_object' } }).tools).length, 1);
  assert.equal(sent({ response_format: { type: 'text' } }).tools, undefined);
});

test('reasoning_effort is a budget that leaves room for the answer, or an effort on newer models', () => {
  const budget = (body: JsonObject) => sent(body).thinking;
  const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens });
  assert.deepEqual(budget({ reasoning_effort: 'minimal' }), enabled(1024));
  assert.deepEqual(budget({ reasoning_effort: 'low' }), enabled(1024));
  assert.deepEqual(budget({ reasoning_effort: 'medium' }), enabled(2048));
  assert.deepEqual(budget({ reasoning_effort: 'high' }), enabled(4096));
  assert.equal(sent({ reasoning_effort: 'high' }).max_tokens, 8192);
  assert.deepEqual(budget({ reasoning_effort: 'high', max_tokens: 4000 }), enabled(2000));
  assert.equal(budget({ reasoning_effort: 'none' }), undefined);
  assert.throws(
    () => budget({ reasoning_effort: 'low', max_tokens: 1000 }),
    refusal('field_unsupported', 'reasoning_effort'),
  );
  assert.throws(() => budget({ reasoning_effort: 'much' }), refusal('field_invalid', 'reasoning_effort'));
  const adaptive = sent({ reasoning_effort: 'minimal' }, {}, newer);
  assert.deepEqual(
    [adaptive.thinking, adaptive.output_config],
    [{ type: 'adaptive', display: 'summarized' }, { effort: 'low' }],
  );
  assert.deepEqual(sent({ reasoning_effort: 'xhigh' }, {}, 'claude-sonnet-4-6').output_config, { effort: 'max' });
  assert.deepEqual(sent({ reasoning_effort: 'xhigh' }, {}, 'claude-fable-5').output_config, { effort: 'xhigh' });
});

test('names tell which models think adaptively', () => {
  const adapts = (model: string) => sent({ reasoning_effort: 'low' }, {}, model).output_config !== undefined;
  const older = [
    'claude-3-7-sonnet-20250219',
    'claude-sonnet-4-20250514',
    'claude-opus-4-5-20251101',
    'claude-instant-1.2',
    'claude-2.1',
  ];
  const newer = [
    'claude-opus-4-6',
    'claude-sonnet-5',
    'claude-haiku-4-7-20260301',
    'claude-mythos-1',
    'us.anthropic.claude-opus-4-8',
  ];
  assert.deepEqual(older.filter(adapts), []);
  assert.deepEqual(newer.filter(adapts), newer);
});

test('a tool loop without its thinking goes on without thinking rather than fail', () => {
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: [weatherCall] },
    { role: 'tool', tool_call_id: 'call:1', content: 'y' },
  ];
  const call = callFor(older);
  const body = wire.encode({ messages, tools: [weather], reasoning_effort: 'high' }, call);
  assert.equal(body.thinking, undefined);
  assert.deepEqual(call.dropped, ['reasoning_effort']);
  const signed = { ...messages[1], thinking_blocks: [{ type: 'thinking', thinking: 't', signature: 's' }] };
  assert.ok(
    sent({ messages: [messages[0] ?? {}, signed, messages[2] ?? {}], tools: [weather], reasoning_effort: 'high' })
      .thinking,
  );
});

test('sampling keeps to Anthropic’s ranges, and to what thinking allows', () => {
  const { temperature, top_p, top_k } = sent({ temperature: 0.3, top_p: 1, top_k: 5 });
  assert.deepEqual([temperature, top_p, top_k], [0.3, undefined, 5]);
  for (const field of ['temperature', 'top_p', 'top_k']) {
    assert.throws(() => sent({ [field]: 0.5 }, {}, newer), refusal('field_unsupported', field));
  }
  assert.equal(sent({ temperature: 1, top_p: 1 }, {}, newer).temperature, undefined);
  assert.throws(() => sent({ temperature: 1.2 }), refusal('field_unsupported', 'temperature'));
  assert.equal(sent({ temperature: 1.2 }, { dropParameters: true }).temperature, undefined);
  const thinking = { reasoning_effort: 'low' };
  assert.equal(sent({ ...thinking, temperature: 1 }).temperature, undefined);
  assert.throws(() => sent({ ...thinking, temperature: 0 }), refusal('field_unsupported', 'temperature'));
  assert.throws(() => sent({ ...thinking, top_k: 4 }), refusal('field_unsupported', 'top_k'));
  assert.equal(sent({ ...thinking, top_p: 0.97 }).top_p, 0.97);
});

test('what Anthropic cannot honour is refused by name, or dropped and noted', () => {
  const cases: Readonly<Record<string, JsonValue>> = {
    n: 2,
    seed: 1,
    logprobs: true,
    top_logprobs: 3,
    logit_bias: { '5': 1 },
    presence_penalty: 0.1,
    frequency_penalty: 0.1,
    functions: [{ name: 'f' }],
    audio: { voice: 'x' },
    modalities: ['audio'],
    prediction: { type: 'content', content: 'x' },
    web_search_options: { search_context_size: 'low' },
  };
  for (const [field, value] of Object.entries(cases)) {
    assert.throws(() => sent({ [field]: value }), refusal('field_unsupported', field));
    const call = callFor(older, { dropParameters: true });
    const body = wire.encode({ messages: [], [field]: value }, call);
    assert.equal(body[field], undefined, field);
    assert.deepEqual(call.dropped, [field]);
  }
});

test('values that ask for nothing, and hints for OpenAI’s books, never refuse a request', () => {
  const call = callFor(older);
  const nothing = {
    n: 1,
    logprobs: false,
    logit_bias: {},
    presence_penalty: 0,
    modalities: ['text'],
    seed: null,
    stop: null,
  };
  const hints = { store: true, metadata: { a: 'b' }, prompt_cache_key: 'k', service_tier: 'flex', user: 'a@b.example' };
  assert.deepEqual(wire.encode({ messages: [{ role: 'user', content: 'hi' }], ...nothing, ...hints }, call), sent({}));
  assert.deepEqual(call.dropped, ['store', 'metadata', 'prompt_cache_key', 'user', 'service_tier']);
});

test('user becomes metadata.user_id, and unknown fields go on as they came', () => {
  const body = sent({ user: 'u-1', context_management: { edits: [] }, extra_body: { betas: ['x'] } });
  assert.deepEqual(body.metadata, { user_id: 'u-1' });
  assert.deepEqual(body.context_management, { edits: [] });
  assert.deepEqual([body.betas, body.extra_body], [['x'], undefined]);
});

test('a deployment leaves out, presets and adds, for translated and for passed bodies', () => {
  const parameters = {
    dropNamed: ['temperature'],
    defaults: { top_p: 0.5, max_tokens: 77 },
    extraBody: { speed: 'fast' },
  };
  const call = () => callFor(older, { upstream: { ...callFor(older).upstream, parameters } });
  const body = wire.encode({ messages: [], temperature: 0.5 }, call());
  assert.deepEqual([body.temperature, body.top_p, body.max_tokens], [undefined, 0.5, 77]);
  const passed = { model: 'alias', max_tokens: 5, temperature: 0.5, messages: [] };
  assert.deepEqual(wire.edits(passed, call()), { model: older, temperature: undefined, top_p: 0.5, speed: 'fast' });
  assert.deepEqual(wire.edits({ model: 'alias', messages: [] }, call()), { model: older }, 'count_tokens takes none');
});

test('presets of sampling do not go with thinking', () => {
  const parameters = { defaults: { temperature: 0.2 } };
  const call = callFor(older, { upstream: { ...callFor(older).upstream, parameters } });
  const thinks = { max_tokens: 5000, messages: [], thinking: { type: 'enabled', budget_tokens: 1024 } };
  assert.deepEqual(wire.edits(thinks, call), { model: older });
  assert.deepEqual(wire.edits({ ...thinks, thinking: { type: 'disabled' } }, call), { model: older, temperature: 0.2 });
});

test('a body that passes is changed only in its model, unless another provider’s thinking is in it', () => {
  const kept = {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'text', text: 'b' },
    ],
  };
  const foreign = { type: 'thinking', thinking: 'a', signature: '' };
  const clean = { model: 'alias', max_tokens: 5, a_later_field: 1, messages: [{ role: 'user', content: 'x' }, kept] };
  assert.deepEqual(wire.edits(clean, callFor(older)), { model: older });
  const mixed = {
    ...clean,
    messages: [
      ...clean.messages,
      { role: 'assistant', content: [foreign, { type: 'text', text: 'c' }] },
      { role: 'assistant', content: [foreign] },
    ],
  };
  assert.deepEqual(wire.edits(mixed, callFor(older)), {
    model: older,
    messages: [...clean.messages, { role: 'assistant', content: [{ type: 'text', text: 'c' }] }],
  });
});

test('the path takes base addresses with /v1 or all of it, and only `beta` of the client’s query', () => {
  const path = (baseUrl: string, query = '') => {
    const call = callFor(older, { query, upstream: { ...callFor(older).upstream, baseUrl } });
    return [wire.path(call), anthropic.countTokens?.path(call)];
  };
  assert.deepEqual(path('https://a.test'), ['/v1/messages', '/v1/messages/count_tokens']);
  assert.deepEqual(path('https://a.test/v1'), ['/messages', '/messages/count_tokens']);
  assert.deepEqual(path('https://a.test/x/v1/messages'), ['', '/count_tokens']);
  assert.deepEqual(path('https://a.test', 'beta=true&key=sk-secret'), [
    '/v1/messages?beta=true',
    '/v1/messages/count_tokens?beta=true',
  ]);
});

test('headers: the key, the version, and the client’s own version and betas', () => {
  const plain = wire.headers(callFor(older));
  assert.deepEqual(Object.keys(plain), ['anthropic-version', 'x-api-key']);
  assert.equal(plain['anthropic-version'], '2023-06-01');
  const clientHeaders = { 'anthropic-version': '2024-01-01', 'anthropic-beta': 'a-2025,b-2026' };
  const passed = wire.headers(callFor(older, { clientHeaders }));
  assert.deepEqual([passed['anthropic-version'], passed['anthropic-beta']], ['2024-01-01', 'a-2025,b-2026']);
  const credential = { auth_token: new Secret('sk-ant-oat01-x') };
  const bearer = wire.headers(callFor(older, { upstream: { ...callFor(older).upstream, credential } }));
  assert.ok(bearer.authorization instanceof Secret && bearer.authorization.equals(new Secret('Bearer sk-ant-oat01-x')));
  assert.equal(bearer['x-api-key'], undefined);
});

test('a whole answer: text, calls, thinking, usage with cache and thinking apart', () => {
  const answer = overTheWire(
    wire.decode(JSON.parse(fixture('message.json').toString()) as JsonObject, callFor(older), {}),
  );
  const [choice] = listOf(answer.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  const { message } = choice;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(message.content, 'I will look. One moment.');
  assert.equal(message.reasoning_content, 'The user wants the weather in Zürich.');
  assert.equal(listOf(message.thinking_blocks).length, 2);
  assert.deepEqual(message.tool_calls, [
    { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich","days":2}' } },
    { id: 'toolu_2', type: 'function', function: { name: 'time', arguments: '{}' } },
  ]);
  assert.equal(
    isObject(message.provider_specific_fields) && listOf(message.provider_specific_fields.citations).length,
    1,
  );
  assert.ok(isObject(answer.usage));
  assert.deepEqual(
    [answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.cache_read_input_tokens],
    [117, 25, 100],
  );
  const usage = wire.usage(JSON.parse(fixture('message.json').toString()) as JsonObject);
  assert.deepEqual([usage?.cacheWrite, usage?.cacheWriteHour, usage?.reasoning], [3, 4, 9]);
});

test('each stop_reason has its finish_reason, and what four words cannot say is kept', () => {
  const expected: Readonly<Record<string, [string, JsonValue]>> = {
    end_turn: ['stop', undefined as never],
    stop_sequence: ['stop', 'stop_sequence'],
    pause_turn: ['stop', 'pause_turn'],
    max_tokens: ['length', undefined as never],
    model_context_window_exceeded: ['length', 'model_context_window_exceeded'],
    refusal: ['content_filter', undefined as never],
  };
  for (const [stop_reason, [finish, kept]] of Object.entries(expected)) {
    const answer = wire.decode({ content: [{ type: 'text', text: 'x' }], stop_reason }, callFor(older), {});
    const [choice] = listOf(answer.choices);
    assert.ok(isObject(choice) && isObject(choice.message));
    assert.equal(choice.finish_reason, finish);
    const beside = isObject(choice.message.provider_specific_fields) ? choice.message.provider_specific_fields : {};
    assert.equal(beside.stop_reason, kept);
  }
});

test('a JSON answer by the forced tool comes back as text, whole and streamed', () => {
  const content = [{ type: 'tool_use', id: 't', name: 'json_tool_call', input: { answer: 42 } }];
  const [choice] = listOf(wire.decode({ content, stop_reason: 'tool_use' }, callFor(older), {}).choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  assert.deepEqual(
    [choice.message.content, choice.message.tool_calls, choice.finish_reason],
    ['{"answer":42}', undefined, 'stop'],
  );
  const spoken = wire.decode({ content: [{ type: 'text', text: 'Here: ' }, ...content] }, callFor(older), {});
  assert.match(JSON.stringify(spoken.choices), /"content":"\{\\"answer\\":42\}"/);
  const streamed = heard(chunksOf(wire.reader(callFor(older)), fixture('stream-json-answer.sse')));
  assert.deepEqual([streamed.content, streamed.calls, streamed.finish], ['{"answer": 42}', [], 'stop']);
});

test('an answer that is none is garbled; an error with status 200 is what it says', () => {
  const code = (body: JsonValue) => {
    try {
      wire.decode(body, callFor(older), {});
      return 'none';
    } catch (thrown) {
      return GatewayError.from(thrown).code;
    }
  };
  assert.equal(code('hello'), 'upstream_garbled');
  assert.equal(code({ type: 'message' }), 'upstream_garbled');
  assert.equal(
    code({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    'upstream_unavailable',
  );
});

test('a stream says the same as the whole answer, at whichever byte it is cut', () => {
  const bytes = fixture('stream.sse');
  const reader = wire.reader(callFor(older));
  const chunks = chunksOf(reader, bytes);
  const sum = heard(chunks);
  assert.equal(reader.complete, true);
  assert.equal(sum.content, 'I will look 🙂');
  assert.equal(sum.reasoning, 'The user wants the weather in Zürich.');
  assert.deepEqual(sum.calls, [
    { id: 'toolu_1', name: 'weather', arguments: '{"city": "Zürich", "days": 2}' },
    { id: 'toolu_2', name: 'time', arguments: '{}' },
  ]);
  assert.equal(sum.finish, 'tool_calls');
  assert.ok(isObject(sum.usage));
  assert.deepEqual([sum.usage.prompt_tokens, sum.usage.completion_tokens], [117, 25]);
  const beside = chunks.flatMap(({ choices }) =>
    choices.flatMap(({ delta }) => (isObject(delta.provider_specific_fields) ? [delta.provider_specific_fields] : [])),
  );
  assert.deepEqual(beside, [
    {
      content_blocks: [{ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'weather' } }],
    },
  ]);
  for (let place = 1; place < bytes.length; place += 1) {
    assert.deepEqual(chunksOf(wire.reader(callFor(older)), bytes, [place]), chunks);
  }
});

test('an error inside a stream is thrown by the reader and noted by the watch', () => {
  const bytes = fixture('stream-overloaded.sse');
  assert.throws(
    () => chunksOf(wire.reader(callFor(older)), bytes),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_unavailable',
  );
  const watch = wire.watch(callFor(older));
  for (const event of eventsIn(bytes)) watch.see(event);
  assert.equal(watch.error?.code, 'upstream_unavailable');
  assert.equal(watch.complete, false);
  assert.equal(watch.usage?.input, 117);
});

test('the watch sums usage, and knows events without a name', () => {
  const watch = wire.watch(callFor(older));
  for (const { data } of eventsIn(fixture('stream.sse'))) watch.see({ name: 'message', data });
  assert.deepEqual(
    [watch.usage?.input, watch.usage?.output, watch.usage?.cacheWriteHour, watch.complete],
    [117, 25, 4, true],
  );
});

test('counts that a later event leaves empty stay as they were', () => {
  const watch = wire.watch(callFor(older));
  const see = (event: JsonObject) => watch.see({ name: String(event.type), data: JSON.stringify(event) });
  assert.equal(wire.watch(callFor(older)).usage, null);
  see({ type: 'message_start', message: { usage: { input_tokens: 9, cache_read_input_tokens: 4 } } });
  see({ type: 'message_delta', usage: { input_tokens: null, output_tokens: 5 } });
  assert.deepEqual([watch.usage?.input, watch.usage?.cacheRead, watch.usage?.output], [13, 4, 5]);
});

test('a stream that stops early is not complete, and one that is no JSON is garbled', () => {
  const bytes = fixture('stream.sse');
  const reader = wire.reader(callFor(older));
  chunksOf(reader, bytes.subarray(0, bytes.indexOf('event: message_stop')));
  assert.equal(reader.complete, false);
  const garbled = (thrown: unknown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled';
  assert.throws(() => wire.reader(callFor(older)).read({ name: 'message_start', data: '{"type":' }), garbled);
  assert.throws(
    () => wire.reader(callFor(older)).read({ name: 'x', data: '{"type":"content_block_stop","index":0}' }),
    garbled,
  );
  assert.deepEqual(wire.reader(callFor(older)).read({ name: 'message', data: '' }), []);
});

test('refusals are read with Anthropic’s names', () => {
  const failure = (status: number, type: string, message: string) =>
    wire.failure(status, {}, JSON.stringify({ type: 'error', error: { type, message } })).code;
  assert.equal(failure(529, 'overloaded_error', 'Overloaded'), 'upstream_unavailable');
  assert.equal(failure(429, 'rate_limit_error', 'slow down'), 'upstream_busy');
  assert.equal(
    failure(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    'upstream_context_window',
  );
});
