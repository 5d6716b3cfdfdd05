// Google: what we write to generateContent at AI Studio and Vertex AI, and to the embeddings of both. Shapes are those of
// https://ai.google.dev/api/generate-content
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { Secret } from '../../src/kit/secret.ts';
import { gemini } from '../../src/providers/gemini.ts';
import { googleSchema } from '../../src/providers/google/schema.ts';
import type { Call, Upstream, Wire } from '../../src/providers/provider.ts';
import { vertexAi } from '../../src/providers/vertex-ai.ts';
import { callFor, overTheWire } from './calls.ts';

const flash = 'gemini-2.5-flash';
const question = [{ role: 'user', content: 'hello' }];

function at(model: string, place: Partial<Upstream> = {}, differing: Partial<Call> = {}): Call {
  const upstream = { model, baseUrl: 'http://google.test/v1', credential: {}, parameters: {}, info: {}, ...place };
  return callFor(model, { ...differing, upstream });
}

function wire(provider: typeof gemini, operation: 'chat' | 'embedding'): Wire {
  const found = provider.wires[operation];
  assert.ok(found);
  return found;
}

function encoded(body: JsonObject, call: Call = at(flash)): JsonObject {
  const { encode } = wire(gemini, 'chat');
  assert.ok(encode);
  return overTheWire(encode({ model: 'alias', messages: question, ...body }, call));
}

function contentsOf(messages: JsonValue, call?: Call): JsonValue | undefined {
  return encoded({ messages }, call).contents;
}

const generation = (body: JsonObject, model = flash): JsonValue | undefined =>
  encoded(body, at(model)).generationConfig;

const refusal = (code: string, field?: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.deepEqual([thrown.code, thrown.field], [code, field]);
  return true;
};

const projects = { parameters: { defaults: { vertex_project: 'my-project', vertex_location: 'europe-west4' } } };
const inProject = '/v1/projects/my-project/locations';

const vertexPaths: readonly (readonly [model: string, baseUrl: string, path: string])[] = [
  [flash, 'http://proxy.test', `${inProject}/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent`],
  [
    flash,
    'https://aiplatform.googleapis.com',
    `${inProject}/global/publishers/google/models/gemini-2.5-flash:generateContent`,
  ],
  [
    flash,
    'https://aiplatform.eu.rep.googleapis.com',
    `${inProject}/eu/publishers/google/models/gemini-2.5-flash:generateContent`,
  ],
  [
    flash,
    'https://us-east5-aiplatform.googleapis.com',
    `${inProject}/us-east5/publishers/google/models/gemini-2.5-flash:generateContent`,
  ],
  [
    '1234567890',
    'https://us-east5-aiplatform.googleapis.com',
    `${inProject}/us-east5/endpoints/1234567890:generateContent`,
  ],
  [
    'claude-sonnet-4-5@20250929',
    'http://proxy.test',
    `${inProject}/europe-west4/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict`,
  ],
];

for (const [model, baseUrl, path] of vertexPaths) {
  test(`${model} at ${baseUrl} is called where it lives`, () => {
    assert.equal(wire(vertexAi, 'chat').path(at(model, { baseUrl, ...projects })), path);
  });
}

test('each location has its address', () => {
  const address = vertexAi.regional?.addressIn ?? String;
  assert.deepEqual(['global', 'eu', 'us-central1'].map(address), [
    'https://aiplatform.googleapis.com',
    'https://aiplatform.eu.rep.googleapis.com',
    'https://us-central1-aiplatform.googleapis.com',
  ]);
});

test('a project must be known, unless an API key knows it', () => {
  const baseUrl = 'https://aiplatform.googleapis.com';
  assert.throws(() => wire(vertexAi, 'chat').path(at(flash, { baseUrl })), refusal('upstream_unauthorized'));
  const call = at(flash, { baseUrl, credential: { api_key: new Secret('k') } });
  assert.equal(wire(vertexAi, 'chat').path(call), '/v1/publishers/google/models/gemini-2.5-flash:generateContent');
  assert.deepEqual(Object.keys(wire(vertexAi, 'chat').headers(call)), ['x-goog-api-key']);
});

