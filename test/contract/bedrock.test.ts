// Bedrock: what we write to Converse and to InvokeModel, and what refusals mean. Shapes are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { Secret } from '../../src/kit/secret.ts';
import { bedrock } from '../../src/providers/bedrock.ts';
import type { Call, Upstream, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';

const sonnet = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const opus = 'anthropic.claude-opus-4-6-v1';
const llama = 'meta.llama3-2-1b-instruct-v1:0';
const nova = 'amazon.nova-lite-v1:0';
const mistralLarge = 'mistral.mistral-large-2402-v1:0';
const question = [{ role: 'user', content: 'hello' }];
const address = 'https://bedrock-runtime.us-east-1.amazonaws.com';

function at(model: string, differing: Partial<Call> = {}, place: Partial<Upstream> = {}): Call {
  const upstream = { model, baseUrl: address, credential: {}, parameters: {}, info: {}, ...place };
  return callFor(model, { ...differing, upstream });
}

function wire(operation: 'chat' | 'embedding' | 'rerank'): Wire {
  const found = bedrock.wires[operation];
  assert.ok(found);
  return found;
}

function encoded(body: JsonObject, call: Call = at(sonnet)): JsonObject {
  const { encode } = wire('chat');
  assert.ok(encode);
  return overTheWire(encode({ model: 'alias', messages: question, ...body }, call));
}

const said = (messages: JsonValue, call?: Call): JsonValue | undefined => encoded({ messages }, call).messages;

const refusal = (code: string, field?: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.deepEqual([thrown.code, thrown.field], [code, field]);
  return true;
};

const places: readonly (readonly [model: string, path: string])[] = [
  ['anthropic.claude-v2:1', '/model/anthropic.claude-v2%3A1/converse'],
  ['converse/us.amazon.nova-lite-v1:0', '/model/us.amazon.nova-lite-v1%3A0/converse'],
  ['invoke/mistral.mistral-large-2402-v1:0', '/model/mistral.mistral-large-2402-v1%3A0/converse'],
  ['eu-west-1/anthropic.claude-v2:1', '/model/anthropic.claude-v2%3A1/converse'],
  ['us-gov-west-1/1-month-commitment/cohere.command-text-v14', '/model/cohere.command-text-v14/converse'],
  [
    'converse/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x',
    '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x/converse',
  ],
  [
    'nova/arn:aws:bedrock:us-east-1:1:custom-model-deployment/a',
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Acustom-model-deployment%2Fa/converse',
  ],
];

for (const [model, path] of places) {
  test(`${model} is called by its id alone`, () => {
    const anywhere = { baseUrl: 'http://proxy.test' };
    assert.equal(wire('chat').path(at(model, {}, anywhere)), path);
    assert.equal(wire('chat').path(at(model, { stream: true }, anywhere)), `${path}-stream`);
  });
}

test('a model that is asked for in one region is not called in another', () => {
  const call = at(`eu-west-1/${nova}`);
  assert.throws(() => wire('chat').path(call), refusal('field_unsupported', 'model'));
  const baseUrl = 'https://bedrock-runtime.eu-west-1.amazonaws.com';
  assert.equal(wire('chat').path(at(`eu-west-1/${nova}`, {}, { baseUrl })), '/model/amazon.nova-lite-v1%3A0/converse');
});

const regions: readonly (readonly [model: string, place: Partial<Upstream>, region: string])[] = [
  [nova, {}, 'us-east-1'],
  [nova, { baseUrl: 'https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com' }, 'us-gov-west-1'],
  [nova, { baseUrl: 'https://vpce-1.bedrock-runtime.eu-central-1.vpce.amazonaws.com' }, 'eu-central-1'],
  [`ap-southeast-2/${nova}`, { baseUrl: 'http://proxy.test' }, 'ap-southeast-2'],
  ['arn:aws:bedrock:eu-west-3:1:inference-profile/x', { baseUrl: 'http://proxy.test' }, 'eu-west-3'],
  [
    nova,
    { baseUrl: 'http://proxy.test', parameters: { defaults: { aws_region_name: 'ca-central-1' } } },
    'ca-central-1',
  ],
  [nova, { parameters: { defaults: { aws_region_name: 'ca-central-1' } } }, 'us-east-1'],
];

const keys = { aws_access_key_id: new Secret('AKIDEXAMPLE'), aws_secret_access_key: new Secret('s') };
const outgoing = {
  method: 'POST',
  origin: address,
  path: '/model/x%3A0/converse',
  body: Buffer.from('{}'),
} as const;

async function signed(call: Call): Promise<Record<string, string>> {
  const headers = { ...(await wire('chat').authorize?.(call, outgoing)) };
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    value instanceof Secret ? value.reveal() : value,
  ]);
  return Object.fromEntries(shown);
}

