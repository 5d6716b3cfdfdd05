// Anthropic's recorded answers, read into our words and written back: nothing is lost, however the bytes were cut.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { usageFromAnthropic } from '../../src/core/usage.ts';
import { anthropic as dialect } from '../../src/gateway/dialects/anthropic.ts';
import { anthropic } from '../../src/providers/anthropic.ts';
import type { StreamReader, StreamWatch, Wire } from '../../src/providers/provider.ts';
import { callsOfBlocks, rebuild, textOfBlocks } from './anthropic-grammar.ts';
import { recordedMessages, recordedStreams } from './anthropic-recordings.ts';
import { callFor, overTheWire } from './calls.ts';
import { recordedTest } from './cassettes.ts';
import { chunksOf, contextFor, encoded, eventsIn, heard } from './streams.ts';

const wire: Wire | undefined = anthropic.wires.chat;
assert.ok(wire?.decode && wire.reader && wire.watch);
const { decode, reader, watch } = wire as Required<Wire>;

const newReader = (): StreamReader => reader(callFor('claude', { stream: true }));
const newWatch = (): StreamWatch => watch(callFor('claude', { stream: true }));

/** What the stream says when nothing is translated: the reference, put together from the raw events. */
function told(bytes: Buffer): { content: JsonObject[]; stop: JsonValue; usage: JsonObject } {
  const content: JsonObject[] = [];
  const inputs: string[] = [];
  let stop: JsonValue = null;
  let usage: JsonObject = {};
  for (const { data } of eventsIn(bytes)) {
    const event = JSON.parse(data) as Record<string, JsonObject> & { index: number; type: string };
    if (event.type === 'message_start') {
      usage = { ...(event.message?.usage as JsonObject) };
      stop = event.message?.stop_reason ?? null;
      content.push(...listOf(event.message?.content).filter(isObject));
    }
    if (event.type === 'content_block_start') content[event.index] = { ...event.content_block };
    if (event.type === 'content_block_delta') {
      const delta = event.delta ?? {};
      const block = content[event.index] as Record<string, JsonValue>;
      if (delta.type === 'text_delta') block.text = `${String(block.text)}${String(delta.text)}`;
      if (delta.type === 'thinking_delta') block.thinking = `${String(block.thinking)}${String(delta.thinking)}`;
      if (delta.type === 'signature_delta') block.signature = delta.signature ?? '';
      if (delta.type === 'compaction_delta') block.content = delta.content ?? null;
      if (delta.type === 'input_json_delta') {
        inputs[event.index] = (inputs[event.index] ?? '') + String(delta.partial_json);
      }
    }
    if (event.type === 'message_delta') {
      stop = event.delta?.stop_reason ?? stop;
      const now = Object.entries(event.usage ?? {}).filter(([, value]) => value !== null);
      usage = { ...usage, ...Object.fromEntries(now) };
    }
  }
  inputs.forEach((json, index) => {
    if (json !== '') (content[index] as Record<string, JsonValue>).input = JSON.parse(json);
  });
  return { content, stop, usage };
}

/** Hand-made recordings that no honest reader can take for one message. */
const mixed = /spliced-message-start/;

const streams = recordedStreams();
const messages = recordedMessages();

recordedTest('there are enough recordings to mean something', () => {
  assert.ok(streams.length >= 45, `${streams.length} streams`);
  assert.ok(messages.length >= 40, `${messages.length} whole messages`);
});

recordedTest('two streams mixed into one are garbled, a start told twice is told once', () => {
  const spliced = streams.find(({ name }) => mixed.test(name));
  const doubled = streams.find(({ name }) => name.includes('duplicate-message-start'));
  assert.ok(spliced && doubled);
  assert.throws(
    () => chunksOf(newReader(), spliced.bytes),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled',
  );
  assert.equal(heard(chunksOf(newReader(), doubled.bytes)).content, 'Hello, World!');
});

for (const { name, bytes } of streams.filter((stream) => !mixed.test(stream.name))) {
  recordedTest(`recorded stream: ${name}`, () => {
    const expected = told(bytes);
    const streamReader = newReader();
    const chunks = chunksOf(streamReader, bytes);
    assert.equal(streamReader.complete, true);
    checkOpenAi(overTheWire({ chunks })['chunks'] as never, expected);
    checkRoundTrip(encoded(dialect.encoder(contextFor()), chunks), expected);
    checkWatch(bytes, expected.usage);
    for (const places of hostileCuts(bytes)) assert.deepEqual(chunksOf(newReader(), bytes, places), chunks);
  });
}