test('a credential that cannot be used is refused by what is wrong with it', async () => {
  const { authorize } = wire(vertexAi, 'chat');
  assert.ok(authorize);
  const call = at(flash, { credential: { vertex_credentials: new Secret('{"type":"other"}') } });
  const outgoing = { method: 'POST', origin: 'http://x', path: '/', body: Buffer.from('') } as const;
  await assert.rejects(authorize(call, outgoing), refusal('upstream_unauthorized'));
  const keyed = at(flash, { credential: { api_key: new Secret('k') } });
  assert.deepEqual(await authorize(keyed, outgoing), {});
});

test('a stream is asked for by its own method, and a bare host has a version', () => {
  const { path } = wire(gemini, 'chat');
  assert.equal(path(at(flash, {}, { stream: true })), '/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
  assert.equal(path(at('tunedModels/a-1', { baseUrl: 'https://x.test' })), '/v1beta/tunedModels/a-1:generateContent');
});

test('a conversation becomes contents: system apart, sides joined, media by kind', () => {
  const messages = [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: 'a' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'b' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'image_url', image_url: 'https://x.test/cat.webp?s=1' },
        { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
        { type: 'file', file: { file_id: 'gs://bucket/report.pdf' } },
        { type: 'file', file: { filename: 'a.csv', file_data: 'data:text/csv;base64,CCCC' } },
      ],
    },
    { role: 'assistant', content: 'c' },
    { role: 'user', content: 'd' },
  ];
  const body = encoded({ messages });
  assert.deepEqual(body.systemInstruction, { parts: [{ text: 'be kind' }] });
  assert.deepEqual(body.contents, [
    {
      role: 'user',
      parts: [
        { text: 'a' },
        { text: 'b' },
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        { fileData: { mimeType: 'image/webp', fileUri: 'https://x.test/cat.webp?s=1' } },
        { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } },
        { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket/report.pdf' } },
        { inlineData: { mimeType: 'text/csv', data: 'CCCC' } },
      ],
    },
    { role: 'model', parts: [{ text: 'c' }] },
    { role: 'user', parts: [{ text: 'd' }] },
  ]);
});

test('how closely to look is said part by part to Gemini 3; others do not know it there', () => {
  const looked = (model: string, detail: string): [JsonValue, string[]] => {
    const call = at(model);
    const image_url = { url: 'data:image/png;base64,AAAA', detail };
    const [turn] = listOf(contentsOf([{ role: 'user', content: [{ type: 'image_url', image_url }] }], call));
    return [isObject(turn) ? (listOf(turn.parts)[0] ?? null) : null, call.dropped];
  };
  const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
  const closely = { ...picture, mediaResolution: { level: 'MEDIA_RESOLUTION_HIGH' } };
  assert.deepEqual(looked('gemini-3-pro-preview', 'high'), [closely, []]);
  assert.deepEqual(looked('gemini-3-pro-preview', 'auto'), [picture, []]);
  assert.deepEqual(looked(flash, 'high'), [picture, ['image_url.detail']]);
  assert.deepEqual(looked(flash, 'auto'), [picture, []]);
});

const called = (id: string, name: string, args: string): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

test('results stand in the order of their calls, named as they were called', () => {
  const messages = [
    ...question,
    { role: 'assistant', content: null, tool_calls: [called('1', 'f', '{"a":1}'), called('google-x', 'g.h i', '')] },
    { role: 'tool', tool_call_id: 'google-x', content: '{"ok":true}' },
    { role: 'tool', tool_call_id: '1', content: 'fine' },
  ];
  const [, calls, results] = listOf(contentsOf(messages));
  const name = /^g_h_i_[0-9a-f]{8}$/;
  assert.ok(isObject(calls) && isObject(results));
  const text = JSON.stringify([calls.parts, results.parts]).replace(/g_h_i_[0-9a-f]{8}/g, (found) => {
    assert.match(found, name);
    return 'ghi';
  });
  assert.deepEqual(JSON.parse(text), [
    [{ functionCall: { name: 'f', args: { a: 1 } } }, { functionCall: { id: 'x', name: 'ghi', args: {} } }],
    [
      { functionResponse: { name: 'f', response: { result: 'fine' } } },
      { functionResponse: { id: 'x', name: 'ghi', response: { ok: true } } },
    ],
  ]);
});