for (const [model, place, region] of regions) {
  test(`${model} at ${place.baseUrl ?? 'its region'} is signed for ${region}`, async () => {
    const { authorization = '' } = await signed(at(model, {}, { credential: keys, ...place }));
    assert.ok(authorization.includes(`Credential=AKIDEXAMPLE/20231114/${region}/bedrock/aws4_request`), authorization);
    assert.match(authorization, /SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/);
  });
}

test('the content type that is signed is the one that is sent, and a session token goes along', async () => {
  const credential = { ...keys, aws_session_token: new Secret('borrowed') };
  const headers = await signed(at(nova, {}, { credential }));
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['x-amz-security-token'], 'borrowed');
  assert.equal(headers['x-amz-date'], '20231114T221320Z');
});

test('a region nobody named, and half a key pair, are said before anything is sent', async () => {
  const nowhere = at(nova, {}, { credential: keys, baseUrl: 'http://proxy.test' });
  await assert.rejects(signed(nowhere), refusal('upstream_unauthorized'));
  const half = at(nova, {}, { credential: { aws_access_key_id: new Secret('A') } });
  await assert.rejects(signed(half), /only good together/);
});

test('a key of Bedrock’s own is a bearer, and nothing is signed beside it', async () => {
  const call = at(nova, {}, { credential: { ...keys, api_key: new Secret('bedrock-key') } });
  assert.deepEqual(await signed(call), {});
  const { authorization } = wire('chat').headers(call);
  assert.equal(authorization instanceof Secret ? authorization.reveal() : authorization, 'Bearer bedrock-key');
});

test('a conversation goes in Converse’s words, its own fields as they came, others to the model', () => {
  const body = encoded({
    messages: [{ role: 'developer', content: 'be brief' }, ...question],
    ...{ max_completion_tokens: 9, temperature: 0.5, top_p: 0.9, top_k: 3, stop: 'END', stream: true, n: 1 },
    ...{ guardrailConfig: { guardrailIdentifier: 'g' }, performanceConfig: { latency: 'optimized' }, a_later_field: 1 },
    ...{ service_tier: 'flex', aws_region_name: 'eu-west-1' },
  });
  assert.deepEqual(body, {
    messages: [{ role: 'user', content: [{ text: 'hello' }] }],
    system: [{ text: 'be brief' }],
    inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    guardrailConfig: { guardrailIdentifier: 'g' },
    performanceConfig: { latency: 'optimized' },
    serviceTier: { type: 'flex' },
    additionalModelRequestFields: { a_later_field: 1, top_k: 3 },
    additionalModelResponseFieldPaths: ['/stop_sequence'],
  });
});

test('what only one family says otherwise is said its way', () => {
  assert.deepEqual(encoded({ top_k: 10 }, at(nova)).additionalModelRequestFields, { inferenceConfig: { topK: 10 } });
  assert.deepEqual(encoded({ top_p: 1, temperature: 1 }), {
    messages: [{ role: 'user', content: [{ text: 'hello' }] }],
  });
  assert.deepEqual(encoded({ top_p: 1 }, at(llama)).inferenceConfig, { topP: 1 });
  assert.equal(encoded({ stop: 'END' }, at(llama)).additionalModelResponseFieldPaths, undefined);
});

for (const field of ['n', 'seed', 'logprobs', 'presence_penalty', 'logit_bias']) {
  test(`${field} is refused by name, or dropped and told`, () => {
    const value = field === 'logit_bias' ? { a: 1 } : field === 'logprobs' ? true : 2;
    assert.throws(() => encoded({ [field]: value }), refusal('field_unsupported', field));
    const call = at(sonnet, { dropParameters: true });
    assert.deepEqual(encoded({ [field]: value }, call), encoded({}));
    assert.deepEqual(call.dropped, [field]);
  });
}

