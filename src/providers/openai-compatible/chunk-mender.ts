// One streamed chat answer of a server that claims OpenAI's dialect, chunk by chunk, brought to the shape OpenAI documents.
// Invariants: a chunk that is right keeps its identity; fields we do not know stay where they are.
import type { ChatChunk, ChatChunkChoice } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { finishReasonOf } from './finish-reason.ts';
import { mendContent } from './message-content.ts';
import { ToolCalls } from './tool-calls.ts';
import { reportedUsage } from './usage.ts';

/** What is known of one choice of the stream. */
interface ChoiceState {
  readonly tools: ToolCalls;
  hasRole: boolean;
  finished: string | null;
  /** The client asked with OpenAI's older `functions`, and is answered in their words. */
  legacyFunction: boolean;
}

export class ChunkMender {
  readonly #call: Call;
  readonly #choices = new Map<number, ChoiceState>();
  #envelope: { id: string; created: number; model: string } | null = null;

  constructor(call: Call) {
    this.#call = call;
  }

  /** True once a choice began and every choice that began has said why it ended. */
  get finished(): boolean {
    return this.#choices.size > 0 && [...this.#choices.values()].every(({ finished }) => finished !== null);
  }

  /** Takes a chunk as sent; returns it put right, the same object when there was nothing to put right. */
  mend(chunk: JsonObject): ChatChunk {
    const envelope = this.#envelopeOf(chunk);
    const sent = listOf(chunk.choices);
    const choices = sent.map((choice, at) => this.#mendChoice(isObject(choice) ? choice : {}, at));
    const usage = reportedUsage(chunk);
    const right =
      chunk.id === envelope.id &&
      chunk.created === envelope.created &&
      chunk.model === envelope.model &&
      chunk.object === 'chat.completion.chunk' &&
      Array.isArray(chunk.choices) &&
      choices.every((choice, at) => choice === sent[at]) &&
      (usage === null || usage === chunk.usage);
    if (right) return chunk as ChatChunk;
    const { usage: reported, ...rest } = chunk;
    return {
      ...rest,
      ...envelope,
      object: 'chat.completion.chunk',
      choices,
      ...(usage === null ? {} : { usage }),
    };
  }

  /** Returns the chunk that ends the choices whose provider never said why they ended, or null. */
  closing(): ChatChunk | null {
    const open = [...this.#choices].filter(([, { finished }]) => finished === null);
    if (open.length === 0 || this.#envelope === null) return null;
    const choices = open.map(([index, state]): ChatChunkChoice => {
      state.finished = 'stop';
      return { index, delta: {}, finish_reason: finishReasonOf('stop', state.tools.begun) };
    });
    return { ...this.#envelope, object: 'chat.completion.chunk', choices };
  }

  /** The chunk's own id, time and model, or what the stream said before; made when it never said any. */
  #envelopeOf(chunk: JsonObject): { id: string; created: number; model: string } {
    const before = this.#envelope;
    const envelope = {
      id: textOf(chunk.id) ?? before?.id ?? this.#call.newId('chatcmpl-'),
      created: numberOf(chunk.created) ?? before?.created ?? Math.floor(this.#call.now / 1_000),
      model: textOf(chunk.model) ?? before?.model ?? this.#call.upstream.model,
    };
    this.#envelope = envelope;
    return envelope;
  }

  #mendChoice(choice: JsonObject, at: number): ChatChunkChoice {
    const index = numberOf(choice.index) ?? at;
    const state = this.#stateOf(index);
    const delta = mendDelta(isObject(choice.delta) ? choice.delta : {}, state);
    const reason = mendFinish(choice.finish_reason, state);
    const right = choice.index === index && choice.delta === delta && choice.finish_reason === reason;
    return right ? (choice as ChatChunkChoice) : { ...choice, index, delta, finish_reason: reason };
  }

  #stateOf(index: number): ChoiceState {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const tools = new ToolCalls(() => this.#call.newId('call_'));
    const state: ChoiceState = { tools, hasRole: false, finished: null, legacyFunction: false };
    this.#choices.set(index, state);
    return state;
  }
}

function mendDelta(delta: JsonObject, state: ChoiceState): JsonObject {
  state.legacyFunction ||= isObject(delta.function_call);
  return withToolCalls(withRole(mendContent(delta), state), state);
}

/** The role stands in the first delta only: clients that join deltas would read `assistantassistant`. */
function withRole(delta: JsonObject, state: ChoiceState): JsonObject {
  const isNamed = typeof delta.role === 'string' && delta.role !== '';
  if (state.hasRole ? delta.role === undefined : isNamed) {
    state.hasRole = true;
    return delta;
  }
  const { role, ...rest } = delta;
  if (state.hasRole) return rest;
  state.hasRole = true;
  return { role: 'assistant', ...rest };
}

function withToolCalls(delta: JsonObject, state: ChoiceState): JsonObject {
  if (delta.tool_calls === undefined) return delta;
  const { tool_calls: sent, ...rest } = delta;
  const calls = state.tools.mend(listOf(sent));
  if (calls.length === 0) return rest;
  return calls === sent ? delta : { ...rest, tool_calls: calls };
}

function mendFinish(sent: JsonValue | undefined, state: ChoiceState): ChatChunkChoice['finish_reason'] {
  if (sent === 'function_call' && state.legacyFunction) {
    state.finished = sent;
    // OpenAI's older word, for clients that asked in the older words; the four of today leave it out.
    return sent as ChatChunkChoice['finish_reason'];
  }
  const reason = finishReasonOf(sent, state.tools.begun);
  if (reason === null || reason === state.finished) return null;
  state.finished = reason;
  return reason;
}
