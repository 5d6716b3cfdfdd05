// What a model said, in one form: text as text, reasoning as `reasoning_content`. Used for messages and for deltas alike.
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';

/**
 * Takes a message or delta of an answer; returns it with content lists as text (Mistral's thinking models answer in parts:
 * https://docs.mistral.ai/capabilities/reasoning) and reasoning as `reasoning_content` (Groq, OpenRouter, Together and newer
 * vLLM say `reasoning`). What needs no change keeps its identity; fields we do not know stay.
 */
export function mendContent(said: JsonObject): JsonObject {
  return withReasoningContent(Array.isArray(said.content) ? withoutParts(said, said.content) : said);
}

function withoutParts(said: JsonObject, parts: readonly JsonValue[]): JsonObject {
  const text = textOfParts(parts, 'text');
  const thinking = textOfParts(parts, 'thinking');
  const heard = { ...said, content: text === '' && thinking !== '' ? null : text };
  return thinking === '' ? heard : { ...heard, reasoning_content: thinking };
}

/** The text of the parts of one type; a thinking part holds parts itself. */
function textOfParts(parts: readonly JsonValue[], type: 'text' | 'thinking'): string {
  return parts.map((part) => (isObject(part) && part.type === type ? textOfPart(part[type]) : '')).join('');
}

function textOfPart(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return listOf(value)
    .map((inner) => (isObject(inner) && typeof inner.text === 'string' ? inner.text : ''))
    .join('');
}

function withReasoningContent(said: JsonObject): JsonObject {
  if (typeof said.reasoning_content === 'string') return said;
  if (typeof said.reasoning === 'string') return { ...said, reasoning_content: said.reasoning };
  if (said.reasoning_content === undefined) return said;
  const { reasoning_content: nothing, ...rest } = said;
  return rest;
}