test('a result that holds references goes as text: Gemini 3 would look for what they name', () => {
  const sent = (content: string): JsonValue | undefined => {
    const asked = { role: 'assistant', tool_calls: [called('1', 'f', '{}')] };
    const [, , turn] = listOf(contentsOf([...question, asked, { role: 'tool', tool_call_id: '1', content }]));
    const [part] = isObject(turn) ? listOf(turn.parts).filter(isObject) : [];
    return isObject(part?.functionResponse) ? part.functionResponse.response : undefined;
  };
  const schema = '{"a":[{"$ref":"#/$defs/x"}]}';
  assert.deepEqual(sent(schema), { result: schema });
  assert.deepEqual(sent('{"$refs":1,"text":"$ref"}'), { $refs: 1, text: '$ref' });
});

test('a call made by another model is sent to Gemini 3 with the word that stands for a signature, to others without', () => {
  const messages = [
    ...question,
    { role: 'assistant', tool_calls: [called('1', 'f', '{}'), called('2', 'f', '{}')] },
    { role: 'tool', tool_call_id: '1', content: 'fine' },
    { role: 'tool', tool_call_id: '2', content: 'fine' },
  ];
  const signatures = (model: string): JsonValue[] => {
    const [, turn] = listOf(contentsOf(messages, at(model)));
    const parts = isObject(turn) ? listOf(turn.parts).filter(isObject) : [];
    return parts.map(({ thoughtSignature }) => thoughtSignature ?? null);
  };
  assert.deepEqual(signatures('gemini-3-pro-preview'), ['skip_thought_signature_validator', null]);
  assert.deepEqual(signatures('gemini-flash-latest'), ['skip_thought_signature_validator', null]);
  assert.deepEqual(signatures(flash), [null, null]);
});

const besides: readonly (readonly [what: string, call: JsonObject])[] = [
  ['LiteLLM', { ...called('1', 'f', '{}'), provider_specific_fields: { thought_signature: 'AB+/=' } }],
  ['Google', { ...called('1', 'f', '{}'), extra_content: { google: { thought_signature: 'AB+/=' } } }],
  ['LiteLLM’s ids', called('call_1__thought__AB+/=', 'f', '{}')],
];

for (const [what, call] of besides) {
  test(`a signature where ${what} keeps it is taken`, () => {
    const [, turn] = listOf(contentsOf([...question, { role: 'assistant', tool_calls: [call] }]));
    const [part] = isObject(turn) ? listOf(turn.parts) : [];
    assert.ok(isObject(part));
    assert.match(String(part.thoughtSignature), /^AB\+\/=+$/);
  });
}

test('thinking that another maker signed stays here', () => {
  const thinking = [{ type: 'thinking', thinking: 'hm', signature: 'ErUBCkYIBBgC' }];
  const messages = [...question, { role: 'assistant', content: 'a', thinking_blocks: thinking }];
  assert.deepEqual(listOf(contentsOf(messages))[1], { role: 'model', parts: [{ text: 'a' }] });
});

const efforts: readonly (readonly [model: string, asked: JsonObject, wanted: JsonObject])[] = [
  [flash, { reasoning_effort: 'none' }, { includeThoughts: false, thinkingBudget: 0 }],
  [flash, { reasoning_effort: 'low' }, { includeThoughts: true, thinkingBudget: 1024 }],
  ['gemini-2.5-pro', { reasoning_effort: 'none' }, { includeThoughts: false, thinkingBudget: 128 }],
  ['gemini-2.5-flash-lite', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingBudget: 512 }],
  ['gemini-3-pro-preview', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'low' }],
  ['gemini-3-pro-preview', { reasoning_effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'high' }],
  ['gemini-3.1-pro-preview', { reasoning_effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'medium' }],
  ['gemini-3-flash-preview', { reasoning_effort: 'none' }, { includeThoughts: false, thinkingLevel: 'minimal' }],
  ['gemini-3.5-flash', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'minimal' }],
  ['gemini-3.7-flash', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'low' }],
  ['gemini-flash-latest', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'low' }],
  ['gemini-3.7-flash', { reasoning_effort: 'none' }, { includeThoughts: false, thinkingLevel: 'low' }],
  [flash, { thinking: { type: 'enabled', budget_tokens: 2000 } }, { includeThoughts: true, thinkingBudget: 2000 }],
];

for (const [model, asked, thinkingConfig] of efforts) {
  test(`${model} is told ${JSON.stringify(asked)} in its words`, () => {
    assert.deepEqual(generation(asked, model), { thinkingConfig });
  });
}

