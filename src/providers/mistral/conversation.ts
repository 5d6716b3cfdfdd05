// A conversation as Mistral takes it: stricter than OpenAI about ids and order. Invariant: what needs no change keeps its
// identity, so that the client's own bytes are sent. https://docs.mistral.ai/api
import { hash } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';

/** Takes the messages and whether the model thinks; returns them as Mistral takes them, or the same list. */
export function mistralMessages(messages: readonly JsonValue[], thinks: boolean): readonly JsonValue[] {
  const known = messages.map(withoutExtras);
  const spoken = known.filter((message) => !saysNothing(message)).map((message) => mended(message, thinks));
  const ordered = withBridges(spoken);
  const whole = ordered.map((message, at) => (at === ordered.length - 1 ? begun(message) : message));
  const isSame = whole.length === messages.length && whole.every((message, at) => message === messages[at]);
  return isSame ? messages : whole;
}

/** Takes the tools; returns them without the schema's own address, which Mistral would look up, or the same list. */
export function mistralTools(tools: readonly JsonValue[]): readonly JsonValue[] {
  const changed = tools.map(withoutSchemaAddress);
  return changed.every((tool, at) => tool === tools[at]) ? tools : changed;
}

function withoutSchemaAddress(tool: JsonValue): JsonValue {
  if (!isObject(tool) || !isObject(tool.function) || !isObject(tool.function.parameters)) return tool;
  const { $schema, $id, ...parameters } = tool.function.parameters;
  if ($schema === undefined && $id === undefined) return tool;
  return { ...tool, function: { ...tool.function, parameters } };
}

/**
 * What answers of OpenAI's and of ours have beside their words; clients send it back with them, and Mistral answers 422
 * "extra_forbidden" (https://github.com/BerriAI/litellm/issues/30835).
 */
const extras = ['refusal', 'annotations', 'audio', 'function_call', 'images', 'provider_specific_fields'] as const;

/** A refusal was said all the same. */
function withoutExtras(message: JsonValue): JsonValue {
  if (!isObject(message)) return message;
  const isIdle = message.role !== 'assistant' && message.tool_calls !== undefined;
  if (!isIdle && extras.every((field) => message[field] === undefined)) return message;
  const { refusal, annotations, audio, function_call, images, provider_specific_fields, ...known } = message;
  const { tool_calls: none, ...said } = known;
  const words = textOf(refusal) ?? '';
  const spoken = words !== '' && !textOf(known.content) ? { content: words } : {};
  return { ...(isIdle ? said : known), ...spoken };
}

/** Mistral refuses an assistant who neither speaks nor calls. */
function saysNothing(message: JsonValue): boolean {
  if (!isObject(message) || message.role !== 'assistant') return false;
  const { content } = message;
  const isEmpty = content === undefined || content === null || content === '' || isEmptyList(content);
  return isEmpty && listOf(message.tool_calls).length === 0;
}

function isEmptyList(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 0;
}

function mended(message: JsonValue, thinks: boolean): JsonValue {
  if (!isObject(message)) return message;
  return withThinking(withIds(message), thinks);
}

function withIds(message: JsonObject): JsonObject {
  const id = textOf(message.tool_call_id);
  const answers = id === undefined || isFit(id) ? message : { ...message, tool_call_id: fitId(id) };
  const calls = listOf(message.tool_calls);
  const changed = calls.map(withId);
  return changed.every((call, at) => call === calls[at]) ? answers : { ...answers, tool_calls: changed };
}

function withId(call: JsonValue): JsonValue {
  const id = isObject(call) ? textOf(call.id) : undefined;
  return !isObject(call) || id === undefined || isFit(id) ? call : { ...call, id: fitId(id) };
}

function isFit(id: string): boolean {
  return /^[a-zA-Z0-9]{9}$/.test(id);
}

/** Nine letters or digits, the same ones for the same id, so that a call and its result still belong together. */
function fitId(id: string): string {
  return hash('sha256', id, 'hex').slice(0, 9);
}

/** Reasoning of earlier turns is a part of the content; models that do not think refuse it. */
function withThinking(message: JsonObject, thinks: boolean): JsonObject {
  const { reasoning_content: thought, ...said } = message;
  if (thought === undefined) return message;
  if (!thinks || typeof thought !== 'string' || thought === '') return said;
  const thinking = { type: 'thinking', thinking: [{ type: 'text', text: thought }] };
  return { ...said, content: [thinking, ...partsOf(said.content)] };
}

function partsOf(content: JsonValue | undefined): readonly JsonValue[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return listOf(content);
}

/** What stands for the assistant who was interrupted: Mistral takes no user right after a tool, and no empty assistant. */
const bridge: JsonObject = { role: 'assistant', content: 'OK' };

function withBridges(messages: readonly JsonValue[]): readonly JsonValue[] {
  return messages.flatMap((message, at) =>
    roleOf(message) === 'user' && roleOf(messages[at - 1]) === 'tool' ? [bridge, message] : [message],
  );
}

function roleOf(message: JsonValue | undefined): JsonValue | undefined {
  return isObject(message) ? message.role : undefined;
}

/** A last message of the assistant's is the beginning of the answer, and must be called so. */
function begun(message: JsonValue): JsonValue {
  if (!isObject(message) || message.role !== 'assistant' || message.prefix !== undefined) return message;
  return listOf(message.tool_calls).length > 0 ? message : { ...message, prefix: true };
}
