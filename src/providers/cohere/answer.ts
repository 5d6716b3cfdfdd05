// Cohere's chat answers in our words, whole and streamed. A stream is typed events; message-end carries the reason and the
// tokens, and a [DONE] that no page speaks of may follow.
// https://docs.cohere.com/reference/chat https://docs.cohere.com/docs/streaming
import type { ChatChunk, ChatDelta, FinishReason, ToolCall } from '../../core/chat.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { noUsage, type Usage, usageToOpenAi } from '../../core/usage.ts';
import type { Call, StreamPiece, StreamReader } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { CallArguments } from './call-arguments.ts';

/**
 * Takes an answer, or the delta of message-end; returns its tokens, or null when it reports none. The billed ones count:
 * `tokens` adds Cohere's own preamble, which nobody pays for.
 */
export function chatUsage({ usage }: JsonObject): Usage | null {
  if (!isObject(usage)) return null;
  const counted = isObject(usage.billed_units) ? usage.billed_units : usage.tokens;
  if (!isObject(counted)) return null;
  const input = numberOf(counted.input_tokens);
  const output = numberOf(counted.output_tokens);
  return input === undefined && output === undefined ? null : { ...noUsage, input: input ?? 0, output: output ?? 0 };
}

/** Takes the answer of /v2/chat and the call; returns a chat completion. Throws upstream_*. */
export function chatAnswer(body: JsonValue, call: Call): JsonObject {
  if (!isObject(body) || !isObject(body.message)) throw garbled('cohere', 'an answer without a message');
  const { message } = body;
  const calls = listOf(message.tool_calls).map((sent) => toolCall(sent, call));
  const content = (textOf(message.tool_plan) ?? '') + saidIn(message.content, 'text');
  const thought = saidIn(message.content, 'thinking');
  const finish = finishReason(body, calls.length > 0);
  const said = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...cited(message.citations),
  };
  const usage = chatUsage(body);
  return {
    id: textOf(body.id) ?? call.newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(call.now / 1000),
    model: call.upstream.model,
    choices: [{ index: 0, message: said, logprobs: null, finish_reason: finish }],
    ...(usage === null ? {} : { usage: usageToOpenAi(usage) }),
  };
}

/** Reads the stream of /v2/chat. */
export class CohereReader implements StreamReader {
  complete = false;
  readonly #call: Call;
  readonly #arguments = new Map<number, CallArguments>();
  #id: string;
  #begun = false;

  constructor(call: Call) {
    this.#call = call;
    this.#id = call.newId('chatcmpl-');
  }

  read(piece: StreamPiece): readonly ChatChunk[] {
    if (piece.data.trim() === '' || piece.data.trim() === '[DONE]') return [];
    const event = eventOf(piece.data);
    const inner = isObject(event.delta) ? event.delta : {};
    if (event.type === 'message-start') this.#id = textOf(event.id) ?? this.#id;
    if (event.type === 'message-end') return this.#ended(inner);
    const message = isObject(inner.message) ? inner.message : {};
    const delta = this.#delta(event, message);
    return Object.keys(delta).length === 0 ? [] : [this.#chunk(delta, null)];
  }

  #delta(event: JsonObject, message: JsonObject): ChatDelta {
    switch (event.type) {
      case 'content-start':
      case 'content-delta':
        return contentDelta(message.content);
      case 'tool-plan-delta':
        return spoken(textOf(message.tool_plan));
      case 'tool-call-start':
        return this.#callBegun(indexOf(event), message.tool_calls);
      case 'tool-call-delta':
        return this.#callGoesOn(indexOf(event), message.tool_calls);
      case 'tool-call-end':
        return argumentsDelta(indexOf(event), this.#argumentsAt(indexOf(event)).end());
      case 'citation-start':
        return cited(message.citations);
      default:
        return {};
    }
  }

  #callBegun(index: number, sent: JsonValue | undefined): ChatDelta {
    const { id, function: called } = toolCall(sent ?? null, this.#call);
    const begun = this.#argumentsAt(index).push(writtenIn(sent));
    const said = { name: called.name, arguments: begun };
    return { tool_calls: [{ index, id, type: 'function', function: said }] };
  }

  #callGoesOn(index: number, sent: JsonValue | undefined): ChatDelta {
    return argumentsDelta(index, this.#argumentsAt(index).push(writtenIn(sent)));
  }

  #argumentsAt(index: number): CallArguments {
    const known = this.#arguments.get(index) ?? new CallArguments();
    this.#arguments.set(index, known);
    return known;
  }

