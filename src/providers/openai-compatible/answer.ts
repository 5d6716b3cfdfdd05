// Whole answers of servers that claim OpenAI's dialect, brought to the shape OpenAI documents. Invariant: an answer that is
// right keeps its identity, so its bytes can pass as they came.
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { askedDimensions, askedEncoding, base64OfVector } from '../embedding.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { finishReasonOf } from './finish-reason.ts';
import { mendContent } from './message-content.ts';
import { argumentsText } from './tool-calls.ts';
import { reportedUsage } from './usage.ts';

/** Takes the provider's name, a chat answer and the call; returns the answer put right. Throws upstream_*. */
export function mendChatAnswer(provider: string, body: JsonValue, call: Call): JsonObject {
  const answer = wellMeant(provider, body);
  const sent = choicesOf(provider, answer);
  const choices = sent.map((choice, at) => mendChatChoice(isObject(choice) ? choice : {}, at, call));
  return mendEnvelope(answer, sent, choices, { object: 'chat.completion', idPrefix: 'chatcmpl-' }, call);
}

/** Takes the provider's name, a text completion and the call; returns it put right. Throws upstream_*. */
export function mendCompletionAnswer(provider: string, body: JsonValue, call: Call): JsonObject {
  const answer = wellMeant(provider, body);
  const sent = choicesOf(provider, answer);
  const choices = sent.map((choice, at) => mendTextChoice(isObject(choice) ? choice : {}, at));
  return mendEnvelope(answer, sent, choices, { object: 'text_completion', idPrefix: 'cmpl-' }, call);
}

/**
 * Takes the provider's name, an embedding answer and the request; returns vectors in the encoding that was asked for,
 * whatever the server made of `encoding_format`. Throws field_invalid when their width is not the one asked for.
 */
export function mendEmbeddingAnswer(provider: string, body: JsonValue, request: JsonObject): JsonObject {
  const answer = wellMeant(provider, body);
  if (!Array.isArray(answer.data)) throw garbled(provider, 'an embedding answer without data');
  const sent: readonly JsonValue[] = answer.data;
  const data = sent.map((entry) => mendVector(provider, entry, request));
  return data.every((entry, at) => entry === sent[at]) ? answer : { ...answer, data };
}

/** Some answer 200 with an error inside (OpenRouter, Mistral's older gateways). */
function wellMeant(provider: string, body: JsonValue): JsonObject {
  if (!isObject(body)) throw garbled(provider, 'the answer is not a JSON object');
  if (isObject(body.error) || (typeof body.error === 'string' && body.error !== '')) {
    throw failureInStream(provider, body.error);
  }
  if (body.object === 'error') throw failureInStream(provider, body);
  return body;
}

function choicesOf(provider: string, answer: JsonObject): readonly JsonValue[] {
  if (!Array.isArray(answer.choices)) throw garbled(provider, 'an answer without choices');
  const broken = answer.choices.find((choice) => isObject(choice) && isObject(choice.error));
  if (isObject(broken) && isObject(broken.error)) throw failureInStream(provider, broken.error);
  return answer.choices;
}

function mendEnvelope(
  answer: JsonObject,
  sent: readonly JsonValue[],
  choices: readonly JsonObject[],
  shape: { readonly object: string; readonly idPrefix: string },
  call: Call,
): JsonObject {
  const usage = reportedUsage(answer);
  const right =
    typeof answer.id === 'string' &&
    typeof answer.created === 'number' &&
    typeof answer.model === 'string' &&
    answer.object === shape.object &&
    choices.every((choice, at) => choice === sent[at]) &&
    (usage === null || usage === answer.usage);
  if (right) return answer;
  const { usage: reported, ...rest } = answer;
  return {
    ...rest,
    id: textOf(answer.id) ?? call.newId(shape.idPrefix),
    object: shape.object,
    created: numberOf(answer.created) ?? Math.floor(call.now / 1_000),
    model: textOf(answer.model) ?? call.upstream.model,
    choices,
    ...(usage === null ? {} : { usage }),
  };
}