test('a model that does not think refuses to be told how much', () => {
  assert.throws(
    () => generation({ reasoning_effort: 'low' }, 'gemini-2.0-flash'),
    refusal('field_unsupported', 'reasoning_effort'),
  );
  assert.throws(() => generation({ reasoning_effort: 'much' }), refusal('field_invalid', 'reasoning_effort'));
});

test('parameters are renamed, hints noted, and fields of Google’s own go on', () => {
  const call = at(flash, projects);
  const body = encoded(
    {
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 7,
      n: 1,
      seed: 3,
      stop: 'x',
      logprobs: true,
      top_logprobs: 2,
      user: 'me',
      safety_settings: [{ category: 'a' }],
      labels: { team: 'b' },
      generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
    },
    call,
  );
  assert.deepEqual(body, {
    contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
    generationConfig: {
      temperature: 0.5,
      topP: 0.9,
      seed: 3,
      maxOutputTokens: 7,
      stopSequences: ['x'],
      responseLogprobs: true,
      logprobs: 2,
      mediaResolution: 'MEDIA_RESOLUTION_LOW',
    },
    safetySettings: [{ category: 'a' }],
    labels: { team: 'b' },
  });
  assert.deepEqual(call.dropped, ['user']);
});

test('what Google cannot do is refused by name, or left out and noted', () => {
  assert.throws(() => encoded({ logit_bias: { 1: 2 } }), refusal('field_unsupported', 'logit_bias'));
  const call = at(flash, {}, { dropParameters: true });
  assert.equal(encoded({ logit_bias: { 1: 2 } }, call).logit_bias, undefined);
  assert.deepEqual(call.dropped, ['logit_bias']);
});

const tool = (name: string, parameters?: JsonObject): JsonObject => ({
  type: 'function',
  function: { name, description: 'd', ...(parameters === undefined ? {} : { parameters }) },
});

const choices: readonly (readonly [choice: JsonValue, config: JsonObject])[] = [
  ['auto', { mode: 'AUTO' }],
  ['none', { mode: 'NONE' }],
  ['required', { mode: 'ANY' }],
  [
    { type: 'function', function: { name: 'f' } },
    { mode: 'ANY', allowedFunctionNames: ['f'] },
  ],
  [
    { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] } },
    { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
  ],
];

for (const [choice, functionCallingConfig] of choices) {
  test(`the choice ${JSON.stringify(choice)} is said in Google’s words`, () => {
    assert.deepEqual(encoded({ tools: [tool('f')], tool_choice: choice }).toolConfig, { functionCallingConfig });
  });
}

test('functions are declared together, without parameters when they take none; Google’s own tools pass', () => {
  const parameters = {
    type: 'object',
    properties: { a: { type: 'string' } },
    additionalProperties: false,
    $schema: 'x',
  };
  const tools = [tool('f', parameters), tool('g', { type: 'object', properties: {} }), { googleSearch: {} }];
  assert.deepEqual(encoded({ tools, web_search_options: {} }).tools, [
    {
      functionDeclarations: [
        { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: { type: 'string' } } } },
        { name: 'g', description: 'd' },
      ],
    },
    { googleSearch: {} },
    { googleSearch: {} },
  ]);
});