test('messages of one side are joined, blank texts left out, and the user speaks first', () => {
  const turns = [
    { role: 'assistant', content: 'hi' },
    { role: 'user', content: 'a' },
    {
      role: 'user',
      content: [
        { type: 'text', text: ' ' },
        { type: 'text', text: 'b' },
      ],
    },
    { role: 'assistant', content: 'the answer is \n' },
  ];
  assert.deepEqual(said(turns), [
    { role: 'user', content: [{ text: '.' }] },
    { role: 'assistant', content: [{ text: 'hi' }] },
    { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
    { role: 'assistant', content: [{ text: 'the answer is' }] },
  ]);
});

test('pictures, documents, films and sound are bytes or addresses in S3', () => {
  const url = (address: string) => ({ type: 'image_url', image_url: { url: address } });
  const file = (filename?: string) => ({
    type: 'file',
    file: { filename, file_data: 'data:application/pdf;base64,JVBE' },
  });
  const parts = [
    url('data:image/png;base64,iVBO'),
    url('s3://bucket/cat.jpg'),
    url('data:application/pdf;base64,JVBE'),
    file('Q3_report (final).pdf'),
    file('Q3_report (final).pdf'),
    { type: 'video_url', video_url: { url: 's3://bucket/film.mp4' } },
    { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
    { type: 'guarded_text', text: 'ask', qualifiers: ['query'] },
  ];
  const pdf = (name: string) => ({ document: { format: 'pdf', name, source: { bytes: 'JVBE' } } });
  assert.deepEqual(said([{ role: 'user', content: parts }]), [
    {
      role: 'user',
      content: [
        { image: { format: 'png', source: { bytes: 'iVBO' } } },
        { image: { format: 'jpeg', source: { s3Location: { uri: 's3://bucket/cat.jpg' } } } },
        pdf('document'),
        pdf('Q3 report (final) pdf'),
        pdf('Q3 report (final) pdf 2'),
        { video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket/film.mp4' } } } },
        { audio: { format: 'wav', source: { bytes: 'UklG' } } },
        { guardContent: { text: { text: 'ask', qualifiers: ['query'] } } },
      ],
    },
  ]);
});

test('a document does not stand without words, which Bedrock refuses', () => {
  const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } };
  const document = { document: { format: 'pdf', name: 'a pdf', source: { bytes: 'JVBE' } } };
  const contentOf = (...messages: JsonObject[]): JsonValue[] =>
    listOf(said(messages)).map((turn) => (isObject(turn) ? (turn.content ?? null) : null));
  assert.deepEqual(contentOf({ role: 'user', content: [file] }), [[{ text: '.' }, document]]);
  assert.deepEqual(contentOf({ role: 'user', content: [file] }, ...question), [[document, { text: 'hello' }]]);
  const cached = { ...file, cache_control: { type: 'ephemeral' } };
  assert.deepEqual(contentOf({ role: 'user', content: [cached] }), [
    [{ text: '.' }, document, { cachePoint: { type: 'default' } }],
  ]);
});

test('a picture on the web is refused by its place: nobody here fetches it', () => {
  const content = [{ type: 'image_url', image_url: { url: 'https://example.test/cat.png' } }];
  const place = 'messages[0].content[0].image_url';
  assert.throws(() => said([{ role: 'user', content }]), refusal('field_unsupported', place));
});

const calls = [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }];
const specified = (name: string, more: JsonObject = {}): JsonObject => ({
  toolSpec: { name, description: 'd', inputSchema: { json: { type: 'object', properties: {} } }, ...more },
});
const tool = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: { name, description: 'd', parameters: { type: 'object', properties: {} }, ...more },
});

