// Anthropic's event stream → chunks in our words.
// https://docs.anthropic.com/en/docs/build-with-claude/streaming
import { anthropicUsage } from '../../core/anthropic.ts';
import type { ChatChunk, ChatDelta, FinishReason, ThinkingBlock } from '../../core/chat.ts';
import { type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { usageToOpenAi } from '../../core/usage.ts';
import type { Call, StreamPiece, StreamReader } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { finishReason, isBeside, isToolUse, stopExtras } from './answer.ts';
import { eventOf, mergedUsage, objectOf } from './events.ts';
import { jsonToolName } from './tools.ts';

/** A content block as it grows. */
interface Block {
  readonly start: JsonObject;
  /** The place among the client's tool calls; -1 for all other blocks. */
  readonly callIndex: number;
  json: string;
  /** Fields that deltas of blocks beside the conversation brought. */
  readonly brought: Record<string, JsonValue | undefined>;
}

/** Takes the call; returns a reader of one stream. Throws what an error event means, and upstream_garbled. */
export function messageReader(call: Call): StreamReader {
  return new MessageReader(call);
}

class MessageReader implements StreamReader {
  complete = false;
  readonly #call: Call;
  readonly #blocks = new Map<number, Block>();
  #message: JsonObject | null = null;
  #calls = 0;
  #usage: JsonObject = {};
  #stop: JsonObject = {};

  constructor(call: Call) {
    this.#call = call;
  }

  read(piece: StreamPiece): readonly ChatChunk[] {
    const event = eventOf(piece);
    switch (event.type) {
      case 'message_start':
        return this.#begin(objectOf(event.message));
      case 'content_block_start':
        return this.#blockStart(numberOf(event.index) ?? 0, objectOf(event.content_block));
      case 'content_block_delta':
        return this.#blockDelta(this.#block(event.index), objectOf(event.delta));
      case 'content_block_stop':
        return this.#blockStop(this.#block(event.index));
      case 'message_delta':
        this.#stop = { ...this.#stop, ...objectOf(event.delta) };
        this.#usage = mergedUsage(this.#usage, event.usage);
        return [];
      case 'message_stop':
        this.complete = true;
        return this.#end();
      case 'error':
        throw failureInStream('anthropic', event);
      default:
        // A ping, or an event that came after this was written: Anthropic asks clients to pass over those.
        return [];
    }
  }

  /** A second message is told twice by some proxies; inside a message it means that two streams were mixed. */
  #begin(message: JsonObject): readonly ChatChunk[] {
    if (this.#message !== null) {
      if (this.#blocks.size === 0 && this.#message.id === message.id) return [];
      throw garbled('anthropic', 'a message began inside another');
    }
    this.#message = message;
    this.#usage = mergedUsage({}, message.usage);
    if (typeof message.stop_reason === 'string') this.#stop = message;
    const first = this.#chunk({ role: 'assistant', content: '' }, null, this.#openAiUsage());
    return [first, ...listOf(message.content).flatMap((block) => this.#wholeBlock(objectOf(block)))];
  }

  /** A turn of Anthropic's code execution may be told at once, all its blocks in message_start. */
  #wholeBlock(start: JsonObject): readonly ChatChunk[] {
    const block = this.#opened(start);
    return [...this.#sayStart(block), ...this.#blockStop(block)];
  }

  #blockStart(index: number, start: JsonObject): readonly ChatChunk[] {
    const block = this.#opened(start);
    this.#blocks.set(index, block);
    return this.#sayStart(block);
  }

  #opened(start: JsonObject): Block {
    return { start, callIndex: isToolUse(start) ? this.#calls++ : -1, json: '', brought: {} };
  }

  #sayStart({ start, callIndex: index }: Block): readonly ChatChunk[] {
    if (index !== -1) {
      const called = { name: textOf(start.name) ?? '', arguments: '' };
      return this.#say({ tool_calls: [{ index, id: textOf(start.id) ?? '', type: 'function', function: called }] });
    }
    if (start.type === 'redacted_thinking') return this.#say({ thinking_blocks: [start as ThinkingBlock] });
    return this.#words({ text: start.text, thinking: start.thinking, signature: start.signature });
  }

  #blockDelta(block: Block, delta: JsonObject): readonly ChatChunk[] {
    switch (delta.type) {
      case 'text_delta':
      case 'thinking_delta':
      case 'signature_delta':
        return this.#words(delta);
      case 'input_json_delta':
        return this.#input(block, textOf(delta.partial_json) ?? '');
      case 'citations_delta':
        return this.#say({ provider_specific_fields: { citation: delta.citation } });
      default: {
        const { type, ...fields } = delta;
        Object.assign(block.brought, fields);
        return [];
      }
    }
  }

  #words(said: JsonObject): readonly ChatChunk[] {
    const text = textOf(said.text) ?? '';
    if (text !== '') return this.#say({ content: text });
    const thinking = textOf(said.thinking) ?? '';
    const signature = textOf(said.signature) ?? '';
    if (thinking === '' && signature === '') return [];
    const block: ThinkingBlock = { type: 'thinking', thinking, ...(signature === '' ? {} : { signature }) };
    return this.#say({ ...(thinking === '' ? {} : { reasoning_content: thinking }), thinking_blocks: [block] });
  }

  /** Some calls come with their input at once, some without any: both must end as JSON. */
  #input(block: Block, text: string): readonly ChatChunk[] {
    block.json += text;
    if (text === '') return [];
    if (block.callIndex !== -1) {
      return this.#say({ tool_calls: [{ index: block.callIndex, function: { arguments: text } }] });
    }
    return block.start.type === 'tool_use' && block.start.name === jsonToolName ? this.#say({ content: text }) : [];
  }

  #blockStop(block: Block): readonly ChatChunk[] {
    if (isBeside(block.start)) return this.#say({ provider_specific_fields: { content_blocks: [grown(block)] } });
    const isUnsaid = block.start.type === 'tool_use' && block.json === '';
    return isUnsaid ? this.#input(block, JSON.stringify(block.start.input ?? {})) : [];
  }

  #end(): readonly ChatChunk[] {
    const beside = stopExtras(this.#stop);
    const delta = Object.keys(beside).length > 0 ? { provider_specific_fields: beside } : {};
    const last = this.#chunk(delta, finishReason(this.#stop, this.#calls > 0));
    const usage = this.#openAiUsage();
    return usage === undefined ? [last] : [last, { ...last, choices: [], usage }];
  }

  #openAiUsage(): JsonObject | undefined {
    return Object.keys(this.#usage).length === 0 ? undefined : usageToOpenAi(anthropicUsage(this.#usage));
  }

  #block(index: JsonValue | undefined): Block {
    const block = this.#blocks.get(numberOf(index) ?? 0);
    if (block === undefined) throw garbled('anthropic', 'an event for a block that never began');
    return block;
  }

  #say(delta: ChatDelta): readonly ChatChunk[] {
    return [this.#chunk(delta, null)];
  }

  #chunk(delta: ChatDelta, finish: FinishReason | null, usage?: JsonObject): ChatChunk {
    const message = this.#message;
    if (message === null) throw garbled('anthropic', 'an event before the message began');
    return {
      id: textOf(message.id) ?? '',
      object: 'chat.completion.chunk',
      created: Math.floor(this.#call.now / 1000),
      model: textOf(message.model) ?? this.#call.upstream.model,
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...(usage === undefined ? {} : { usage }),
    };
  }
}

function grown(block: Block): JsonObject {
  return { ...block.start, ...block.brought, ...(block.json === '' ? {} : { input: inputOf(block.json) }) };
}

function inputOf(json: string): JsonValue {
  try {
    return JSON.parse(json) as JsonValue;
  } catch (cause) {
    throw garbled('anthropic', `the input of one of its own tools is not JSON (${String(cause)})`);
  }
}
