import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { DeploymentParameters } from '../core/records.ts';
import { Secret } from '../kit/secret.ts';
import { providerByName } from './index.ts';
import { openAiCompatible } from './openai-compatible.ts';
import type { Call, Wire } from './provider.ts';

interface Asked {
  readonly provider?: string;
  readonly model?: string;
  readonly operation?: 'chat' | 'completion' | 'embedding' | 'rerank' | 'moderation';
  readonly drop?: boolean;
  readonly stream?: boolean;
  readonly parameters?: DeploymentParameters;
  readonly baseUrl?: string;
}

function callOf({
  provider = 'openai',
  model = 'm',
  drop = false,
  stream = false,
  parameters = {},
  baseUrl,
}: Asked): Call {
  let made = 0;
  return {
    upstream: {
      model,
      baseUrl: baseUrl ?? providerByName(provider)?.defaultBaseUrl ?? 'http://upstream.test',
      credential: { api_key: new Secret('sk-upstream') },
      parameters,
      info: {},
    },
    stream,
    dropParameters: drop,
    dropped: [],
    clientHeaders: {},
    query: '',
    now: 1_700_000_000_000,
    newId: (prefix) => `${prefix}${++made}`,
  };
}

function wireOf({ provider = 'openai', operation = 'chat' }: Asked): Wire {
  const wire = providerByName(provider)?.wires[operation];
  assert.ok(wire, `${provider} serves no ${operation}`);
  return wire;
}

/** What is sent when the body is asked for, and what was dropped. */
function sent(body: JsonObject, asked: Asked = {}): { body: JsonObject; dropped: readonly string[] } {
  const wire = wireOf(asked);
  const call = callOf(asked);
  const own = wire.encode?.(body, call) ?? body;
  const edited = { ...own, ...wire.edits(own, call) };
  return { body: JSON.parse(JSON.stringify(edited)) as JsonObject, dropped: call.dropped };
}

function refuses(body: JsonObject, asked: Asked, field: string): void {
  assert.throws(
    () => sent(body, asked),
    (thrown) =>
      thrown instanceof GatewayError &&
      thrown.code === 'field_unsupported' &&
      thrown.field === field &&
      thrown.message.includes(asked.provider ?? 'openai') &&
      thrown.message.includes('drop_params'),
  );
}

const messages: JsonValue = [{ role: 'user', content: 'Hi' }];

test('a body that needs nothing is edited by its model alone, and not even that when the names agree', () => {
  assert.deepEqual(wireOf({}).edits({ model: 'alias', messages, temperature: 0.5 }, callOf({})), { model: 'm' });
  assert.deepEqual(wireOf({}).edits({ model: 'm', messages }, callOf({})), {});
});

test('usage is asked for in every stream, beside what else the client asked of the stream', () => {
  const stream = { model: 'm', messages, stream: true };
  assert.deepEqual(sent(stream, { stream: true }).body.stream_options, { include_usage: true });
  const asked = { ...stream, stream_options: { include_usage: false, include_obfuscation: false } };
  assert.deepEqual(sent(asked, { stream: true }).body.stream_options, {
    include_usage: true,
    include_obfuscation: false,
  });
  assert.equal(sent({ model: 'm', messages }).body.stream_options, undefined);
});

test('a provider that refuses stream_options is not sent any', () => {
  const asked = { model: 'm', messages, stream: true, stream_options: { include_usage: true } };
  assert.equal(sent(asked, { provider: 'mistral', stream: true }).body.stream_options, undefined);
});

test("a deployment's defaults hold where the client is silent", () => {
  const parameters = { defaults: { temperature: 0.1, max_tokens: 100, top_p: 0.9 } };
  const { body } = sent({ model: 'm', messages, temperature: 0.7, max_completion_tokens: 5 }, { parameters });
  assert.deepEqual(
    [body.temperature, body.max_tokens, body.max_completion_tokens, body.top_p],
    [0.7, undefined, 5, 0.9],
  );
});

test("the client's and then the deployment's extra_body go into the body as they are", () => {
  const parameters = { extraBody: { top_k: 7, guided: true } };
  const asked = { model: 'm', messages, extra_body: { top_k: 3, min_p: 0.1 } };
  const { body } = sent(asked, { provider: 'groq', parameters });
  assert.deepEqual([body.extra_body, body.top_k, body.min_p, body.guided], [undefined, 7, 0.1, true]);
});

test('a deployment leaves out the parameters it names, and says so', () => {
  const parameters = { dropNamed: ['seed', 'stop'] };
  const { body, dropped } = sent({ model: 'm', messages, seed: 1 }, { parameters });
  assert.equal(body.seed, undefined);
  assert.deepEqual(dropped, ['seed']);
});

