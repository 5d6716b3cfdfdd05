// Bedrock through the whole house: three turns with tools by clients of both dialects, whole and in its binary stream, each
// request signed as it goes out; and streams that break. The upstream answers with what Bedrock really sent, and is as strict
// as Bedrock about what comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject, type JsonObject, listOf } from '../../src/core/json.ts';
import type { CredentialRecord } from '../../src/core/records.ts';
import { awsIdentity } from '../../src/kit/aws-identity.ts';
import { AwsSigner } from '../../src/kit/aws-signature.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { awsEvent, awsException, awsStream } from '../contract/aws-frames.ts';
import { recorded, recordedTest } from '../contract/cassettes.ts';
import { type House, openHouse, question, type Received, type Scripted } from './house.ts';
import { anthropicLoop, openAiLoop, type ToolLoop } from './tool-loop.ts';

const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const origin = 'https://bedrock-runtime.eu-west-1.amazonaws.com';
const path = '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse';
const keys = { aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'secret', aws_session_token: 'borrowed' };

function sealedKeys(): CredentialRecord {
  const sealer = openSealer(new Secret('salt-of-the-test-house'));
  const sealed = Object.entries(keys).map(([field, text]) => [
    field,
    sealer.seal(new Secret(text), `credentials/ours/${field}`),
  ]);
  return { name: 'ours', owner: 'file', sealed: Object.fromEntries(sealed) };
}

/** A house whose alias `chat` has one deployment at Bedrock for each of the given regions. */
function houseAt(regions: readonly string[], upstream: (received: Received) => Scripted): House {
  const deployment = { alias: 'chat', provider: 'bedrock', model, credential: 'ours' };
  return openHouse({
    deployments: regions.map((region) => ({
      ...deployment,
      baseUrl: `https://bedrock-runtime.${region}.amazonaws.com`,
    })),
    credentials: [sealedKeys()],
    router: { retries: regions.length - 1 },
    upstream,
  });
}

const folder = 'vercel-ai/amazon-bedrock/amazon-bedrock';

function bodyOf(name: string): { output: { message: { content: JsonObject[] } } } {
  return JSON.parse(recorded(`${folder}-${name}.json`).toString());
}

function linesOf(name: string): string[] {
  return recorded(`${folder}-${name}.chunks.txt`).toString().split('\n').filter(Boolean);
}

/** Thinking, then a call: the recorded thinking goes before the recorded call, as Claude sends them. */
function thoughtfulCall(): JsonObject {
  const call = bodyOf('json-other-tool.1');
  const [thinking] = bodyOf('reasoning').output.message.content;
  assert.ok(thinking?.reasoningContent);
  const content = [thinking, ...call.output.message.content];
  return { ...call, output: { message: { role: 'assistant', content } } };
}

function thoughtfulStream(): string[] {
  const thinking = linesOf('reasoning').filter((line) =>
    /^\{"(?:messageStart|\w+":\{"contentBlockIndex":0)/.test(line),
  );
  assert.ok(thinking.some((line) => line.includes('signature')));
  const call = linesOf('json-other-tool.1').map((line) =>
    line.replace(/"contentBlockIndex":\d+/, '"contentBlockIndex":1'),
  );
  return [...thinking, ...call.filter((line) => !line.includes('messageStart'))];
}

const texts = ['json-other-tool.1', 'tool-no-args', 'text'] as const;

function answerAt(turn: number, stream: boolean): JsonObject | Buffer {
  const name = texts[turn];
  assert.ok(name !== undefined, 'no more than three turns');
  if (stream) return awsStream((turn === 0 ? thoughtfulStream() : linesOf(name)).join('\n'));
  return turn === 0 ? thoughtfulCall() : { ...bodyOf(name) };
}

/** In pieces that care for nothing. */
function cut(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 89) }, (_, at) => bytes.subarray(at * 89, (at + 1) * 89));
}

/** Fails when Bedrock would refuse the body: turns that do not alternate, calls without results, tools not defined. */
function checkConversation(body: JsonObject): void {
  const turns = listOf(body.messages).filter(isObject);
  assert.deepEqual(
    turns.map(({ role }) => role),
    turns.map((_, at) => (at % 2 === 0 ? 'user' : 'assistant')),
  );
  const defined = isObject(body.toolConfig) ? listOf(body.toolConfig.tools).filter(isObject) : [];
  const names = defined.map(({ toolSpec }) => (isObject(toolSpec) ? toolSpec.name : null));
  turns.forEach(({ content }, at) => {
    const uses = listOf(content).flatMap((block) =>
      isObject(block) && isObject(block.toolUse) ? [block.toolUse] : [],
    );
    const answered = listOf(turns[at + 1]?.content).flatMap((block) =>
      isObject(block) && isObject(block.toolResult) ? [block.toolResult.toolUseId] : [],
    );
    assert.deepEqual(
      answered,
      uses.map(({ toolUseId }) => toolUseId),
    );
    for (const { input } of uses) assert.ok(isObject(input));
  });
  assert.ok(names.length > 0 && names.every((name) => /^[\w-]{1,64}$/.test(String(name))));
}