test('a tool loop: thinking as it was signed, calls with their input, all results in one turn', () => {
  const messages = [
    ...question,
    {
      role: 'assistant',
      content: null,
      thinking_blocks: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'blob' },
        { type: 'thinking', thinking: 'another provider’s' },
      ],
      tool_calls: [...calls, { ...calls[0], id: 'call 2', function: { name: 'weather', arguments: '' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '7 degrees' },
    { role: 'tool', tool_call_id: 'call 2', content: '' },
    { role: 'user', content: 'and?' },
  ];
  const body = encoded({ messages });
  const [, answered, results] = listOf(body.messages).filter(isObject);
  const [first, second] = listOf(answered?.content).filter(isObject).slice(2);
  assert.deepEqual(listOf(answered?.content).slice(0, 2), [
    { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
    { reasoningContent: { redactedContent: 'blob' } },
  ]);
  assert.deepEqual(first, { toolUse: { toolUseId: 'call_1', name: 'weather', input: { city: 'Oslo' } } });
  const rewritten = isObject(second?.toolUse) ? String(second.toolUse.toolUseId) : '';
  assert.match(rewritten, /^call_2_[0-9a-f]{8}$/);
  assert.deepEqual(results?.content, [
    { toolResult: { toolUseId: 'call_1', content: [{ text: '7 degrees' }] } },
    { toolResult: { toolUseId: rewritten, content: [{ text: '(empty)' }] } },
    { text: 'and?' },
  ]);
  const any = { json: { type: 'object', properties: {} } };
  assert.deepEqual(body.toolConfig, { tools: [{ toolSpec: { name: 'weather', inputSchema: any } }] });
});

test('names that Bedrock does not take are rewritten, and put back in the answer', () => {
  const call = at(sonnet);
  const name = 'mcp.server/read file';
  const body = encoded({ tools: [tool(name)], tool_choice: { type: 'function', function: { name } } }, call);
  const [sent] = isObject(body.toolConfig) ? listOf(body.toolConfig.tools).filter(isObject) : [];
  const sentName = isObject(sent?.toolSpec) ? String(sent.toolSpec.name) : '';
  assert.match(sentName, /^mcp_server_read_file_[0-9a-f]{8}$/);
  assert.deepEqual(isObject(body.toolConfig) ? body.toolConfig.toolChoice : null, { tool: { name: sentName } });
  const content = [{ toolUse: { toolUseId: 't', name: sentName, input: {} } }];
  const answer = wire('chat').decode?.({ output: { message: { content } }, stopReason: 'tool_use' }, call, {});
  assert.ok(JSON.stringify(answer).includes(`"name":"${name}"`));
  const long = 'a'.repeat(65);
  assert.equal(JSON.stringify(encoded({ tools: [tool(long)] }, call)).includes(long), false);
});

const choices: readonly (readonly [choice: JsonValue, sent: JsonValue | undefined])[] = [
  ['auto', undefined],
  ['required', { any: {} }],
  [{ type: 'function', function: { name: 'clock' } }, { tool: { name: 'clock' } }],
];

for (const [choice, sent] of choices) {
  test(`tool_choice ${JSON.stringify(choice)} is ${JSON.stringify(sent)}`, () => {
    const body = encoded({ tools: [tool('weather'), tool('clock')], tool_choice: choice });
    const chosen = sent === undefined ? {} : { toolChoice: sent };
    assert.deepEqual(body.toolConfig, { tools: [specified('weather'), specified('clock')], ...chosen });
  });
}

const chosenOf = ({ toolConfig }: JsonObject): JsonValue | undefined =>
  isObject(toolConfig) ? toolConfig.toolChoice : undefined;

test('a choice goes to models that take it: one tool to Claude and Nova, any to most, none to Llama', () => {
  const clock = { type: 'function', function: { name: 'clock' } };
  const asked = (model: string, choice: JsonValue, ...names: string[]): JsonValue | undefined =>
    chosenOf(encoded({ tools: names.map((name) => tool(name)), tool_choice: choice }, at(model)));
  assert.deepEqual(asked(nova, clock, 'weather', 'clock'), { tool: { name: 'clock' } });
  assert.deepEqual(asked(mistralLarge, 'required', 'weather', 'clock'), { any: {} });
  assert.deepEqual(asked(mistralLarge, clock, 'clock'), { any: {} });
  assert.throws(() => asked(mistralLarge, clock, 'weather', 'clock'), refusal('field_unsupported', 'tool_choice'));
  assert.equal(asked(llama, 'auto', 'clock'), undefined);
  for (const choice of ['required', clock]) {
    assert.throws(() => asked(llama, choice, 'clock'), refusal('field_unsupported', 'tool_choice'));
  }
});

test('a JSON answer is forced as far as the model can be, and never by what it refuses', () => {
  const forced = (model: string, more: JsonObject = {}): JsonValue | undefined =>
    chosenOf(encoded({ response_format: { type: 'json_object' }, ...more }, at(model)));
  assert.deepEqual(forced(nova), { tool: { name: 'json_tool_call' } });
  assert.deepEqual(forced(mistralLarge), { any: {} });
  assert.equal(forced(llama), undefined);
  assert.equal(forced(llama, { tools: [tool('clock')] }), undefined);
});

test('tools that are forbidden stay away; once some were used that cannot be said', () => {
  assert.equal(encoded({ tools: [tool('weather')], tool_choice: 'none' }).toolConfig, undefined);
  const messages = [
    ...question,
    { role: 'assistant', tool_calls: calls },
    { role: 'tool', tool_call_id: 'call_1', content: '7' },
  ];
  const body = { messages, tools: [tool('weather')], tool_choice: 'none' };
  assert.throws(() => encoded(body), refusal('field_unsupported', 'tool_choice'));
  const call = at(sonnet, { dropParameters: true });
  assert.deepEqual(encoded(body, call).toolConfig, { tools: [specified('weather')] });
  assert.deepEqual(call.dropped, ['tool_choice']);
});

test('one call at a time is said to models that know it, and refused for others', () => {
  const body = { tools: [tool('weather')], tool_choice: 'required', parallel_tool_calls: false };
  const { toolConfig, additionalModelRequestFields } = encoded(body);
  assert.deepEqual(toolConfig, { tools: [specified('weather')] });
  assert.deepEqual(additionalModelRequestFields, { tool_choice: { type: 'any', disable_parallel_tool_use: true } });
  assert.throws(() => encoded(body, at(nova)), refusal('field_unsupported', 'parallel_tool_calls'));
});

test('Anthropic’s own tools go to Claude beside Converse’s, and to nobody else', () => {
  const computer = { type: 'computer_20250124', name: 'computer' };
  const body = encoded({ tools: [tool('weather'), computer] });
  assert.deepEqual(body.toolConfig, { tools: [specified('weather')] });
  assert.deepEqual(body.additionalModelRequestFields, { tools: [computer] });
  assert.throws(() => encoded({ tools: [computer] }, at(nova)), refusal('field_unsupported', 'tools[0]'));
});

const schema = { type: 'object', properties: { a: { type: 'string' } } };
const format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } };

