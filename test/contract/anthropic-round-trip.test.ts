// The round-trip law across dialects: what Anthropic's client asks, through our words, is what Anthropic is asked; and any
// stream in OpenAI's dialect, however its tool calls interleave, becomes a valid stream of Anthropic's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { effortOf, thinkingBudgetOf } from '../../src/core/anthropic.ts';
import type { ChatChunk, ChatDelta } from '../../src/core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { anthropic as dialect } from '../../src/gateway/dialects/anthropic.ts';
import { anthropic } from '../../src/providers/anthropic.ts';
import { chatReader } from '../../src/providers/openai-compatible/stream.ts';
import { callsOfBlocks, rebuild, textOfBlocks } from './anthropic-grammar.ts';
import { openAiFramed, openAiStreams, recordedRequests } from './anthropic-recordings.ts';
import { callFor, overTheWire } from './calls.ts';
import { recordedTest } from './cassettes.ts';
import { chunksOf, contextFor, encoded, heard } from './streams.ts';

function thereAndBack(asked: JsonObject): JsonObject {
  const { encode } = anthropic.wires.chat ?? {};
  assert.ok(encode);
  return overTheWire(encode(dialect.decode(asked), callFor('the-model', { stream: asked.stream === true })));
}

/** Takes a request; returns it with everything that may be said in two ways said in one. */
function inOneWay(asked: JsonObject): JsonObject {
  const { model, stream, tools, thinking, ...rest } = overTheWire(asked);
  return {
    ...rest,
    ...(rest.system === undefined ? {} : { system: blocks(rest.system) }),
    messages: listOf(rest.messages).map((message) =>
      isObject(message) ? { ...message, content: joined(blocks(message.content)) } : message,
    ),
    ...(tools === undefined ? {} : { tools: listOf(tools) }),
    ...(isObject(thinking)
      ? { thinking: { ...thinking, budget_tokens: usualBudget(Number(thinking.budget_tokens)) } }
      : {}),
    ...(stream === true ? { stream } : {}),
  };
}

/** A budget is said as an effort on the way. */
function usualBudget(tokens: number): number | null | undefined {
  return thinkingBudgetOf(effortOf(tokens));
}

function blocks(content: JsonValue | undefined): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return listOf(content)
    .filter(isObject)
    .map((block) => (block.type === 'tool_result' ? { ...block, content: blocks(block.content ?? '') } : block));
}

/** Texts that follow each other without a cache mark are one text. */
function joined(content: readonly JsonObject[]): JsonObject[] {
  const out: JsonObject[] = [];
  for (const block of content) {
    const before = out.at(-1);
    const isPlain = (one: JsonObject | undefined) => one?.type === 'text' && one.cache_control === undefined;
    if (before !== undefined && isPlain(before) && isPlain(block)) {
      out[out.length - 1] = { type: 'text', text: `${String(before.text)}${String(block.text)}` };
    } else out.push(block);
  }
  return out;
}

for (const { name, asked } of recordedRequests()) {
  recordedTest(`recorded request, there and back: ${name}`, () => {
    if (asked.output_format !== undefined) {
      // The model of that recording is asked by a forced tool: the same wish in other words.
      assert.equal(listOf(thereAndBack(asked).tools).length, 1);
    } else assert.deepEqual(inOneWay(thereAndBack(asked)), inOneWay(asked));
  });
}

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => `${text.trim()}.`);
const cache = fc.option(fc.constant({ cache_control: { type: 'ephemeral' } }), { nil: {} });
const textBlock = fc.tuple(words, cache).map(([text, mark]) => ({ type: 'text', text, ...mark }));
const image = fc.tuple(fc.base64String({ minLength: 4, maxLength: 12 }), cache).map(([data, mark]) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data },
  ...mark,
}));
const input = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
}) as fc.Arbitrary<JsonObject>;
const thinking = fc.tuple(words, fc.base64String({ minLength: 4, maxLength: 8 })).map(([text, signature]) => ({
  type: 'thinking',
  thinking: text,
  signature,
}));

/** What the user says, and a round of tools: a call and its result. */
const said = fc.array(fc.oneof(textBlock, image), { minLength: 1, maxLength: 3 });
const round = fc.record({
  thoughts: fc.array(thinking, { maxLength: 2 }),
  text: fc.option(textBlock, { nil: undefined }),
  inputs: fc.array(input, { minLength: 1, maxLength: 3 }),
  results: fc.array(fc.tuple(words, cache), { minLength: 3, maxLength: 3 }),
  after: fc.array(textBlock, { maxLength: 2 }),
});

const conversation = fc.tuple(said, fc.array(round, { maxLength: 3 })).map(([first, rounds]) => [
  { role: 'user', content: first },
  ...rounds.flatMap(({ thoughts, text, inputs, results, after }, at) => [
    {
      role: 'assistant',
      content: [
        ...thoughts,
        ...(text === undefined ? [] : [text]),
        ...inputs.map((one, n) => ({ type: 'tool_use', id: `toolu_${at}_${n}`, name: 'f', input: one })),
      ],
    },
    {
      role: 'user',
      content: [
        ...inputs.map((_, n) => {
          const [words, mark] = results[n] ?? ['', {}];
          return { type: 'tool_result', tool_use_id: `toolu_${at}_${n}`, content: words, ...mark };
        }),
        ...after,
      ],
    },
  ]),
]);