function checkOpenAi(chunks: Parameters<typeof heard>[0], expected: ReturnType<typeof told>): void {
  const sum = heard(chunks);
  assert.equal(sum.content, textOfBlocks(expected.content));
  const thoughts = expected.content.map((block) => (block.type === 'thinking' ? String(block.thinking) : ''));
  assert.equal(sum.reasoning, thoughts.join(''));
  const calls = sum.calls.map((call) => ({ name: call.name, input: JSON.parse(call.arguments) as JsonValue }));
  assert.deepEqual(calls, callsOfBlocks(expected.content));
  assert.equal(isObject(sum.usage) && sum.usage.completion_tokens, expected.usage.output_tokens);
}

/** Through our words and back: what the client of Anthropic's dialect puts together is what Anthropic said. */
function checkRoundTrip(text: string, expected: ReturnType<typeof told>): void {
  const again = rebuild(text);
  assert.equal(textOfBlocks(again.content), textOfBlocks(expected.content));
  assert.deepEqual(callsOfBlocks(again.content), callsOfBlocks(expected.content));
  const thinking = (content: readonly JsonObject[]) => content.filter(({ type }) => /thinking/.test(String(type)));
  assert.deepEqual(thinking(again.content), thinking(expected.content));
  const beside = (content: readonly JsonObject[]) =>
    content.filter(({ type }) => !/^(text|thinking|tool_use)$/.test(String(type)));
  assert.deepEqual(beside(again.content), beside(expected.content));
  assert.equal(again.stopReason, expected.stop);
  const { cacheWriteHour, cacheWrite, ...rest } = usageFromAnthropic(again.usage);
  const { cacheWriteHour: hour, cacheWrite: written, ...said } = usageFromAnthropic(expected.usage);
  assert.deepEqual({ ...rest, written: cacheWrite + cacheWriteHour }, { ...said, written: written + hour });
}

function checkWatch(bytes: Buffer, usage: JsonObject): void {
  const seen = newWatch();
  for (const event of eventsIn(bytes)) seen.see(event);
  assert.equal(seen.complete, true);
  assert.equal(seen.error, null);
  const { reasoning, ...counted } = seen.usage ?? {};
  const { reasoning: none, ...expected } = usageFromAnthropic(usage);
  assert.deepEqual(counted, expected);
  assert.equal(typeof reasoning, typeof none);
}

/** Inside characters of several bytes, inside `data:`, between the two line ends, and at random. */
function hostileCuts(bytes: Buffer): number[][] {
  const inCharacters = [...bytes.keys()].filter((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80).slice(0, 200);
  const inWords = [bytes.indexOf('data:', 200) + 2, bytes.indexOf('\n\n', 300) + 1, bytes.lastIndexOf('event:') + 3];
  const random = fc.sample(fc.array(fc.nat({ max: bytes.length }), { maxLength: 30 }), { numRuns: 3, seed: 7 });
  return [inCharacters, inWords, ...random].map((places) => places.filter((at) => at > 0 && at < bytes.length));
}

for (const { name, message } of messages) {
  recordedTest(`recorded message: ${name}`, () => {
    const answer = overTheWire(decode(message, callFor('claude'), {}));
    const [choice] = listOf(answer.choices);
    assert.ok(isObject(choice) && isObject(choice.message));
    const content = listOf(message.content);
    assert.equal(choice.message.content ?? '', textOfBlocks(content));
    const again = dialect.encode(answer, contextFor());
    assert.equal(textOfBlocks(listOf(again.content)), textOfBlocks(content));
    assert.deepEqual(callsOfBlocks(listOf(again.content)), callsOfBlocks(content));
    const called = callsOfBlocks(content).length > 0;
    assert.equal(again.stop_reason, called ? 'tool_use' : message.stop_reason);
    const usage = isObject(message.usage) ? message.usage : {};
    assert.equal(wire?.usage(message)?.input, usageFromAnthropic(usage).input);
    assert.equal(isObject(again.usage) && again.usage.output_tokens, usage.output_tokens);
    assert.equal(isObject(again.usage) && again.usage.input_tokens, usage.input_tokens);
  });
}