function mendChatChoice(choice: JsonObject, at: number, call: Call): JsonObject {
  const index = numberOf(choice.index) ?? at;
  const message = mendMessage(isObject(choice.message) ? choice.message : {}, call);
  const reason = endOf(choice.finish_reason, message);
  const right = choice.index === index && choice.message === message && choice.finish_reason === reason;
  return right ? choice : { ...choice, index, message, finish_reason: reason };
}

/** A whole answer has ended, so it has a reason; `function_call` stays when the older `functions` were used. */
function endOf(sent: JsonValue | undefined, message: JsonObject): string {
  if (sent === 'function_call' && isObject(message.function_call)) return sent;
  const calledTool = message.tool_calls !== undefined;
  return finishReasonOf(sent, calledTool) ?? (calledTool ? 'tool_calls' : 'stop');
}

function mendMessage(sent: JsonObject, call: Call): JsonObject {
  const message = withToolCalls(mendContent(sent), call);
  if (message.role === 'assistant' && message.content !== undefined) return message;
  return { ...message, role: 'assistant', content: message.content ?? null };
}

function withToolCalls(message: JsonObject, call: Call): JsonObject {
  if (message.tool_calls === undefined) return message;
  const { tool_calls: sent, ...rest } = message;
  const given = listOf(sent);
  if (given.length === 0) return rest;
  const calls = given.map((toolCall) => mendToolCall(isObject(toolCall) ? toolCall : {}, call));
  return calls.every((toolCall, at) => toolCall === given[at]) ? message : { ...rest, tool_calls: calls };
}

function mendToolCall(toolCall: JsonObject, call: Call): JsonObject {
  // Calls of OpenAI's custom tools (type `custom`) are not functions and stay as they are.
  if (isObject(toolCall.custom)) return toolCall;
  const called = isObject(toolCall.function) ? toolCall.function : {};
  const hasId = typeof toolCall.id === 'string' && toolCall.id !== '';
  const right = hasId && toolCall.type === 'function' && typeof called.arguments === 'string';
  if (right && typeof called.name === 'string') return toolCall;
  return {
    ...toolCall,
    id: hasId ? toolCall.id : call.newId('call_'),
    type: 'function',
    function: { ...called, name: textOf(called.name) ?? '', arguments: argumentsText(called.arguments) },
  };
}

function mendTextChoice(choice: JsonObject, at: number): JsonObject {
  const index = numberOf(choice.index) ?? at;
  const reason = finishReasonOf(choice.finish_reason, false) ?? 'stop';
  return choice.index === index && choice.finish_reason === reason
    ? choice
    : { ...choice, index, finish_reason: reason };
}

function mendVector(provider: string, entry: JsonValue, request: JsonObject): JsonValue {
  if (!isObject(entry)) throw garbled(provider, 'an embedding that is not an object');
  const encoding = askedEncoding(request);
  checkWidth(provider, entry.embedding, request);
  if (typeof entry.embedding === 'string') {
    return encoding === 'base64' ? entry : { ...entry, embedding: vectorOfBase64(entry.embedding) };
  }
  if (encoding === 'float') return entry;
  return { ...entry, embedding: base64OfVector(listOf(entry.embedding).filter((value) => typeof value === 'number')) };
}

/** A server that ignores `dimensions` would hand out vectors that do not fit the index they are meant for. */
function checkWidth(provider: string, vector: JsonValue | undefined, request: JsonObject): void {
  const width = widthOf(vector);
  if (width === undefined) throw garbled(provider, 'an embedding that is neither numbers nor base64');
  const asked = askedDimensions(request);
  if (asked !== undefined && asked !== width) {
    throw invalid('dimensions', `the model cannot give ${asked} dimensions; its vectors have ${width}`);
  }
}

function widthOf(vector: JsonValue | undefined): number | undefined {
  if (typeof vector === 'string') return Buffer.byteLength(vector, 'base64') / 4;
  return Array.isArray(vector) && vector.every((value) => typeof value === 'number') ? vector.length : undefined;
}

function vectorOfBase64(text: string): readonly number[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4));
}