test('a parameter the provider cannot honour is refused by name, with the mend', () => {
  refuses({ model: 'm', messages, logit_bias: { 5: 1 } }, { provider: 'groq' }, 'logit_bias');
  refuses({ model: 'm', messages, n: 2 }, { provider: 'deepseek' }, 'n');
  refuses({ model: 'm', messages, tools: [{ type: 'function' }] }, { provider: 'perplexity' }, 'tools');
  refuses({ model: 'm', input: 'x', dimensions: 5 }, { provider: 'together_ai', operation: 'embedding' }, 'dimensions');
});

test('with drop_params it is left out and listed', () => {
  const asked = { model: 'm', messages, logit_bias: { 5: 1 }, n: 2, temperature: 0 };
  const { body, dropped } = sent(asked, { provider: 'groq', drop: true });
  assert.deepEqual([body.logit_bias, body.n, body.temperature], [undefined, undefined, 0]);
  assert.deepEqual(dropped, ['n', 'logit_bias']);
});

test('a parameter that asks for nothing is left out without a word', () => {
  const asked = { model: 'm', messages, n: 1, logit_bias: {}, logprobs: false, top_logprobs: null };
  const { body, dropped } = sent(asked, { provider: 'groq' });
  assert.deepEqual(body, { model: 'm', messages });
  assert.deepEqual(dropped, []);
});

test("hints for OpenAI's own books are never a reason to refuse, and are listed when left out", () => {
  const { body, dropped } = sent({ model: 'm', messages, user: 'u', store: true }, { provider: 'mistral' });
  assert.deepEqual([body.user, body.store], [undefined, undefined]);
  assert.deepEqual(dropped, ['user', 'store']);
  assert.equal(sent({ model: 'm', messages, user: 'u' }).body.user, 'u');
});

test('the older and the newer word for the token limit are given as the provider knows them', () => {
  const older = sent({ model: 'm', messages, max_completion_tokens: 9 }, { provider: 'together_ai' }).body;
  assert.deepEqual([older.max_tokens, older.max_completion_tokens], [9, undefined]);
  const both = sent({ model: 'm', messages, max_completion_tokens: 9 }, { provider: 'groq' }).body;
  assert.deepEqual([both.max_tokens, both.max_completion_tokens], [undefined, 9]);
  const newer = sent({ model: 'm', messages, max_tokens: 9 }, { model: 'o4-mini' }).body;
  assert.deepEqual([newer.max_tokens, newer.max_completion_tokens], [undefined, 9]);
  const given = sent({ model: 'm', messages, max_tokens: 9, max_completion_tokens: 8 }, { model: 'gpt-5' }).body;
  assert.deepEqual([given.max_tokens, given.max_completion_tokens], [undefined, 8]);
});

const reasoningModels = ['o1', 'o3-mini', 'o4-mini-2025-04-16', 'gpt-5', 'gpt-5-mini', 'ft:o4-mini:acme', 'openai/o3'];
for (const model of reasoningModels) {
  test(`${model} samples by itself: temperature is refused unless it is 1`, () => {
    refuses({ model, messages, temperature: 0.2 }, { model }, 'temperature');
    assert.deepEqual(sent({ model, messages, temperature: 1 }, { model }).dropped, []);
    assert.deepEqual(sent({ model, messages, temperature: 0.2 }, { model, drop: true }).dropped, ['temperature']);
  });
}

for (const model of [
  'gpt-4o',
  'gpt-4.1',
  'gpt-5-chat-latest',
  'gpt-5.1',
  'gpt-5.2-chat',
  'gpt-oss-120b',
  'my-o3-like',
]) {
  test(`${model} takes a temperature`, () => {
    assert.equal(sent({ model, messages, temperature: 0.2 }, { model }).body.temperature, 0.2);
  });
}

test('GPT-5.1 takes a temperature only while it does not think', () => {
  refuses({ model: 'm', messages, temperature: 0.2, reasoning_effort: 'low' }, { model: 'gpt-5.1' }, 'temperature');
  const idle = { model: 'm', messages, temperature: 0.2, reasoning_effort: 'none' };
  assert.equal(sent(idle, { model: 'gpt-5.1' }).body.temperature, 0.2);
});

test('models that do not think are not asked to', () => {
  refuses({ model: 'm', messages, reasoning_effort: 'low' }, { model: 'gpt-4o' }, 'reasoning_effort');
  assert.equal(sent({ model: 'm', messages, reasoning_effort: 'low' }, { model: 'o3' }).body.reasoning_effort, 'low');
});

