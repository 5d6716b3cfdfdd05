// Three turns with tools at Azure, Cohere and Mistral, by clients of both dialects, whole and streamed. The upstream answers
// with what these providers really sent, and is as strict as they are about what comes back.
import assert from 'node:assert/strict';
import { isObject, type JsonObject, listOf } from '../../src/core/json.ts';
import type { DeploymentRecord } from '../../src/core/records.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { recorded, recordedTest } from '../contract/cassettes.ts';
import { openAiRecordings } from '../contract/openai-recordings.ts';
import { openHouse, type Received, type Scripted } from './house.ts';
import { anthropicLoop, openAiLoop, type ToolLoop, type Turn } from './tool-loop.ts';

interface Place {
  readonly deployment: Partial<DeploymentRecord>;
  readonly path: string;
  /** The header that carries the key, and how. */
  readonly key: readonly [header: string, value: string];
  /** Three recorded answers: two that call, one that ends. */
  readonly answers: (stream: boolean) => readonly string[];
  /** Fails when the provider would refuse what it was sent. */
  readonly check: (body: JsonObject) => void;
}

const vercel = (path: string): string => recorded(`vercel-ai/${path}`).toString();

/** The framing was taken away when these were recorded. */
function framed(path: string, last: readonly string[] = []): string {
  const lines = vercel(path).split('\n').filter(Boolean);
  return [...lines, ...last].map((line) => `data: ${line}\n\n`).join('');
}

function openAiRecorded(name: string): string {
  const { replayed } = openAiRecordings(process.env['PLUMBLINE_TEST_DATA'] ?? '');
  const found = replayed.find((recording) => recording.name === name);
  assert.ok(found, name);
  return found.bytes.toString();
}

function mistralAnswers(stream: boolean): string[] {
  if (stream) {
    const names = ['mistral-tool-call', 'mistral-incremental-tool-call', 'mistral-text'];
    return names.map((name) => framed(`mistral/${name}.chunks.txt`, ['[DONE]']));
  }
  const call = vercel('mistral/mistral-tool-call.json');
  return [call, call.replace('gSIMJiOkT', 'hTJNKjPlU'), vercel('mistral/mistral-text.json')];
}

function azureAnswers(stream: boolean): string[] {
  const kind = stream ? '_streaming' : '';
  const call = openAiRecorded(`openllmetry/openai/test_chat/test_chat_tools${kind}.yaml`);
  const again = call.replace(/"call_\w+"/g, '"call_again"');
  return [call, again, openAiRecorded(`openllmetry/openai/test_azure/test_chat${kind}.yaml`)];
}

function cohereAnswers(stream: boolean): string[] {
  if (stream) {
    return ['cohere-tool-call', 'cohere-empty-tool-call', 'cohere-text'].map((name) =>
      framed(`cohere/${name}.chunks.txt`),
    );
  }
  return ['cohere-tool-call', 'cohere-null-args', 'cohere-text'].map((name) => vercel(`cohere/${name}.json`));
}

/** Takes the messages of a body; fails unless every result follows the call it answers; returns the ids of the calls. */
function checkOrder(body: JsonObject): string[] {
  const calls: string[] = [];
  const results: string[] = [];
  for (const message of listOf(body.messages).filter(isObject)) {
    for (const call of listOf(message.tool_calls)) {
      assert.ok(isObject(call) && isObject(call.function));
      assert.ok(isObject(JSON.parse(String(call.function.arguments))));
      calls.push(String(call.id));
    }
    if (message.role !== 'tool') continue;
    assert.ok(calls.includes(String(message.tool_call_id)), `a result for ${String(message.tool_call_id)}`);
    results.push(String(message.tool_call_id));
  }
  assert.deepEqual(results, calls);
  return calls;
}

const places: Readonly<Record<string, Place>> = {
  azure: {
    deployment: {
      provider: 'azure',
      model: 'my-gpt',
      baseUrl: 'https://mine.azure.test',
      parameters: { apiVersion: '2024-10-21' },
    },
    path: '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    key: ['api-key', 'sk-upstream'],
    answers: azureAnswers,
    check: checkOrder,
  },
  cohere: {
    deployment: { provider: 'cohere', model: 'command-a-03-2025', baseUrl: 'https://cohere.test' },
    path: '/v2/chat',
    key: ['authorization', 'Bearer sk-upstream'],
    answers: cohereAnswers,
    check(body) {
      checkOrder(body);
      const calling = listOf(body.messages).filter((message) => isObject(message) && message.tool_calls !== undefined);
      for (const message of calling.filter(isObject)) {
        assert.match(String(message.tool_plan), /^I will use/);
        assert.equal(message.content, undefined);
      }
    },
  },
  mistral: {
    deployment: { provider: 'mistral', model: 'mistral-small-latest', baseUrl: 'https://mistral.test/v1' },
    path: '/v1/chat/completions',
    key: ['authorization', 'Bearer sk-upstream'],
    answers: mistralAnswers,
    check(body) {
      for (const id of checkOrder(body)) assert.match(id, /^[a-zA-Z0-9]{9}$/);
      const last = listOf(body.messages).at(-1);
      assert.ok(isObject(last) && ['user', 'tool'].includes(String(last.role)));
      assert.equal(body.stream_options, undefined);
    },
  },
};

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
  const answers = place.answers(stream);
  const sealer = openSealer(new Secret('salt-of-the-test-house'));
  const sealed = sealer.seal(new Secret('sk-upstream'), 'credentials/ours/api_key');
  const house = openHouse({
    deployments: [{ ...place.deployment, alias: 'chat', credential: 'ours' }],
    credentials: [{ name: 'ours', owner: 'file', sealed: { api_key: sealed } }],
    // A failure fails the test; a second try would wait for a clock that stands still.
    router: { retries: 0 },
    upstream: (received) => answerTo(received, place, answers, house.received.length - 1),
  });
  const turns = await loop(house, stream);
  assert.equal(turns.length, 3);
  checkTurns(turns);
  assert.deepEqual(
    house.received.map(({ path }) => path),
    Array.from({ length: 3 }, () => place.path),
  );
  for (const { headers } of house.received) assert.equal(headers[place.key[0]], place.key[1]);
  for (const row of house.rows) {
    assert.equal(row.outcome, 'success');
    // The recordings of OpenAI's streams that stand in for Azure's are from before usage in streams.
    assert.equal((row.usage?.output ?? 0) > 0, !(stream && place.deployment.provider === 'azure'));
  }
}

function answerTo({ body }: Received, place: Place, answers: readonly string[], turn: number): Scripted {
  place.check(body as JsonObject);
  const isStream = body['stream'] === true;
  const answer = answers[turn];
  assert.ok(answer !== undefined, 'no more than three turns');
  const type = isStream ? 'text/event-stream' : 'application/json';
  return { headers: { 'content-type': type }, body: isStream ? cut(answer) : answer };
}

/** In pieces that care for nothing. */
function cut(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 97) }, (_, at) => bytes.subarray(at * 97, (at + 1) * 97));
}

function checkTurns(turns: readonly Turn[]): void {
  const [first, second, last] = turns;
  assert.ok(first && second && last);
  assert.ok(first.calls.length > 0 && second.calls.length > 0);
  for (const { id, name } of [...first.calls, ...second.calls]) assert.ok(id !== '' && name !== '');
  assert.ok(Object.keys(first.calls[0]?.input ?? {}).length > 0, 'the first call says where');
  assert.ok(last.text !== '' && last.calls.length === 0);
}