test('a JSON answer is asked for by a forced tool, and natively where a schema is strict and known', () => {
  const forced = encoded({ response_format: format }).toolConfig;
  assert.ok(isObject(forced));
  assert.deepEqual(forced.toolChoice, { tool: { name: 'json_tool_call' } });
  const free = encoded({ response_format: { type: 'json_object' }, tools: [tool('weather')] }).toolConfig;
  assert.deepEqual(isObject(free) ? free.toolChoice : null, { any: {} });
  const body = encoded({ response_format: format }, at(opus));
  const structure = { jsonSchema: { schema: JSON.stringify(schema), name: 'x' } };
  assert.deepEqual(
    [body.toolConfig, body.outputConfig],
    [undefined, { textFormat: { type: 'json_schema', structure } }],
  );
});

test('strict tools are strict where the model promises it, and noted elsewhere', () => {
  assert.deepEqual(encoded({ tools: [tool('w', { strict: true })] }, at(opus)).toolConfig, {
    tools: [specified('w', { strict: true })],
  });
  const call = at(sonnet);
  assert.deepEqual(encoded({ tools: [tool('w', { strict: true })] }, call).toolConfig, { tools: [specified('w')] });
  assert.deepEqual(call.dropped, ['tools[0].function.strict']);
});

const efforts: readonly (readonly [model: string, effort: string, fields: JsonValue | undefined])[] = [
  [sonnet, 'medium', { thinking: { type: 'enabled', budget_tokens: 2048 } }],
  [sonnet, 'none', undefined],
  [opus, 'high', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
  ['us.amazon.nova-2-lite-v1:0', 'minimal', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }],
  ['openai.gpt-oss-120b-1:0', 'max', { reasoning_effort: 'high' }],
];

for (const [model, effort, fields] of efforts) {
  test(`reasoning_effort ${effort} is ${JSON.stringify(fields)} for ${model}`, () => {
    assert.deepEqual(encoded({ reasoning_effort: effort }, at(model)).additionalModelRequestFields, fields);
  });
}