test('words of other vendors are refused for OpenAI itself, not for a server at another address', () => {
  refuses({ model: 'm', messages, top_k: 5 }, {}, 'top_k');
  assert.equal(sent({ model: 'm', messages, top_k: 5 }, { baseUrl: 'http://10.0.0.1:8000/v1' }).body.top_k, 5);
});

test('tool_choice required is any at Mistral and Fireworks', () => {
  const asked = { model: 'm', messages, tool_choice: 'required' };
  assert.equal(sent(asked, { provider: 'mistral' }).body.tool_choice, 'any');
  assert.equal(sent(asked, { provider: 'fireworks_ai' }).body.tool_choice, 'any');
  assert.equal(sent(asked, { provider: 'groq' }).body.tool_choice, 'required');
});

test('what only other providers understand of a conversation is left out', () => {
  const said = [
    { role: 'developer', content: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } }] },
    { role: 'user', name: 'Ann', content: 'Hi' },
    {
      role: 'assistant',
      content: 'Ja',
      reasoning_content: 'Hm',
      thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }],
    },
    { role: 'tool', name: 'clock', tool_call_id: 'callAtNo1', content: '12' },
  ];
  const kept = (provider: string, model = 'm') =>
    sent({ model: 'm', messages: said }, { provider, model }).body.messages;
  assert.deepEqual(kept('mistral', 'mistral-large-2411'), [
    { role: 'system', content: [{ type: 'text', text: 'Be brief' }] },
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Ja' },
    { role: 'tool', name: 'clock', tool_call_id: 'callAtNo1', content: '12' },
  ]);
  assert.deepEqual(kept('deepseek'), [
    { role: 'system', content: 'Be brief' },
    { role: 'user', name: 'Ann', content: 'Hi' },
    { role: 'assistant', content: 'Ja', reasoning_content: 'Hm' },
    { role: 'tool', name: 'clock', tool_call_id: 'callAtNo1', content: '12' },
  ]);
  assert.deepEqual(kept('litellm_proxy'), said);
});

test('a conversation that every provider understands keeps its bytes', () => {
  const plain = { model: 'm', messages, tools: [{ type: 'function', function: { name: 'f', strict: true } }] };
  assert.deepEqual(Object.keys(wireOf({ provider: 'groq' }).edits(plain, callOf({ provider: 'groq' }))), []);
});

test('xAI is not told of strict tools, and its reasoning models of penalties', () => {
  const tools = [{ type: 'function', function: { name: 'f', strict: true } }];
  assert.deepEqual(sent({ model: 'm', messages, tools }, { provider: 'xai' }).body.tools, [
    { type: 'function', function: { name: 'f' } },
  ]);
  refuses({ model: 'm', messages, stop: 'x' }, { provider: 'xai', model: 'grok-4' }, 'stop');
  assert.equal(sent({ model: 'm', messages, stop: 'x' }, { provider: 'xai', model: 'grok-3' }).body.stop, 'x');
});

test('models are called as their provider calls them', () => {
  const name = (provider: string, model: string) => sent({ model: 'alias', messages }, { provider, model }).body.model;
  assert.equal(name('fireworks_ai', 'llama-v3p1-8b'), 'accounts/fireworks/models/llama-v3p1-8b');
  assert.equal(name('fireworks_ai', 'accounts/me/models/x'), 'accounts/me/models/x');
  assert.equal(name('huggingface', 'together/deepseek-ai/DeepSeek-R1'), 'deepseek-ai/DeepSeek-R1:together');
  assert.equal(name('huggingface', 'deepseek-ai/DeepSeek-R1'), 'deepseek-ai/DeepSeek-R1');
  assert.equal(name('openai', 'responses/gpt-5'), 'gpt-5');
});

test('the key goes as a bearer, the organization as a header, and no key as no header', () => {
  const headers = wireOf({}).headers(callOf({ parameters: { organization: 'org-1' } }));
  assert.equal(headers['openai-organization'], 'org-1');
  assert.ok(headers.authorization instanceof Secret && headers.authorization.equals(new Secret('Bearer sk-upstream')));
  const keyless = callOf({});
  const without = { ...keyless, upstream: { ...keyless.upstream, credential: {} } };
  assert.deepEqual(wireOf({}).headers(without), {});
});