test('any conversation of texts, pictures, thinking and tools comes back as it was', () => {
  const tools = [{ name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } }];
  fc.assert(
    fc.property(conversation, fc.option(words, { nil: undefined }), (messages, system) => {
      const asked = {
        model: 'm',
        max_tokens: 9,
        messages,
        tools,
        temperature: 0.5,
        ...(system === undefined ? {} : { system }),
      };
      const before = overTheWire(asked);
      assert.deepEqual(inOneWay(thereAndBack(before)), inOneWay(before));
    }),
    { numRuns: 150 },
  );
});

const chunk = (delta: ChatDelta): ChatChunk => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null }],
});

interface Piece {
  readonly lane: number;
  readonly delta: ChatDelta;
}

/** Takes a call's number and the text of its arguments; returns its deltas, cut at the given places. */
function callDeltas(index: number, json: string, cuts: readonly number[]): ChatDelta[] {
  const marks = [0, ...cuts.map((cut) => cut % (json.length + 1)).toSorted((a, b) => a - b), json.length];
  const pieces = marks.slice(1).map((mark, at) => json.slice(marks[at], mark));
  const first = { index, id: `id${index}`, type: 'function', function: { name: `f${index}`, arguments: '' } } as const;
  return [first, ...pieces.map((text) => ({ index, function: { arguments: text } }))].map((one) => ({
    tool_calls: [one],
  }));
}

/** Takes lanes and a seed of choices; returns their pieces interleaved, each lane in its own order. */
function interleaved(lanes: readonly (readonly ChatDelta[])[], choices: readonly number[]): Piece[] {
  const rest = lanes.map((lane) => [...lane]);
  const out: Piece[] = [];
  for (let turn = 0; rest.some((lane) => lane.length > 0); turn += 1) {
    const open = rest.flatMap((lane, at) => (lane.length > 0 ? [at] : []));
    const lane = open[(choices[turn % Math.max(1, choices.length)] ?? 0) % open.length] ?? 0;
    const delta = rest[lane]?.shift();
    if (delta !== undefined) out.push({ lane, delta });
  }
  return out;
}

test('calls, text and thinking interleaved in any way give a valid stream that keeps every input', () => {
  const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 5 });
  const calls = fc.array(fc.tuple(input, cuts), { minLength: 1, maxLength: 4 });
  const texts = fc.array(words, { maxLength: 4 });
  const choices = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(calls, texts, texts, choices, (inputs, spoken, thought, order) => {
      const lanes = [
        ...inputs.map(([value, places], index) => callDeltas(index, JSON.stringify(value), places)),
        spoken.map((content): ChatDelta => ({ content })),
        thought.map((reasoning_content): ChatDelta => ({ reasoning_content })),
      ];
      const chunks = interleaved(lanes, order).map(({ delta }) => chunk(delta));
      const message = rebuild(encoded(dialect.encoder(contextFor()), chunks));
      const byName = (one: JsonValue): string => (isObject(one) ? String(one.name) : '');
      const got = callsOfBlocks(message.content).toSorted((a, b) => byName(a).localeCompare(byName(b)));
      const expected = inputs.map(([value], index) => ({
        name: `f${index}`,
        input: JSON.parse(JSON.stringify(value)) as JsonValue,
      }));
      assert.deepEqual(got, expected);
      assert.equal(textOfBlocks(message.content), spoken.join(''));
      assert.equal(message.stopReason, 'tool_use');
    }),
    { numRuns: 400 },
  );
});

recordedTest('there are enough recorded streams in OpenAI’s dialect', () => {
  assert.ok(openAiStreams().length >= 20, `${openAiStreams().length}`);
});

for (const path of openAiStreams()) {
  recordedTest(`recorded in OpenAI’s dialect, told in Anthropic’s: ${path}`, () => {
    const bytes = openAiFramed(path);
    const read = (places: readonly number[]) => chunksOf(chatReader('recorded', callFor('m')), bytes, places);
    const chunks = read([]);
    const first = chunks.filter(({ choices }) => choices.every(({ index }) => index === 0));
    const sum = heard(first);
    const text = encoded(dialect.encoder(contextFor()), chunks);
    const message = rebuild(text);
    assert.equal(textOfBlocks(message.content), sum.content);
    const calls = sum.calls.map(({ name, arguments: json }) => ({
      name,
      input: JSON.parse(json || '{}') as JsonValue,
    }));
    assert.deepEqual(callsOfBlocks(message.content), calls);
    const thoughts = message.content.map((block) => (block.type === 'thinking' ? String(block.thinking) : ''));
    assert.equal(thoughts.join(''), sum.reasoning);
    if (isObject(sum.usage)) assert.equal(message.usage.output_tokens, sum.usage.completion_tokens);
    const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (places) => assert.deepEqual(read(places), chunks)),
      { numRuns: 5 },
    );
  });
}