test('thinking clashes as Claude says: no sampling beside it, no forced tool, none in a loop that began without', () => {
  const effort = { reasoning_effort: 'low' };
  assert.throws(() => encoded({ ...effort, temperature: 0 }), refusal('field_unsupported', 'temperature'));
  const forced = { ...effort, tools: [tool('w')], tool_choice: 'required' };
  assert.throws(() => encoded(forced), refusal('field_unsupported', 'reasoning_effort'));
  assert.throws(() => encoded(effort, at(llama)), refusal('field_unsupported', 'reasoning_effort'));
  const messages = [
    ...question,
    { role: 'assistant', tool_calls: calls },
    { role: 'tool', tool_call_id: 'call_1', content: '7' },
  ];
  const call = at(sonnet);
  assert.equal(encoded({ ...effort, messages }, call).additionalModelRequestFields, undefined);
  assert.deepEqual(call.dropped, ['reasoning_effort']);
});

const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } };
const mark = { cache_control: { type: 'ephemeral' } };
const marked = {
  messages: [
    { role: 'system', content: [{ type: 'text', text: 's', ...hour }] },
    { role: 'user', content: [{ type: 'text', text: 'u', ...mark }], ...mark },
  ],
  tools: [{ ...tool('w'), ...mark }],
};

test('cache marks are cache points where the model caches, an hour where it can', () => {
  const point = { cachePoint: { type: 'default' } };
  const body = encoded(marked);
  assert.deepEqual(body.system, [{ text: 's' }, { cachePoint: { type: 'default', ttl: '1h' } }]);
  assert.deepEqual(body.messages, [{ role: 'user', content: [{ text: 'u' }, point] }]);
  assert.deepEqual(body.toolConfig, { tools: [specified('w'), point] });
  const call = at(nova);
  const less = encoded(marked, call);
  assert.deepEqual([less.system, less.toolConfig], [[{ text: 's' }, point], { tools: [specified('w')] }]);
  assert.deepEqual(call.dropped, ['cache_control']);
});

test('where a model caches nothing, marks are left out and told once', () => {
  const call = at(llama);
  assert.equal(JSON.stringify(encoded(marked, call)).includes('cachePoint'), false);
  assert.deepEqual(call.dropped, ['cache_control']);
});

test('betas that Bedrock knows go along; others are left out and told', () => {
  const clientHeaders = { 'anthropic-beta': 'interleaved-thinking-2025-05-14, claude-code-20250219' };
  const call = at(sonnet, { clientHeaders });
  assert.deepEqual(encoded({ anthropic_beta: ['mine'] }, call).additionalModelRequestFields, {
    anthropic_beta: ['mine', 'interleaved-thinking-2025-05-14'],
  });
  assert.deepEqual(call.dropped, ['anthropic-beta: claude-code-20250219']);
});

const refusals: readonly (readonly [status: number, type: string, body: string, code: string])[] = [
  [400, 'ValidationException', '{"message":"Malformed input request"}', 'upstream_bad_request'],
  [400, 'ValidationException', '{"message":"Input is too long for requested model."}', 'upstream_context_window'],
  [403, 'AccessDeniedException', '{"message":"You don\'t have access"}', 'upstream_forbidden'],
  [403, 'UnrecognizedClientException', '{"message":"The security token is invalid."}', 'upstream_unauthorized'],
  [403, 'ExpiredTokenException:http://internal.amazon.com/', '{"Message":"expired"}', 'upstream_unauthorized'],
  [404, 'ResourceNotFoundException', '{"message":"no such model"}', 'upstream_not_found'],
  [424, 'ModelErrorException', '{"message":"the model failed"}', 'upstream_failed'],
  [429, 'ThrottlingException', '{"message":"Too many requests"}', 'upstream_busy'],
  [400, 'ServiceQuotaExceededException', '{"message":"quota"}', 'upstream_busy'],
  [503, 'ServiceUnavailableException', '<html>', 'upstream_unavailable'],
];

for (const [status, type, body, code] of refusals) {
  test(`${status} ${type} ${body} is ${code}`, () => {
    const failure = wire('chat').failure(status, { 'x-amzn-errortype': type }, body);
    assert.equal(failure.code, code);
    assert.ok(failure.message.includes('BedrockException'), failure.message);
  });
}

test('the sentence of a refusal is told, however it is spelled', () => {
  const failure = wire('chat').failure(403, {}, '{"Message":"Missing Authentication Token"}');
  assert.ok(failure.message.endsWith('BedrockException - Missing Authentication Token'), failure.message);
});

