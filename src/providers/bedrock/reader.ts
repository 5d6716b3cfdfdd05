// ConverseStream's events → chunks in our words. Metadata, with the tokens, comes after the end as a rule, and before it from
// some models. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
import type { ChatChunk, ChatDelta, FinishReason } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, numberOf, textOf } from '../../core/json.ts';
import { usageToOpenAi } from '../../core/usage.ts';
import type { Call, StreamPiece, StreamReader } from '../provider.ts';
import { garbled } from '../upstream-failure.ts';
import { converseUsage, finishReason, isBeside, stopExtras, thinkingBlocks } from './answer.ts';
import { exceptionInStream } from './failure.ts';
import { clientName } from './tool-names.ts';
import { jsonToolName } from './tools.ts';

/** A call as it grows. */
interface GrowingCall {
  /** The place among the client's tool calls; -1 for the tool that stands for a JSON answer. */
  readonly index: number;
  hasInput: boolean;
}

/** Takes the call; returns a reader of one stream. Throws what an exception means, and upstream_garbled. */
export function converseReader(call: Call): StreamReader {
  return new ConverseReader(call);
}

class ConverseReader implements StreamReader {
  complete = false;
  readonly #call: Call;
  readonly #id: string;
  readonly #calls = new Map<number, GrowingCall>();
  #begun = false;
  #called = 0;
  #metadata: JsonObject | null = null;

  constructor(call: Call) {
    this.#call = call;
    this.#id = call.newId('chatcmpl-');
  }

  read(piece: StreamPiece): readonly ChatChunk[] {
    const event = eventOf(piece);
    switch (piece.name) {
      case 'messageStart':
        return this.#begun ? [] : this.#say({ content: '' });
      case 'contentBlockStart':
        return this.#blockStart(indexOf(event), objectOf(event.start));
      case 'contentBlockDelta':
        return this.#blockDelta(indexOf(event), objectOf(event.delta));
      case 'contentBlockStop':
        return this.#blockStop(indexOf(event));
      case 'messageStop':
        return this.#stop(event);
      case 'metadata':
        this.#metadata = event;
        return this.complete ? this.#told(event) : [];
      default:
        // An event that came after this was written.
        return [];
    }
  }

  #blockStart(at: number, start: JsonObject): readonly ChatChunk[] {
    const { toolUse } = start;
    if (!isObject(toolUse)) return Object.keys(start).length > 0 && isBeside(start) ? this.#beside(start) : [];
    const name = textOf(toolUse.name);
    const id = textOf(toolUse.toolUseId);
    if (name === undefined || id === undefined) throw garbled('bedrock', 'a tool call without id or name');
    const index = name === jsonToolName ? -1 : this.#called++;
    this.#calls.set(at, { index, hasInput: false });
    if (index === -1) return [];
    const called = { name: clientName(name, this.#call), arguments: '' };
    return this.#say({ tool_calls: [{ index, id, type: 'function', function: called }] });
  }

  #blockDelta(at: number, delta: JsonObject): readonly ChatChunk[] {
    const { text, toolUse, reasoningContent, citation } = delta;
    if (isObject(toolUse)) return this.#input(at, textOf(toolUse.input) ?? '');
    if (isObject(reasoningContent)) return this.#thought(reasoningContent);
    if (isObject(citation)) return this.#say({ provider_specific_fields: { citations: [[citation]] } });
    if (text === undefined) return this.#beside(delta);
    return text === '' ? [] : this.#say({ content: textOf(text) ?? '' });
  }

  #thought(reasoning: JsonObject): readonly ChatChunk[] {
    const blocks = thinkingBlocks(reasoning);
    if (blocks.length === 0) return [];
    const thought = blocks.map((block) => block.thinking ?? '').join('');
    return this.#say({ ...(thought === '' ? {} : { reasoning_content: thought }), thinking_blocks: blocks });
  }

  #input(at: number, written: string): readonly ChatChunk[] {
    const call = this.#calls.get(at);
    if (call === undefined) throw garbled('bedrock', 'the input of a call that never began');
    if (written === '') return [];
    call.hasInput = true;
    if (call.index === -1) return this.#say({ content: written });
    return this.#say({ tool_calls: [{ index: call.index, function: { arguments: written } }] });
  }

  /** A tool without parameters is called without a word; clients want JSON. */
  #blockStop(at: number): readonly ChatChunk[] {
    return this.#calls.get(at)?.hasInput === false ? this.#input(at, '{}') : [];
  }

  #beside(block: JsonObject): readonly ChatChunk[] {
    return this.#say({ provider_specific_fields: { blocks: [block] } });
  }

  #stop(event: JsonObject): readonly ChatChunk[] {
    const extras = { ...stopExtras({ ...event, trace: this.#metadata?.trace }) };
    const finish = finishReason(textOf(event.stopReason), this.#called > 0);
    const delta = Object.keys(extras).length > 0 ? { provider_specific_fields: extras } : {};
    const last = this.#chunk(delta, finish);
    this.complete = true;
    return this.#metadata === null ? [last] : [last, ...this.#counted(this.#metadata)];
  }

  /** Metadata after the end: its tokens, and the trace of a guardrail where one was asked for. */
  #told(metadata: JsonObject): readonly ChatChunk[] {
    const { trace } = metadata;
    const traced = isObject(trace) ? this.#say({ provider_specific_fields: { trace } }) : [];
    return [...traced, ...this.#counted(metadata)];
  }

  #counted(metadata: JsonObject): readonly ChatChunk[] {
    const usage = converseUsage(metadata);
    return usage === null ? [] : [{ ...this.#frame(), choices: [], usage: usageToOpenAi(usage) }];
  }

  #say(delta: ChatDelta): readonly ChatChunk[] {
    return [this.#chunk(delta, null)];
  }

  #chunk(delta: ChatDelta, finish: FinishReason | null): ChatChunk {
    const role = this.#begun ? {} : { role: 'assistant' };
    this.#begun = true;
    return { ...this.#frame(), choices: [{ index: 0, delta: { ...role, ...delta }, finish_reason: finish }] };
  }

  #frame(): Pick<ChatChunk, 'id' | 'object' | 'created' | 'model'> {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: Math.floor(this.#call.now / 1000),
      model: this.#call.upstream.model,
    };
  }
}

function eventOf({ name, data }: StreamPiece): JsonObject {
  if (/^(?:exception|error):/.test(name)) throw exceptionInStream(name.slice(name.indexOf(':') + 1), data);
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw garbled('bedrock', `an event that is not JSON (${String(cause)})`);
  }
  if (!isObject(event)) throw garbled('bedrock', 'an event that is not an object');
  return event;
}

function indexOf(event: JsonObject): number {
  return numberOf(event.contentBlockIndex) ?? 0;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
