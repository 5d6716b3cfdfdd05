// Ollama's answers in our words, whole and streamed. A stream is lines of JSON; the last says `done: true` and carries the
// tokens. https://docs.ollama.com/api/chat https://docs.ollama.com/api/streaming
import type { ChatChunk, ChatDelta, FinishReason, ToolCall } from '../../core/chat.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { noUsage, type Usage, usageToOpenAi } from '../../core/usage.ts';
import { embeddingAnswer } from '../embedding.ts';
import type { Call, StreamPiece, StreamReader } from '../provider.ts';
import { failureInStream } from '../upstream-failure.ts';
import { given } from './options.ts';
import { type Split, ThinkTags } from './think-tags.ts';

/** Takes an answer or a stream's last line; returns its tokens, or null when it reports none. */
export function ollamaUsage(body: JsonObject): Usage | null {
  const input = numberOf(body.prompt_eval_count);
  const output = numberOf(body.eval_count);
  if (input === undefined && output === undefined) return null;
  return {
    ...noUsage,
    input: input ?? 0,
    output: output ?? 0,
    cacheRead: numberOf(body.prompt_eval_cached_count) ?? 0,
  };
}

/** Takes the answer of /api/chat and the call; returns a chat completion. Throws upstream_garbled, upstream_failed. */
export function chatAnswer(body: JsonValue, call: Call): JsonObject {
  const answer = answerOf(body);
  if (!isObject(answer.message)) throw garbled('an answer without a message');
  const split = wholeSplit(answer.message);
  const calls = toolCalls(answer.message, call);
  const message = {
    role: 'assistant',
    content: split.content === '' && calls.length > 0 ? null : split.content,
    ...(split.reasoning === '' ? {} : { reasoning_content: split.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...timings(answer),
  };
  return completed(answer, message, call);
}

/**
 * Takes the answer of /api/generate and the call; returns it as a chat completion, as the stream is: our words have no other
 * for a text that a model wrote. Throws upstream_garbled, upstream_failed.
 */
export function completionAnswer(body: JsonValue, call: Call): JsonObject {
  const answer = answerOf(body);
  const content = textOf(answer.response);
  if (content === undefined) throw garbled('an answer without a response');
  return completed(answer, { role: 'assistant', content, ...timings(answer) }, call);
}

function completed(answer: JsonObject, message: JsonObject, call: Call): JsonObject {
  const usage = ollamaUsage(answer);
  const finish = finishReason(answer, listOf(message.tool_calls).length > 0);
  return {
    id: call.newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(call.now / 1000),
    model: textOf(answer.model) ?? call.upstream.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    ...(usage === null ? {} : { usage: usageToOpenAi(usage) }),
  };
}

/** Takes the answer of /api/embed, the call and the request; returns OpenAI's embedding list. Throws as embeddingAnswer. */
export function vectorsAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  const answer = answerOf(body);
  const model = textOf(answer.model) ?? call.upstream.model;
  const answered = { vectors: listOf(answer.embeddings), model, usage: ollamaUsage(answer) };
  return embeddingAnswer(answered, call, request);
}

/** Reads the stream of /api/chat, or of /api/generate when asked for texts: both become chat chunks. */
export class OllamaReader implements StreamReader {
  complete = false;
  readonly #call: Call;
  readonly #texts: boolean;
  readonly #id: string;
  readonly #think = new ThinkTags();
  /** The model has a thinking field of its own (or no chat template), so tags are the text of the answer. */
  #plain: boolean;
  #begun = false;
  #toolCalls = 0;

  constructor(call: Call, kind: 'chat' | 'texts') {
    this.#call = call;
    this.#texts = kind === 'texts';
    this.#plain = this.#texts;
    this.#id = call.newId('chatcmpl-');
  }

  read(piece: StreamPiece): readonly ChatChunk[] {
    const line = answerOf(parsedLine(piece.data));
    const last = line.done === true;
    const delta = this.#delta(line, last);
    const chunks: ChatChunk[] = [];
    if (last || Object.keys(delta).length > 0) chunks.push(this.#chunk(line, delta, last));
    const usage = last ? ollamaUsage(line) : null;
    if (usage !== null) chunks.push({ ...this.#frame(line), choices: [], usage: usageToOpenAi(usage) });
    this.complete ||= last;
    return chunks;
  }

  #delta(line: JsonObject, last: boolean): ChatDelta {
    const message = this.#texts ? { content: line.response } : isObject(line.message) ? line.message : {};
    const split = this.#split(message, last);
    const calls = toolCalls(message, this.#call).map((call) => ({ index: this.#toolCalls++, ...call }));
    return {
      ...(split.reasoning === '' ? {} : { reasoning_content: split.reasoning }),
      ...(split.content === '' ? {} : { content: split.content }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(last ? timings(line) : {}),
    };
  }

  #split(message: JsonObject, last: boolean): Split {
    const reasoning = textOf(message.thinking) ?? '';
    const content = textOf(message.content) ?? '';
    this.#plain ||= reasoning !== '';
    if (this.#plain) return { reasoning, content };
    const pieces = [this.#think.push(content), ...(last ? [this.#think.end()] : [])];
    return joined(pieces);
  }

  #chunk(line: JsonObject, delta: ChatDelta, last: boolean): ChatChunk {
    const role = this.#begun ? {} : { role: 'assistant' };
    this.#begun = true;
    const finish = last ? finishReason(line, this.#toolCalls > 0) : null;
    return { ...this.#frame(line), choices: [{ index: 0, delta: { ...role, ...delta }, finish_reason: finish }] };
  }

  #frame(line: JsonObject): Pick<ChatChunk, 'id' | 'object' | 'created' | 'model'> {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: Math.floor(this.#call.now / 1000),
      model: textOf(line.model) ?? this.#call.upstream.model,
    };
  }
}

function parsedLine(data: string): JsonValue {
  try {
    return JSON.parse(data) as JsonValue;
  } catch (cause) {
    throw new GatewayError('upstream_garbled', { message: 'a line of the stream is not JSON', cause });
  }
}

/** The answer as an object; an `error` in it is thrown, whatever the status was. */
function answerOf(body: JsonValue): JsonObject {
  if (!isObject(body)) throw garbled('an answer that is not an object');
  if (body.error !== undefined) throw failureInStream('ollama', body.error);
  return body;
}

function wholeSplit(message: JsonObject): Split {
  const reasoning = textOf(message.thinking) ?? '';
  const content = textOf(message.content) ?? '';
  if (reasoning !== '') return { reasoning, content };
  const tags = new ThinkTags();
  return joined([tags.push(content), tags.end()]);
}

function joined(pieces: readonly Split[]): Split {
  return {
    reasoning: pieces.map((piece) => piece.reasoning).join(''),
    content: pieces.map((piece) => piece.content).join(''),
  };
}

/** Ollama sends each call whole, its arguments as an object. */
function toolCalls(message: JsonObject, call: Call): ToolCall[] {
  return listOf(message.tool_calls).map((sent) => {
    const asked = isObject(sent) && isObject(sent.function) ? sent.function : {};
    const name = textOf(asked.name);
    if (!isObject(sent) || name === undefined) throw garbled('a tool call without a name');
    const text = textOf(asked.arguments) ?? JSON.stringify(asked.arguments ?? {});
    return { id: textOf(sent.id) ?? call.newId('call_'), type: 'function', function: { name, arguments: text } };
  });
}

/** Ollama says `stop` also when it calls a tool; `load` and `unload` answer an empty conversation. */
function finishReason(line: JsonObject, calledTools: boolean): FinishReason {
  if (calledTools) return 'tool_calls';
  return line.done_reason === 'length' ? 'length' : 'stop';
}

/** Nanoseconds as Ollama measured them, for those who tune their local models. */
function timings(line: JsonObject): JsonObject {
  const { total_duration, load_duration, prompt_eval_duration, eval_duration } = line;
  const fields = given({ total_duration, load_duration, prompt_eval_duration, eval_duration });
  return Object.keys(fields).length === 0 ? {} : { provider_specific_fields: fields };
}

function garbled(message: string): GatewayError {
  return new GatewayError('upstream_garbled', { message });
}