function embedded(body: JsonObject, call: Call): JsonObject {
  return overTheWire(wire('embedding').encode?.({ model: 'alias', ...body }, call) ?? {});
}

test('Titan embeds one text, Cohere many, others none', () => {
  const titan = at('amazon.titan-embed-text-v2:0');
  assert.equal(wire('embedding').path(titan), '/model/amazon.titan-embed-text-v2%3A0/invoke');
  assert.deepEqual(embedded({ input: ['sun'], dimensions: 256, normalize: true }, titan), {
    inputText: 'sun',
    dimensions: 256,
    normalize: true,
  });
  assert.throws(() => embedded({ input: ['a', 'b'] }, titan), refusal('field_unsupported', 'input'));
  const image = at('amazon.titan-embed-image-v1');
  assert.deepEqual(embedded({ input: 'sun', dimensions: 384 }, image), {
    inputText: 'sun',
    embeddingConfig: { outputEmbeddingLength: 384 },
  });
  const cohere = at('cohere.embed-multilingual-v3');
  const texts = { texts: ['a', 'b'], input_type: 'search_query', truncate: 'END' };
  assert.deepEqual(embedded({ input: ['a', 'b'], input_type: 'search_query', truncate: 'END' }, cohere), texts);
  assert.throws(() => embedded({ input: 'a' }, at(nova)), refusal('operation_unsupported', 'model'));
});

test('vectors come home as OpenAI’s list', () => {
  const decode = (body: JsonObject, input: JsonValue) => wire('embedding').decode?.(body, at('m'), { input });
  const titan = { embedding: [0.5, 0.25], inputTextTokenCount: 3 };
  const row = (index: number, embedding: JsonValue) => ({ object: 'embedding', index, embedding });
  assert.deepEqual(decode(titan, 'sun'), {
    object: 'list',
    data: [row(0, [0.5, 0.25])],
    model: 'm',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  assert.equal(wire('embedding').usage(titan)?.input, 3);
  assert.deepEqual(decode({ embeddings: [[1], [2]] }, ['a', 'b'])?.data, [row(0, [1]), row(1, [2])]);
  assert.deepEqual(decode({ embeddings: { float: [[1]] } }, 'a')?.data, [row(0, [1])]);
  assert.equal(wire('embedding').usage({ embeddings: [[1]] }), null);
  assert.throws(() => decode({}, 'a'), refusal('upstream_garbled'));
});

const ranking = { query: 'q', documents: ['a', { text: 'b' }], top_n: 1 };

test('ranks are asked of the model at the runtime, and of the Rerank API at the agents’ runtime', () => {
  const call = at('cohere.rerank-v3-5:0');
  const encode = (one: Call) => overTheWire(wire('rerank').encode?.({ model: 'alias', ...ranking }, one) ?? {});
  assert.equal(wire('rerank').path(call), '/model/cohere.rerank-v3-5%3A0/invoke');
  assert.deepEqual(encode(call), { query: 'q', documents: ['a', 'b'], top_n: 1, api_version: 2 });
  const agents = at('amazon.rerank-v1:0', {}, { baseUrl: 'https://bedrock-agent-runtime.us-west-2.amazonaws.com' });
  assert.equal(wire('rerank').path(agents), '/rerank');
  const source = (text: string) => ({
    type: 'INLINE',
    inlineDocumentSource: { type: 'TEXT', textDocument: { text } },
  });
  assert.deepEqual(encode(agents), {
    queries: [{ type: 'TEXT', textQuery: { text: 'q' } }],
    sources: [source('a'), source('b')],
    rerankingConfiguration: {
      type: 'BEDROCK_RERANKING_MODEL',
      bedrockRerankingConfiguration: {
        modelConfiguration: { modelArn: 'arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0' },
        numberOfResults: 1,
      },
    },
  });
});

test('rerank requests without a query are refused by name', () => {
  const call = at('cohere.rerank-v3-5:0');
  assert.throws(() => wire('rerank').encode?.({ documents: ['a'] }, call), refusal('field_missing', 'query'));
  assert.throws(() => wire('rerank').encode?.({ query: 1, documents: ['a'] }, call), refusal('field_invalid', 'query'));
});