const schemas: (readonly [what: string, given: JsonObject, wanted: JsonObject])[] = [
  ['nullable types', { type: ['string', 'null'] }, { nullable: true, type: 'string' }],
  ['choices with null', { anyOf: [{ type: 'integer' }, { type: 'null' }] }, { type: 'integer', nullable: true }],
  ['several types', { type: ['string', 'number'] }, { anyOf: [{ type: 'string' }, { type: 'number' }] }],
  ['constants', { const: 'a' }, { type: 'string', enum: ['a'] }],
  ['numbers to choose from', { type: 'integer', enum: [1, 2] }, { type: 'integer', description: 'One of: 1, 2' }],
  ['formats', { type: 'string', format: 'email' }, { type: 'string' }],
  ['lists of anything', { type: 'array' }, { type: 'array', items: { type: 'object' } }],
  [
    'required fields that are not there',
    { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a', 'b'] },
    { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] },
  ],
  [
    'parts of a whole',
    { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { properties: { b: { type: 'string' } } }] },
    { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } } },
  ],
  [
    'references, and a schema within itself',
    {
      type: 'object',
      properties: { tree: { $ref: '#/$defs/tree' } },
      $defs: { tree: { type: 'object', properties: { below: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
    },
    {
      type: 'object',
      properties: {
        tree: { type: 'object', properties: { below: { type: 'array', items: { type: 'object' } } } },
      },
    },
  ],
];

schemas.push(
  [
    'references to places of its own, as zod writes them',
    {
      type: 'object',
      properties: {
        name: { type: 'string' },
        others: { type: 'array', items: { $ref: '#/properties/name' } },
        'a/b': { type: 'integer' },
        odd: { $ref: '#/properties/a~1b', description: 'd' },
      },
    },
    {
      type: 'object',
      properties: {
        name: { type: 'string' },
        others: { type: 'array', items: { type: 'string' } },
        'a/b': { type: 'integer' },
        odd: { type: 'integer', description: 'd' },
      },
    },
  ],
  [
    'a reference to the whole',
    { type: 'object', properties: { name: { type: 'string' }, below: { $ref: '#' } } },
    {
      type: 'object',
      properties: {
        name: { type: 'string' },
        below: { type: 'object', properties: { name: { type: 'string' }, below: { type: 'object' } } },
      },
    },
  ],
);

for (const [what, given, wanted] of schemas) {
  test(`a schema with ${what} is brought into Google’s words`, () => {
    assert.deepEqual(overTheWire(googleSchema(given)), wanted);
  });
}

test('a JSON answer is asked for by its schema', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };
  assert.deepEqual(generation({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }), {
    responseMimeType: 'application/json',
    responseSchema: { type: 'object', properties: { a: { type: 'string' } } },
  });
  assert.deepEqual(generation({ response_format: { type: 'json_object' } }), { responseMimeType: 'application/json' });
});

test('a call that the model failed to write is garbled, so that it is tried again', () => {
  const { decode } = wire(gemini, 'chat');
  const body = { candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'print(f())' }] };
  assert.throws(() => decode?.(body, at(flash), {}), refusal('upstream_garbled'));
});

test('embeddings are a request for each text, and come back in their order', () => {
  const { encode, decode, path } = wire(gemini, 'embedding');
  const call = at('gemini-embedding-001');
  const request = { model: 'alias', input: ['a', 'b'], dimensions: 2, task_type: 'RETRIEVAL_QUERY' };
  const wanted = (text: string): JsonObject => ({
    model: 'models/gemini-embedding-001',
    content: { parts: [{ text }] },
    outputDimensionality: 2,
    taskType: 'RETRIEVAL_QUERY',
  });
  assert.deepEqual(overTheWire(encode?.(request, call) ?? {}), { requests: [wanted('a'), wanted('b')] });
  assert.equal(path(call), '/models/gemini-embedding-001:batchEmbedContents');
  const answer = decode?.({ embeddings: [{ values: [1, 2] }, { values: [3, 4] }] }, call, request);
  assert.deepEqual(
    listOf(answer?.data).map((one) => isObject(one) && one.embedding),
    [
      [1, 2],
      [3, 4],
    ],
  );
});

test('embeddings of Vertex AI count the tokens of all texts', () => {
  const { encode, decode, usage } = wire(vertexAi, 'embedding');
  const call = at('text-embedding-005', projects);
  const request = { model: 'alias', input: 'a', dimensions: 1, autoTruncate: false };
  assert.deepEqual(overTheWire(encode?.(request, call) ?? {}), {
    instances: [{ content: 'a' }],
    parameters: { autoTruncate: false, outputDimensionality: 1 },
  });
  const body = { predictions: [{ embeddings: { statistics: { token_count: 5 }, values: [0.5] } }] };
  assert.deepEqual(decode?.(body, call, request).usage, { prompt_tokens: 5, total_tokens: 5 });
  assert.equal(usage(body)?.input, 5);
});

test('Claude at Vertex AI is spoken to in Anthropic’s words, its model named by the path', () => {
  const { encode, decode, reader } = wire(vertexAi, 'chat');
  const call = at('claude-sonnet-4-5@20250929', projects, { stream: true });
  const body = overTheWire(encode?.({ model: 'alias', messages: question, max_tokens: 5 }, call) ?? {});
  assert.equal(body.anthropic_version, 'vertex-2023-10-16');
  assert.deepEqual([body.model, body.stream, body.max_tokens, body.vertex_project], [undefined, true, 5, undefined]);
  const answer = decode?.(
    {
      type: 'message',
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 2 },
    },
    call,
    {},
  );
  const [choice] = listOf(answer?.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  assert.equal(choice.message.content, 'hi');
  const read = reader?.(call);
  read?.read({ name: 'message_start', data: '{"type":"message_start","message":{"usage":{"input_tokens":1}}}' });
  read?.read({ name: 'message_stop', data: '{"type":"message_stop"}' });
  assert.equal(read?.complete, true);
});