  #ended(inner: JsonObject): readonly ChatChunk[] {
    const finish = finishReason(inner, this.#arguments.size > 0);
    const usage = chatUsage(inner);
    this.complete = true;
    const last = this.#chunk({}, finish);
    return usage === null ? [last] : [last, { ...this.#frame(), choices: [], usage: usageToOpenAi(usage) }];
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

/** An event without a type is an error that came after the status was sent: `{"message": …}`. */
function eventOf(data: string): JsonObject {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw new GatewayError('upstream_garbled', { message: 'an event of the stream is not JSON', cause });
  }
  if (!isObject(event)) throw garbled('cohere', 'an event that is not an object');
  if (event.type === 'error' || (event.type === undefined && event.message !== undefined)) {
    throw failureInStream('cohere', event);
  }
  return event;
}

function indexOf(event: JsonObject): number {
  return numberOf(event.index) ?? 0;
}

function contentDelta(content: JsonValue | undefined): ChatDelta {
  if (!isObject(content)) return {};
  const thought = textOf(content.thinking) ?? '';
  return { ...spoken(textOf(content.text)), ...(thought === '' ? {} : { reasoning_content: thought }) };
}

function spoken(text: string | undefined): ChatDelta {
  return text === undefined || text === '' ? {} : { content: text };
}

function argumentsDelta(index: number, written: string): ChatDelta {
  return written === '' ? {} : { tool_calls: [{ index, function: { arguments: written } }] };
}

/** Where a source was cited: our words have no place for sources without an address. */
function cited(citations: JsonValue | undefined): { provider_specific_fields?: JsonObject } {
  const list = isObject(citations) ? [citations] : listOf(citations);
  return list.length === 0 ? {} : { provider_specific_fields: { citations: list } };
}

function saidIn(content: JsonValue | undefined, kind: 'text' | 'thinking'): string {
  if (typeof content === 'string') return kind === 'text' ? content : '';
  const parts = listOf(content).filter(isObject);
  return parts.map((part) => (part.type === kind ? (textOf(part[kind]) ?? '') : '')).join('');
}

function toolCall(sent: JsonValue, call: Call): ToolCall {
  const asked = isObject(sent) && isObject(sent.function) ? sent.function : {};
  const name = textOf(asked.name);
  if (!isObject(sent) || name === undefined) throw garbled('cohere', 'a tool call without a name');
  const written = new CallArguments();
  const text = written.push(writtenIn(sent)) + written.end();
  return { id: textOf(sent.id) ?? call.newId('call_'), type: 'function', function: { name, arguments: text } };
}

function writtenIn(sent: JsonValue | undefined): string {
  const asked = isObject(sent) && isObject(sent.function) ? sent.function : {};
  return textOf(asked.arguments) ?? '';
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR_TOXIC: 'content_filter',
  ERROR_LIMIT: 'length',
};

/** Cohere gives up with a reason of its own, and in streams with a sentence beside it. */
function finishReason({ finish_reason: sent, error }: JsonObject, calledTools: boolean): FinishReason {
  const reason = textOf(sent) ?? 'COMPLETE';
  if (reason === 'TIMEOUT') throw new GatewayError('upstream_timeout', { message: 'cohere ended with TIMEOUT' });
  if (reason === 'ERROR' || reason === 'USER_CANCEL') {
    throw failureInStream('cohere', { message: textOf(error) ?? `the answer ended with ${reason}` });
  }
  const finish = finishReasons[reason] ?? 'stop';
  return finish === 'stop' && calledTools ? 'tool_calls' : finish;
}
