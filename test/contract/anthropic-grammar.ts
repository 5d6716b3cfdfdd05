// The grammar of Anthropic's event streams, as strict as its documentation
// (https://docs.anthropic.com/en/docs/build-with-claude/streaming): one message, blocks numbered from 0 that never overlap,
// deltas that fit their block, inputs that end as JSON objects. Reading a stream by it gives the message back.
import assert from 'node:assert/strict';
import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { readEvent, SseSplitter } from '../../src/kit/sse.ts';

export interface Rebuilt {
  readonly id: string;
  readonly model: string;
  readonly content: JsonObject[];
  readonly stopReason: JsonValue;
  readonly stopSequence: JsonValue;
  /** Of message_start. */
  readonly firstUsage: JsonObject;
  /** Of message_delta, over that of message_start. */
  readonly usage: JsonObject;
}

/** Which deltas a block takes; a block that is not here takes none. */
const deltasOf: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
};

/** Takes a stream's text; returns its events. Fails when a name and its data's type differ. */
export function eventsOf(text: string): JsonObject[] {
  const splitter = new SseSplitter();
  const raws = splitter.push(Buffer.from(text));
  assert.equal(splitter.end(), null, 'the stream ends with a whole event');
  return raws.map((raw) => {
    const { name, data } = readEvent(raw);
    const event: unknown = JSON.parse(data);
    assert.ok(isObject(event));
    assert.equal(event.type, name, 'the event is named as its data says');
    return event;
  });
}

/** Takes a stream's text; returns the message it tells. Fails at the first event that stands where it may not. */
export function rebuild(text: string): Rebuilt {
  const events = eventsOf(text).filter((event) => event.type !== 'ping');
  const start = events.shift();
  const stop = events.pop();
  const ending = events.pop();
  assert.equal(start?.type, 'message_start');
  assert.equal(stop?.type, 'message_stop');
  assert.deepEqual(Object.keys(stop), ['type']);
  const message = objectAt(start, 'message');
  checkStart(message);
  const content = blocksOf(events);
  const { delta, usage } = checkEnding(ending);
  return {
    id: String(message.id),
    model: String(message.model),
    content,
    stopReason: delta.stop_reason ?? null,
    stopSequence: delta.stop_sequence ?? null,
    firstUsage: objectAt(message, 'usage'),
    usage: { ...objectAt(message, 'usage'), ...usage },
  };
}

function checkStart(message: JsonObject): void {
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.deepEqual([message.content, message.stop_reason, message.stop_sequence], [[], null, null]);
  assert.match(String(message.id), /^msg_/);
  const usage = objectAt(message, 'usage');
  assert.ok(Number.isInteger(usage.input_tokens) && Number.isInteger(usage.output_tokens));
  const read = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
  assert.ok(
    read.some((tokens) => Number(tokens ?? 0) > 0),
    'message_start names input tokens',
  );
}

const stopReasons = ['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal'];

function checkEnding(event: JsonObject | undefined): { delta: JsonObject; usage: JsonObject } {
  assert.equal(event?.type, 'message_delta');
  const delta = objectAt(event, 'delta');
  const usage = objectAt(event, 'usage');
  assert.ok(stopReasons.includes(String(delta.stop_reason)), `stop_reason ${String(delta.stop_reason)}`);
  assert.ok('stop_sequence' in delta);
  assert.ok(Number.isInteger(usage.output_tokens));
  return { delta, usage };
}

function blocksOf(events: readonly JsonObject[]): JsonObject[] {
  const content: JsonObject[] = [];
  let open: { block: Record<string, JsonValue | undefined>; json: string; signed: boolean } | null = null;
  for (const event of events) {
    if (event.type === 'content_block_start') {
      assert.equal(open, null, 'a block opens only when none is open');
      assert.equal(event.index, content.length, 'blocks are numbered in order');
      open = { block: { ...objectAt(event, 'content_block') }, json: '', signed: false };
      checkBlockStart(open.block);
      continue;
    }
    assert.ok(open !== null, `${String(event.type)} needs an open block`);
    assert.equal(event.index, content.length, 'the event is for the open block');
    if (event.type === 'content_block_delta') {
      const delta = objectAt(event, 'delta');
      assert.ok(
        deltasOf[String(open.block.type)]?.includes(String(delta.type)),
        `${String(delta.type)} fits its block`,
      );
      assert.equal(open.signed, false, 'nothing follows a signature');
      open.signed = delta.type === 'signature_delta';
      open.json += String(delta.partial_json ?? '');
      take(open.block, delta);
    } else {
      assert.equal(event.type, 'content_block_stop');
      content.push(finished(open.block, open.json));
      open = null;
    }
  }
  assert.equal(open, null, 'the last block is closed');
  return content;
}

function checkBlockStart(block: JsonObject): void {
  if (block.type === 'text') assert.equal(block.text, '');
  if (block.type === 'thinking') assert.deepEqual([block.thinking, block.signature], ['', '']);
  if (block.type !== 'tool_use') return;
  assert.ok(typeof block.id === 'string' && block.id !== '');
  assert.ok(typeof block.name === 'string' && block.name !== '');
  assert.deepEqual(block.input, {});
}

function take(block: Record<string, JsonValue | undefined>, delta: JsonObject): void {
  if (delta.type === 'text_delta') block.text = String(block.text) + String(delta.text);
  if (delta.type === 'thinking_delta') block.thinking = String(block.thinking) + String(delta.thinking);
  if (delta.type === 'signature_delta') block.signature = delta.signature;
  if (delta.type === 'citations_delta') {
    block.citations = [...(Array.isArray(block.citations) ? block.citations : []), delta.citation ?? null];
  }
}

function finished(block: JsonObject, json: string): JsonObject {
  if (block.type !== 'tool_use' || json === '') return block;
  const input: unknown = JSON.parse(json);
  assert.ok(isObject(input), 'the input of a tool is an object');
  return { ...block, input };
}

function objectAt(parent: JsonObject | undefined, field: string): JsonObject {
  const value = parent?.[field];
  assert.ok(isObject(value), `${field} is an object`);
  return value;
}

/** Takes content blocks; returns their text, each kind of block joined. */
export function textOfBlocks(content: readonly JsonValue[]): string {
  return content.map((block) => (isObject(block) && block.type === 'text' ? String(block.text) : '')).join('');
}

/** Takes content blocks; returns the tool calls: name and input. */
export function callsOfBlocks(content: readonly JsonValue[]): JsonValue[] {
  return content.filter(isObject).flatMap(({ type, name, input }) => (type === 'tool_use' ? [{ name, input }] : []));
}