test('open models at Vertex AI are spoken to in OpenAI’s words, at the place for all of them', () => {
  const { encode, decode, reader, path, usage } = wire(vertexAi, 'chat');
  const place = { ...projects, baseUrl: 'http://proxy.test' };
  const call = at('meta/llama-4-scout-17b-16e-instruct-maas', place, { stream: true });
  assert.equal(path(call), `${inProject}/europe-west4/endpoints/openapi/chat/completions`);
  const asked = { model: 'alias', messages: question, max_completion_tokens: 5, tools: [tool('f')], top_k: 3 };
  assert.deepEqual(overTheWire(encode?.(asked, call) ?? {}), {
    model: 'meta/llama-4-scout-17b-16e-instruct-maas',
    messages: question,
    max_tokens: 5,
    tools: [tool('f')],
    top_k: 3,
    stream: true,
    stream_options: { include_usage: true },
  });
  const choices = [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
  const body = { choices, usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
  const [choice] = listOf(decode?.(body, call, {})?.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  assert.equal(choice.message.content, 'hi');
  assert.deepEqual([usage(body)?.input, usage(body)?.output], [3, 2]);
  const read = reader?.(call);
  const data = JSON.stringify({ choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] });
  assert.equal(read?.read({ name: '', data })[0]?.choices[0]?.delta.content, 'hi');
  read?.read({ name: '', data: '[DONE]' });
  assert.equal(read?.complete, true);
});

test('the tokens of Claude at Vertex AI are counted by a route of its own', () => {
  const { countTokens } = vertexAi;
  const call = at('claude-sonnet-4-5@20250929', { baseUrl: 'https://aiplatform.googleapis.com', ...projects });
  assert.equal(countTokens?.path(call), `${inProject}/global/publishers/anthropic/models/count-tokens:rawPredict`);
  const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 1, messages: question };
  assert.deepEqual(countTokens?.body?.(body, call), { model: 'claude-sonnet-4-5@20250929', messages: question });
  assert.equal(countTokens?.tokens?.({ input_tokens: 7 }), 7);
});

test('tokens that were counted before the last piece are told with it', () => {
  const read = wire(gemini, 'chat').reader?.(at(flash, {}, { stream: true }));
  const piece = (candidate: JsonObject, usageMetadata?: JsonObject): JsonValue[] => {
    const data = JSON.stringify({ candidates: [candidate], usageMetadata });
    return [...(read?.read({ name: '', data }) ?? [])].flatMap((chunk) => (isObject(chunk.usage) ? [chunk.usage] : []));
  };
  assert.deepEqual(
    piece({ content: { parts: [{ text: 'a' }] } }, { promptTokenCount: 3, candidatesTokenCount: 4 }),
    [],
  );
  const [told] = piece({ finishReason: 'STOP' });
  assert.ok(isObject(told));
  assert.deepEqual([told.prompt_tokens, told.completion_tokens], [3, 4]);
});

test('pictures and speech in an answer come where clients look for them, and pictures go back', () => {
  const { decode } = wire(gemini, 'chat');
  const inlineData = (mimeType: string): JsonObject => ({ inlineData: { mimeType, data: 'AAAA' } });
  const parts = [{ text: 'see' }, inlineData('image/png'), inlineData('audio/L16;rate=24000')];
  const answer = decode?.({ candidates: [{ content: { parts }, finishReason: 'STOP' }] }, at(flash), {});
  const [choice] = listOf(answer?.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  const { images, audio } = choice.message;
  assert.deepEqual(images, [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]);
  assert.ok(isObject(audio));
  assert.deepEqual([audio.data, audio.mime_type], ['AAAA', 'audio/L16;rate=24000']);
  const back = listOf(contentsOf([...question, { role: 'assistant', content: 'see', images: images ?? [] }]));
  assert.deepEqual(back[1], { role: 'model', parts: [{ text: 'see' }, inlineData('image/png')] });
});