test('vectors come in the encoding that was asked for, whatever the server made of it', () => {
  const wire = wireOf({ provider: 'lm_studio', operation: 'embedding' });
  const answer = (embedding: JsonValue) => ({ object: 'list', data: [{ object: 'embedding', index: 0, embedding }] });
  const first = (body: JsonObject, request: JsonObject) =>
    (wire.decode?.(body, callOf({}), request)?.data as { embedding: JsonValue }[] | undefined)?.[0]?.embedding;
  const numbers = [0.5, -2, 1024];
  const base64 = Buffer.from(new Float32Array(numbers).buffer).toString('base64');
  assert.equal(first(answer(numbers), { encoding_format: 'base64' }), base64);
  assert.deepEqual(first(answer(base64), {}), numbers);
  const right = answer(numbers);
  assert.equal(wire.decode?.(right, callOf({}), {}), right);
  assert.equal(
    sent({ model: 'm', input: 'x', encoding_format: 'base64' }, { provider: 'lm_studio', operation: 'embedding' }).body
      .encoding_format,
    undefined,
  );
});

test('vectors of another width than was asked for are refused', () => {
  const wire = wireOf({ operation: 'embedding' });
  const body = { data: [{ index: 0, embedding: [1, 2, 3] }] };
  assert.throws(
    () => wire.decode?.(body, callOf({}), { dimensions: 2 }),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'field_invalid' && thrown.field === 'dimensions',
  );
  assert.equal(wire.decode?.(body, callOf({}), { dimensions: 3 }), body);
});

test('rerankers are asked in their own words', () => {
  const request = { model: 'alias', query: 'q', documents: ['a', { text: 'b' }], top_n: 1, return_documents: true };
  const asked = (provider: string) => sent(request, { provider, operation: 'rerank' }).body;
  const common = { model: 'm', query: 'q', return_documents: true };
  assert.deepEqual(asked('jina_ai'), { ...common, top_n: 1, documents: ['a', { text: 'b' }] });
  assert.deepEqual(asked('hosted_vllm'), { ...common, top_n: 1, documents: ['a', 'b'] });
  assert.deepEqual(asked('voyage'), { ...common, top_k: 1, documents: ['a', 'b'] });
  assert.deepEqual(asked('tei'), { model: 'm', query: 'q', texts: ['a', 'b'], return_text: true });
  assert.deepEqual(asked('nvidia_nim'), { model: 'm', query: { text: 'q' }, passages: [{ text: 'a' }, { text: 'b' }] });
});

test("a bare list of Text Embeddings Inference becomes a ranking in Cohere's shape", () => {
  const request = { query: 'q', documents: ['a', 'b'] };
  const wire = wireOf({ provider: 'tei', operation: 'rerank' });
  const answer = wire.decode?.(
    [
      { index: 1, score: 0.9 },
      { index: 0, score: 0.1 },
    ],
    callOf({}),
    request,
  );
  assert.deepEqual(answer?.results, [
    { index: 1, relevance_score: 0.9 },
    { index: 0, relevance_score: 0.1 },
  ]);
});

test('an answer of 200 with an error inside is the failure it says', () => {
  const wire = wireOf({ provider: 'openrouter' });
  const fails = (body: JsonValue, code: string) =>
    assert.throws(
      () => wire.decode?.(body, callOf({}), {}),
      (thrown) => thrown instanceof GatewayError && thrown.code === code,
    );
  fails({ error: { code: 429, message: 'slow down' } }, 'upstream_busy');
  fails({ choices: [{ error: { code: 503, message: 'gone' } }] }, 'upstream_unavailable');
  fails({ object: 'error', message: 'bad', code: 400 }, 'upstream_bad_request');
  fails({ id: 'x' }, 'upstream_garbled');
  fails('text', 'upstream_garbled');
});

test('a whole answer is put right: role, calls, reasoning, end, usage', () => {
  const call = { function: { name: 'f', arguments: { a: 1 } } };
  const message = {
    content: [
      { type: 'thinking', thinking: 'Hm' },
      { type: 'text', text: 'Ja' },
    ],
    tool_calls: [call],
  };
  const body = {
    choices: [{ message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 9, reasoning_tokens: 4 },
  };
  assert.deepEqual(wireOf({ provider: 'mistral' }).decode?.(body, callOf({ provider: 'mistral' }), {}), {
    id: 'chatcmpl-2',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Ja',
          reasoning_content: 'Hm',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: {
      prompt_tokens: 3,
      completion_tokens: 6,
      total_tokens: 9,
      reasoning_tokens: 4,
      completion_tokens_details: { reasoning_tokens: 4 },
    },
  });
});

test('a provider is known by its name in capitals unless it says otherwise', () => {
  const made = openAiCompatible({ name: 'acme_ai', label: 'Acme', baseUrl: null });
  assert.deepEqual(made.keyVariables, ['ACME_AI_API_KEY']);
  assert.deepEqual(made.baseUrlVariables, ['ACME_AI_API_BASE']);
  assert.equal(made.keyRequired, false);
  assert.deepEqual(Object.keys(made.wires), ['chat']);
});
