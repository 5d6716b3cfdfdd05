// Google through the whole house: three turns with tools by clients of both dialects, whole and streamed, at AI Studio and at
// Vertex AI. The upstream answers with what Google really sent, and is stricter than Gemini 3 about what comes back: each call
// with the very signature it was given, each result under the name of its call.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import type { DeploymentRecord } from '../../src/core/records.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { recorded, recordedTest } from '../contract/cassettes.ts';
import { eventsIn } from '../contract/streams.ts';
import { type House, openHouse, question, type Scripted } from './house.ts';
import { anthropicLoop, openAiLoop, type ToolLoop } from './tool-loop.ts';

const model = 'gemini-3-pro-preview';
const folder = mkdtempSync(join(tmpdir(), 'plumbline-google-'));
let asked: URLSearchParams[] = [];
const tokens = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    asked.push(new URLSearchParams(Buffer.concat(pieces).toString()));
    const token = { access_token: `lent-${asked.length}`, token_type: 'Bearer', expires_in: 3600 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
  });
});

before(() => new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve)));
after(() => {
  tokens.close();
  rmSync(folder, { recursive: true });
});

/** Another cloud's identity, whose token service may stand anywhere: here in the test. */
function federated(): string {
  const file = join(folder, 'subject');
  writeFileSync(file, 'subject-of-the-test');
  return JSON.stringify({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`,
    credential_source: { file },
  });
}

interface Place {
  readonly deployment: Partial<DeploymentRecord>;
  readonly field: string;
  readonly secret: () => string;
  readonly path: string;
  readonly header: readonly [name: string, value: string];
}

const places: Readonly<Record<string, Place>> = {
  gemini: {
    deployment: { provider: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com' },
    field: 'api_key',
    secret: () => 'AIza-test',
    path: `/v1beta/models/${model}:`,
    header: ['x-goog-api-key', 'AIza-test'],
  },
  vertex_ai: {
    deployment: {
      provider: 'vertex_ai',
      baseUrl: 'https://aiplatform.googleapis.com',
      parameters: { defaults: { vertex_project: 'mine', vertex_location: 'global' } },
    },
    field: 'vertex_credentials',
    secret: federated,
    path: `/v1/projects/mine/locations/global/publishers/google/models/${model}:`,
    header: ['authorization', 'Bearer lent-1'],
  },
};

function houseAt(place: Place, upstream: (house: House, body: JsonObject) => Scripted): House {
  const sealer = openSealer(new Secret('salt-of-the-test-house'));
  const sealed = { [place.field]: sealer.seal(new Secret(place.secret()), `credentials/ours/${place.field}`) };
  const house: House = openHouse({
    deployments: [{ model, ...place.deployment, alias: 'chat', credential: 'ours' }],
    credentials: [{ name: 'ours', owner: 'file', sealed }],
    router: { retries: 0 },
    upstream: ({ body }) => upstream(house, body as JsonObject),
  });
  return house;
}

const signing = 'thinking-function-call-thought-summary-signature';

/** Two signed calls and a text. */
const wholes = [
  'vercel-ai/google/google-tool-call-gemini3.json',
  `gemini/googleai/unary-success-${signing}.json`,
  'vercel-ai/google/google-text.json',
];
const streams = [
  'vercel-ai/google/google-tool-call-gemini3.chunks.txt',
  `gemini/googleai/streaming-success-${signing}.txt`,
  'vercel-ai/google/google-text.chunks.txt',
];

function answerAt(turn: number, stream: boolean): Buffer {
  const path = (stream ? streams : wholes)[turn];
  assert.ok(path !== undefined, 'no more than three turns');
  const bytes = recorded(path);
  if (!path.endsWith('.chunks.txt')) return bytes;
  const lines = bytes.toString().split('\n').filter(Boolean);
  return Buffer.from(lines.map((line) => `data: ${line}\r\n\r\n`).join(''));
}

/** In pieces that care for nothing. */
function cut(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 97) }, (_, at) => bytes.subarray(at * 97, (at + 1) * 97));
}

function partsIn(turns: JsonValue | undefined): JsonObject[] {
  return listOf(turns).flatMap((turn) => (isObject(turn) ? listOf(turn.parts).filter(isObject) : []));
}

/** The signatures of the calls that Google made before a turn, in their order. */
function givenBefore(turn: number, stream: boolean): JsonValue[] {
  return Array.from({ length: turn }, (_, at) => answerAt(at, stream)).flatMap((bytes) => {
    const pieces = stream ? eventsIn(bytes).map(({ data }) => JSON.parse(data)) : [JSON.parse(bytes.toString())];
    const parts = pieces.flatMap((piece: JsonObject) =>
      listOf(piece.candidates).flatMap((one) => partsIn(isObject(one) && isObject(one.content) ? [one.content] : [])),
    );
    return parts.flatMap((part) => (isObject(part.functionCall) ? [part.thoughtSignature ?? null] : []));
  });
}

function check(body: JsonObject, turn: number, stream: boolean): void {
  const turns = listOf(body.contents).filter(isObject);
  assert.deepEqual(
    turns.map(({ role }) => role),
    turns.map((_, at) => (at % 2 === 0 ? 'user' : 'model')),
  );
  turns.forEach((one, at) => {
    const names = (kind: string, parts: readonly JsonObject[]): JsonValue[] =>
      parts.flatMap(({ [kind]: held }) => (isObject(held) ? [held.name ?? null] : []));
    const called = names('functionCall', partsIn([one]));
    assert.deepEqual(names('functionResponse', partsIn([turns[at + 1] ?? {}])), called);
  });
  const calls = partsIn(body.contents).filter((part) => part.functionCall !== undefined);
  const given = givenBefore(turn, stream);
  assert.equal(given.length, turn);
  assert.deepEqual(
    calls.map(({ thoughtSignature }) => thoughtSignature),
    given,
  );
}

const loops: Readonly<Record<string, ToolLoop>> = { OpenAI: openAiLoop, Anthropic: anthropicLoop };

for (const [name, place] of Object.entries(places)) {
  for (const [dialect, loop] of Object.entries(loops)) {
    for (const stream of [false, true]) {
      const way = stream ? 'streamed' : 'whole';
      recordedTest(`${name}: three turns with tools by an ${dialect} client, ${way}`, () => run(place, loop, stream));
    }
  }
}

async function run(place: Place, loop: ToolLoop, stream: boolean): Promise<void> {
  asked = [];
  const house = houseAt(place, ({ received }, body) => {
    check(body, received.length - 1, stream);
    const bytes = answerAt(received.length - 1, stream);
    const type = stream ? 'text/event-stream' : 'application/json';
    return { headers: { 'content-type': type }, body: stream ? cut(bytes) : bytes.toString() };
  });
  const turns = await loop(house, stream);
  assert.deepEqual(
    turns.map(({ calls }) => calls.map(({ name, input }) => [name, input])),
    [[['weather', { location: 'San Francisco' }]], [['now', {}]], []],
  );
  assert.ok((turns[2]?.text ?? '') !== '');
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  for (const { path, headers } of house.received) {
    assert.equal(path, place.path + method);
    assert.equal(headers[place.header[0]], place.header[1]);
  }
  for (const { outcome, usage } of house.rows) assert.deepEqual([outcome, (usage?.output ?? 0) > 0], ['success', true]);
  if (place.field === 'vertex_credentials') {
    assert.deepEqual(
      asked.map((form) => form.get('subject_token')),
      ['subject-of-the-test'],
    );
  }
}

test('a stream of Google’s that breaks off is no success', async () => {
  const place = places['gemini'];
  assert.ok(place);
  const piece = { candidates: [{ content: { parts: [{ text: 'half a' }] } }] };
  const house = houseAt(place, () => ({
    headers: { 'content-type': 'text/event-stream' },
    body: [`data: ${JSON.stringify(piece)}\r\n\r\n`],
  }));
  const reply = await house.ask('/v1/chat/completions', { ...question, model: 'chat', stream: true });
  assert.match(reply.text, /half a/);
  assert.ok(!reply.text.includes('[DONE]'));
  assert.notEqual(house.rows[0]?.outcome, 'success');
});

recordedTest('an error that Google writes bare in mid-stream is no success', async () => {
  const place = places['gemini'];
  assert.ok(place);
  const bytes = recorded('gemini/vertexai/streaming-failure-error-mid-stream.txt');
  const house = houseAt(place, () => ({ headers: { 'content-type': 'text/event-stream' }, body: cut(bytes) }));
  for (const [path, body] of [
    ['/v1/chat/completions', { ...question, model: 'chat', stream: true }],
    ['/v1/messages', { ...question, model: 'chat', stream: true, max_tokens: 9 }],
  ] as const) {
    const { text } = await house.ask(path, body);
    assert.ok(text.includes('First ') && text.includes('"error"'), text);
    assert.ok(!text.includes('[DONE]') && !text.includes('message_stop'), text);
  }
  assert.deepEqual(
    house.rows.map(({ outcome }) => outcome),
    ['failure', 'failure'],
  );
});

const questions: readonly (readonly [place: string, path: string, field: string])[] = [
  ['gemini', `/v1beta/models/${model}:countTokens`, 'generateContentRequest'],
  ['vertex_ai', `/v1/projects/mine/locations/global/publishers/google/models/${model}:countTokens`, 'contents'],
];

for (const [name, path, field] of questions) {
  test(`${name} counts the tokens of an Anthropic client’s question`, async () => {
    asked = [];
    const place = places[name];
    assert.ok(place);
    const house = houseAt(place, () => ({ body: { totalTokens: 1837 } }));
    const tools = [{ name: 'f', input_schema: { type: 'object', properties: { a: { type: 'string' } } } }];
    const messages = [{ role: 'user', content: 'how long is this?' }];
    const reply = await house.ask('/v1/messages/count_tokens', { model: 'chat', system: 'be kind', messages, tools });
    assert.deepEqual([reply.status, reply.json], [200, { input_tokens: 1837 }]);
    const [received] = house.received;
    assert.equal(received?.path, path);
    assert.equal(received?.headers[place.header[0]], place.header[1]);
    assert.match(JSON.stringify(received?.body[field]), /how long is this\?/);
  });
}
