// The messages and tools of a chat request, without what only other providers understand. Invariant: what needs no change
// keeps its identity, so that the client's own bytes are sent.
import { hash } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';

/** What a provider makes of messages and tools. */
export interface MessageFacts {
  /**
   * Extras of LiteLLM's dialect it takes back: `reasoning_content` of earlier turns, Anthropic's `cache_control`,
   * `thinking_blocks`. The others are left out: strict servers refuse the whole request because of them.
   */
  readonly keeps?: readonly ('reasoning_content' | 'thinking_blocks' | 'cache_control')[];
  /** It knows the role `developer`; elsewhere that is `system`. */
  readonly developerRole?: boolean;
  /** Content must be text: lists of text parts are joined. */
  readonly flatContent?: boolean;
  /** Which messages may have a `name`; absent: all. */
  readonly names?: 'none' | 'tools';
  /** How long the id of a call may be. Absent: as long as it likes. */
  readonly longestCallId?: number;
  /** `function.strict` of a tool is not known. */
  readonly withoutStrict?: boolean;
}

/** Takes the messages and what the provider makes of them; returns them changed, or the same list. */
export function mendMessages(messages: readonly JsonValue[], facts: MessageFacts): readonly JsonValue[] {
  return mapped(messages, (message) => (isObject(message) ? mendMessage(message, facts) : message));
}

/** Takes the tools and what the provider makes of them; returns them changed, or the same list. */
export function mendTools(tools: readonly JsonValue[], facts: MessageFacts): readonly JsonValue[] {
  return mapped(tools, (tool) => {
    if (!isObject(tool)) return tool;
    const kept = withoutCacheControl(tool, facts);
    if (!facts.withoutStrict || !isObject(kept.function) || kept.function.strict === undefined) return kept;
    return { ...kept, function: without(kept.function, 'strict') };
  });
}

/** Who says what, in a text: there is nothing in it that only some providers understand. */
function isPlain(message: JsonObject): boolean {
  for (const field in message) if (field !== 'role' && field !== 'content') return false;
  return message.role !== 'developer' && typeof message.content === 'string';
}

function mendMessage(message: JsonObject, facts: MessageFacts): JsonObject {
  if (isPlain(message)) return message;
  let mended = withoutCacheControl(message, facts);
  if (!facts.keeps?.includes('reasoning_content')) mended = without(mended, 'reasoning_content');
  if (!facts.keeps?.includes('thinking_blocks')) mended = without(mended, 'thinking_blocks');
  if (facts.names === 'none' || (facts.names === 'tools' && message.role !== 'tool')) mended = without(mended, 'name');
  if (message.role === 'developer' && !facts.developerRole) mended = { ...mended, role: 'system' };
  if (facts.longestCallId !== undefined) mended = withShortIds(mended, facts.longestCallId);
  return Array.isArray(mended.content) ? mendContentList(mended, mended.content, facts) : mended;
}

/** Ids that another model gave may be longer: Gemini's carry a signature. */
function withShortIds(message: JsonObject, longest: number): JsonObject {
  const answered = textOf(message.tool_call_id) ?? '';
  const result = answered.length > longest ? { ...message, tool_call_id: shortId(answered, longest) } : message;
  if (!Array.isArray(message.tool_calls)) return result;
  const sent = listOf(message.tool_calls);
  const calls = mapped(sent, (call) => {
    const id = isObject(call) ? (textOf(call.id) ?? '') : '';
    return isObject(call) && id.length > longest ? { ...call, id: shortId(id, longest) } : call;
  });
  return calls === sent ? result : { ...result, tool_calls: calls };
}

/** The end is a hash of the whole, so a call and its result stay together and no two become one. */
function shortId(id: string, longest: number): string {
  const mark = `_${hash('sha256', id, 'hex').slice(0, 8)}`;
  return id.slice(0, longest - mark.length) + mark;
}

function mendContentList(message: JsonObject, parts: readonly JsonValue[], facts: MessageFacts): JsonObject {
  if (facts.flatContent && parts.every(isText)) {
    return { ...message, content: parts.map((part) => part.text).join('\n') };
  }
  const kept = mapped(parts, (part) => (isObject(part) ? withoutCacheControl(part, facts) : part));
  return kept === parts ? message : { ...message, content: kept };
}

function isText(part: JsonValue): part is JsonObject & { text: string } {
  return isObject(part) && part.type === 'text' && typeof part.text === 'string';
}

function withoutCacheControl(object: JsonObject, facts: MessageFacts): JsonObject {
  return facts.keeps?.includes('cache_control') ? object : without(object, 'cache_control');
}

function without(object: JsonObject, field: string): JsonObject {
  if (object[field] === undefined) return object;
  const { [field]: left, ...rest } = object;
  return rest;
}

/** As map, but the same list when nothing was changed: a conversation is long, and nearly always right as it is. */
function mapped(list: readonly JsonValue[], change: (value: JsonValue) => JsonValue): readonly JsonValue[] {
  let changed: JsonValue[] | null = null;
  listOf(list).forEach((value, at) => {
    const next = change(value);
    if (next === value) return;
    changed ??= [...list];
    changed[at] = next;
  });
  return changed ?? list;
}
