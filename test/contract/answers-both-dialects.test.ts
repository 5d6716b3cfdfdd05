// Every recorded answer of Azure's, Mistral's and Cohere's, whole and streamed, as clients of both dialects hear it: the same
// words, thoughts and calls, in each dialect's own grammar.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { anthropic } from '../../src/gateway/dialects/anthropic.ts';
import { openai } from '../../src/gateway/dialects/openai.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { Wire } from '../../src/providers/provider.ts';
import { callsOfBlocks, rebuild, textOfBlocks } from './anthropic-grammar.ts';
import { callFor, overTheWire } from './calls.ts';
import { exchangesIn, recorded, recordedTest } from './cassettes.ts';
import { openAiRecordings } from './openai-recordings.ts';
import { piecesOf, type Rebuilt, rebuilt } from './openai-streams.ts';
import { chunksOf, contextFor, encoded } from './streams.ts';

interface Answer {
  readonly name: string;
  readonly provider: string;
  readonly bytes: Buffer;
  readonly isStream: boolean;
}

const data = process.env['PLUMBLINE_TEST_DATA'];

function namesIn(folder: string): string[] {
  return data === undefined ? [] : readdirSync(join(data, 'fixtures', folder)).map((name) => `${folder}/${name}`);
}

function ofOpenAiShape(): Answer[] {
  const { replayed } = data === undefined ? { replayed: [] } : openAiRecordings(data);
  return replayed.flatMap(({ name, kind, provider, bytes }) => {
    const isAzure = name.includes('test_azure/');
    if ((kind !== 'chat' && kind !== 'chat-stream') || !(isAzure || provider === 'mistral')) return [];
    return [{ name, provider: isAzure ? 'azure' : provider, bytes, isStream: kind === 'chat-stream' }];
  });
}

/** The framing was taken away when these were recorded. */
function framed(path: string): Buffer {
  const lines = recorded(path).toString().split('\n').filter(Boolean);
  return Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(''));
}

function ofCohere(): Answer[] {
  const single = namesIn('vercel-ai/cohere').filter(
    (name) => /\.(?:json|txt)$/.test(name) && !name.includes('embedding'),
  );
  const cassettes = namesIn('openllmetry/cohere/test_chat').filter((name) => name.includes('_v2_'));
  return [
    ...single.map((name) => {
      const isStream = name.endsWith('.txt');
      return { name, provider: 'cohere', bytes: isStream ? framed(name) : recorded(name), isStream };
    }),
    ...cassettes.flatMap((name) =>
      exchangesIn(name).map(({ asked, answer }) => ({
        name,
        provider: 'cohere',
        bytes: answer,
        isStream: asked.stream === true,
      })),
    ),
  ];
}

const answers = [...ofOpenAiShape(), ...ofCohere()];

recordedTest('enough was recorded of each', () => {
  const counted = (provider: string): number => answers.filter((answer) => answer.provider === provider).length;
  assert.deepEqual(
    ['azure', 'mistral', 'cohere'].filter((provider) => counted(provider) < 6),
    [],
  );
});

for (const answer of answers) {
  recordedTest(`${answer.provider}, in both dialects: ${answer.name}`, () =>
    (answer.isStream ? streamed : whole)(answer),
  );
}

function wireOf({ provider }: Answer): Wire {
  const wire = providerByName(provider)?.wires.chat;
  assert.ok(wire);
  return wire;
}

function streamed(answer: Answer): void {
  const reader = wireOf(answer).reader?.(callFor('m', { stream: true }));
  assert.ok(reader);
  const chunks = chunksOf(reader, answer.bytes);
  const said = rebuilt(chunks);
  const message = rebuild(encoded(anthropic.encoder(contextFor()), chunks));
  assert.ok(message.id !== '' && message.model !== '');
  sameSaid(said, message.content);
  const text = encoded(openai.encoder(contextFor({ includeUsage: true })), chunks);
  const passed = piecesOf(Buffer.from(text)).flatMap(({ data: one }) => (one === '[DONE]' ? [] : [JSON.parse(one)]));
  assert.deepEqual(rebuilt(passed as JsonObject[]), said);
}

function whole(answer: Answer): void {
  const body = JSON.parse(answer.bytes.toString()) as JsonObject;
  const { decode } = wireOf(answer);
  const completion = overTheWire(decode?.(body, callFor('m'), {}) ?? body);
  const [choice] = listOf(completion.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  const calls = listOf(choice.message.tool_calls).filter(isObject);
  const message = anthropic.encode(completion, contextFor());
  sameSaid(
    {
      text: String(choice.message.content ?? ''),
      reasoning: String(choice.message.reasoning_content ?? ''),
      tools: calls.map(({ function: called }) => ({
        name: isObject(called) ? String(called.name) : '',
        arguments: isObject(called) ? String(called.arguments) : '',
      })),
    },
    listOf(message.content).filter(isObject),
  );
}

interface Said extends Pick<Rebuilt, 'text' | 'reasoning'> {
  readonly tools: readonly { readonly name: string; readonly arguments: string }[];
}

function sameSaid(said: Said, content: readonly JsonObject[]): void {
  assert.equal(textOfBlocks(content), said.text);
  assert.equal(content.map(({ thinking }) => thinking ?? '').join(''), said.reasoning);
  const calls = said.tools.map(({ name, arguments: json }) => ({ name, input: JSON.parse(json || '{}') as JsonValue }));
  assert.deepEqual(callsOfBlocks(content), calls);
}