async function checkSigned({ headers, path: to, text }: Received, now: number): Promise<void> {
  const [accessKeyId, secretAccessKey, sessionToken] = Object.values(keys).map((key) => new Secret(key));
  const identity = awsIdentity({ region: 'eu-west-1', accessKeyId, secretAccessKey, sessionToken });
  const signer = new AwsSigner(identity, { region: 'eu-west-1', service: 'bedrock' });
  const type = { 'content-type': headers['content-type'] ?? '' };
  const signed = await signer.sign({ method: 'POST', origin, path: to, headers: type, body: Buffer.from(text) }, now);
  const { authorization } = signed;
  assert.ok(authorization instanceof Secret);
  assert.equal(headers['authorization'], authorization.reveal());
  assert.equal(headers['x-amz-security-token'], 'borrowed');
}

const loops: Readonly<Record<string, ToolLoop>> = { OpenAI: openAiLoop, Anthropic: anthropicLoop };

for (const [dialect, loop] of Object.entries(loops)) {
  for (const stream of [false, true]) {
    recordedTest(`three turns with tools by an ${dialect} client, ${stream ? 'streamed' : 'whole'}`, async () => {
      const house = houseAt(['eu-west-1'], ({ body }) => {
        checkConversation(body as JsonObject);
        const answer = answerAt(house.received.length - 1, stream);
        return { body: Buffer.isBuffer(answer) ? cut(answer) : answer };
      });
      const turns = await loop(house, stream);
      assert.deepEqual(
        turns.map(({ calls }) => calls.map(({ name, input }) => [name, input])),
        [[['get-weather', { location: 'San Francisco' }]], [['updateIssueList', {}]], []],
      );
      assert.match(turns[2]?.text ?? '', /^Let me count the "r"s/);
      for (const received of house.received) {
        assert.deepEqual([received.origin, received.path], [origin, stream ? `${path}-stream` : path]);
        await checkSigned(received, house.clock.now());
      }
      for (const { outcome, usage } of house.rows)
        assert.deepEqual([outcome, (usage?.output ?? 0) > 0], ['success', true]);
      if (dialect === 'Anthropic') checkThinking(house.received[1]);
    });
  }
}

/** What Bedrock signed comes back to it unchanged, before the call it led to. */
function checkThinking(second: Received | undefined): void {
  const [, turn] = listOf((second?.body as JsonObject | undefined)?.messages);
  const [first, call] = isObject(turn) ? listOf(turn.content) : [];
  assert.ok(isObject(first) && isObject(first.reasoningContent) && isObject(first.reasoningContent.reasoningText));
  assert.match(String(first.reasoningContent.reasoningText.text), /^Let me count/);
  assert.match(String(first.reasoningContent.reasoningText.signature), /^E[pv]\w{2}CkgICxABGAI/);
  assert.ok(isObject(call) && isObject(call.toolUse));
}

const start = awsEvent('messageStart', { role: 'assistant' });
const word = awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'hi' } });
const stop = awsEvent('messageStop', { stopReason: 'end_turn' });
const metadata = awsEvent('metadata', { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } });
const throttled = awsException('throttlingException', { message: 'slow down' });
const spoilt = Buffer.from(stop.map((byte, at) => (at === stop.length - 6 ? byte ^ 1 : byte)));

const asked = { ...question, stream: true };
const routes = [
  ['/v1/chat/completions', asked],
  ['/v1/messages', { ...asked, max_tokens: 9 }],
] as const;

const breaks: readonly (readonly [what: string, bytes: Buffer[], code: string])[] = [
  ['an exception', [start, word, throttled], 'upstream_busy'],
  ['a spoilt message', [start, word, spoilt], 'upstream_garbled'],
  ['half a message', [start, word, stop.subarray(0, 40)], 'upstream_cut'],
];

for (const [what, bytes, code] of breaks) {
  for (const [route, body] of routes) {
    test(`${route}: ${what} after the first word ends the stream with the dialect’s error, and the row says so`, async () => {
      const house = houseAt(['eu-west-1'], () => ({ body: bytes }));
      const { status, text } = await house.ask(route, body);
      assert.equal(status, 200);
      assert.ok(text.includes('hi') && text.includes('"error"'), text);
      assert.deepEqual([house.rows[0]?.outcome, house.rows[0]?.errorCode], ['failure', code]);
    });
  }
}

test('an exception, or nonsense, before the first word costs the client nothing: the next region answers', async () => {
  for (const first of [throttled, spoilt, Buffer.from('<html>a proxy, not Bedrock at all</html>')]) {
    const house = houseAt(['eu-west-1', 'us-east-1'], ({ origin: at }) => ({
      body: at === origin ? [first] : [start, word, stop, metadata],
    }));
    const { status, text } = await house.ask('/v1/chat/completions', asked);
    assert.deepEqual([status, text.includes('"hi"'), house.received.length], [200, true, 2]);
    assert.match(house.received[1]?.headers['authorization'] ?? '', /\/us-east-1\/bedrock\/aws4_request/);
    const { usage } = house.rows[0] ?? {};
    assert.deepEqual([usage?.input, usage?.output], [3, 2]);
  }
});
