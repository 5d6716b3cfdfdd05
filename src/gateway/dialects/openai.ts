// OpenAI's chat dialect. Our words are OpenAI's, so reading and writing are the identity with checks: a body that passes
// is handed on as the same object, and every answer carries the fields that OpenAI's published schema requires.
import type { ChatChunk, ChatChunkChoice } from '../../core/chat.ts';
import type { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import { writeEvent } from '../../kit/sse.ts';
import type { AnswerContext, Dialect, StreamEncoder } from './dialect.ts';
import { checkConversation, checkKinds, invalid, type Kinds, missing, wrongDialect } from './fields.ts';

const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);

const kinds: Kinds = new Map([
  ['stream', 'boolean'],
  ['stream_options', 'object'],
  ['temperature', 'number'],
  ['top_p', 'number'],
  ['max_tokens', 'integer'],
  ['max_completion_tokens', 'integer'],
  ['n', 'integer'],
  ['presence_penalty', 'number'],
  ['frequency_penalty', 'number'],
  ['logprobs', 'boolean'],
  ['top_logprobs', 'integer'],
  ['seed', 'integer'],
  ['tools', 'list'],
  ['functions', 'list'],
  ['parallel_tool_calls', 'boolean'],
  ['response_format', 'object'],
  ['logit_bias', 'object'],
  ['user', 'string'],
] as const);

export const openai: Dialect = {
  name: 'openai',
  decode,
  encode,
  encoder,
  encodeError,
  streamError,
  ping: ': ping\n\n',
};

function decode(body: JsonObject): JsonObject {
  if (body.system !== undefined) throw anthropicWord('system');
  const messages = checkConversation(body);
  messages.forEach(checkMessage);
  checkKinds(body, kinds);
  listOf(body.tools).forEach(checkTool);
  const stop = body.stop;
  if (stop !== undefined && stop !== null && typeof stop !== 'string' && !isListOfText(stop)) {
    throw invalid('stop', 'a string or a list of strings');
  }
  return body;
}

/** Where it stands is put into words only for a refusal: a long conversation has many messages, and all are right. */
function checkMessage(message: JsonObject, index: number): void {
  const at = (field: string): string => `messages[${index}].${field}`;
  if (!roles.has(String(message.role))) throw invalid(at('role'), `one of ${[...roles].join(', ')}`);
  if (message.role === 'tool' && message.tool_call_id === undefined) throw missing(at('tool_call_id'));
  const content = message.content;
  if (content === undefined || content === null) {
    if (message.role !== 'assistant' && message.role !== 'function') throw missing(at('content'));
  } else if (Array.isArray(content)) {
    for (const [position, part] of content.entries()) checkPart(part, at(`content[${position}]`));
  } else if (typeof content !== 'string') throw invalid(at('content'), 'a string or a list of parts');
  if (message.tool_calls !== undefined) checkCalls(message.tool_calls, at('tool_calls'));
}

function checkPart(part: JsonValue, at: string): void {
  if (!isObject(part)) throw invalid(at, 'an object');
  if (part.type === undefined) throw missing(`${at}.type`);
  if (part.type === 'tool_use' || part.type === 'tool_result') throw anthropicWord(`${at}.type`);
  if (part.type === 'text' && typeof part.text !== 'string') throw invalid(`${at}.text`, 'a string');
}

function checkCalls(calls: JsonValue, at: string): void {
  if (calls === null) return;
  if (!Array.isArray(calls)) throw invalid(at, 'a list');
  calls.forEach((call, position) => {
    if (!isObject(call)) throw invalid(`${at}[${position}]`, 'an object');
  });
}

function checkTool(tool: JsonValue, index: number): void {
  const at = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(at, 'an object');
  if (tool.input_schema !== undefined && tool.function === undefined) throw anthropicWord(`${at}.input_schema`);
  if (tool.type === 'function' && !isObject(tool.function)) throw missing(`${at}.function`);
}

function isListOfText(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function anthropicWord(field: string): GatewayError {
  return wrongDialect(field, 'Anthropic', '/v1/messages');
}

/** Fills in what OpenAI's schema requires and other providers leave out: refusal, logprobs, content. */
function encode(answer: JsonObject): JsonObject {
  const choices = listOf(answer.choices);
  if (choices.every(isFull)) return answer;
  return { ...answer, choices: choices.map((choice) => (isObject(choice) ? filled(choice) : choice)) };
}

function isFull(choice: JsonValue): boolean {
  if (!isObject(choice) || choice.logprobs === undefined) return false;
  return isObject(choice.message) && choice.message.refusal !== undefined && choice.message.content !== undefined;
}

function filled(choice: JsonObject): JsonObject {
  const message = isObject(choice.message) ? choice.message : {};
  return { logprobs: null, ...choice, message: { content: null, refusal: null, ...message } };
}

/** Usage is held back until the end: one last chunk with `choices: []`, and only for a client that asked for it. */
function encoder(context: AnswerContext): StreamEncoder {
  let last: ChatChunk | null = null;
  let usage: JsonObject | null = null;
  return {
    write(chunk) {
      if (isObject(chunk.usage)) usage = chunk.usage;
      last = chunk;
      if (chunk.choices.length === 0) return '';
      return writeEvent(JSON.stringify({ ...chunk, usage: undefined, choices: chunk.choices.map(filledDelta) }));
    },
    end() {
      const closing = 'data: [DONE]\n\n';
      if (!context.includeUsage || usage === null || last === null) return closing;
      const { id, object, created, model } = last;
      return writeEvent(JSON.stringify({ id, object, created, model, choices: [], usage })) + closing;
    },
  };
}

function filledDelta(choice: ChatChunkChoice): JsonObject {
  return {
    ...choice,
    index: choice.index ?? 0,
    delta: choice.delta ?? {},
    finish_reason: choice.finish_reason ?? null,
  };
}

function encodeError(error: GatewayError, requestId: string): JsonObject {
  return {
    error: {
      message: error.message,
      type: error.type,
      param: error.field ?? null,
      code: String(error.status),
      reason: error.code,
      request_id: requestId,
    },
  };
}

/** OpenAI's clients throw on an event that carries `error`; like LiteLLM's, such a stream has no [DONE]. */
function streamError(error: GatewayError, requestId: string): string {
  return writeEvent(JSON.stringify(encodeError(error, requestId)));
}
