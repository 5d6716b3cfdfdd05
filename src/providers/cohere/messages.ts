// A conversation in Cohere's words: what is said before a tool call is a plan, thinking is a part of its own.
// https://docs.cohere.com/reference/chat
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { invalid } from '../unsupported.ts';

/**
 * Takes messages in our words and whether the model thinks (others refuse thinking of earlier turns); returns them in
 * Cohere's. Throws field_invalid, field_unsupported, naming the place.
 */
export function cohereMessages(messages: readonly JsonValue[], thinks: boolean): JsonObject[] {
  return messages.map((message, at) => {
    if (!isObject(message)) throw invalid(`messages[${at}]`, 'must be an object');
    return cohereMessage(message, `messages[${at}]`, thinks);
  });
}

function cohereMessage(message: JsonObject, place: string, thinks: boolean): JsonObject {
  const parts = partsOf(message.content, `${place}.content`);
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: contentOf(parts, place, ['text']) };
    case 'user':
      return { role: 'user', content: contentOf(parts, place, ['text', 'image_url']) };
    case 'assistant':
      return assistantMessage(message, parts, place, thinks);
    case 'tool':
      return toolMessage(message, parts, place);
    default:
      throw invalid(`${place}.role`, 'must be system, developer, user, assistant or tool');
  }
}

function partsOf(content: JsonValue | undefined, place: string): string | readonly JsonValue[] {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string' || Array.isArray(content)) return content;
  throw invalid(place, 'must be a text or a list of parts');
}

type Kind = 'text' | 'image_url' | 'document';

function contentOf(parts: string | readonly JsonValue[], place: string, kinds: readonly Kind[]): JsonValue {
  if (typeof parts === 'string') return parts;
  return parts.map((part, at) => contentPart(part, `${place}.content[${at}]`, kinds));
}

function contentPart(part: JsonValue, place: string, kinds: readonly Kind[]): JsonObject {
  if (typeof part === 'string') return { type: 'text', text: part };
  if (!isObject(part)) throw invalid(place, 'must be an object');
  const kind = kinds.find((one) => one === part.type);
  if (kind === 'text') return { type: 'text', text: textOf(part.text) ?? '' };
  if (kind === 'image_url') return { type: 'image_url', image_url: image(part.image_url, `${place}.image_url`) };
  if (kind === 'document') return { type: 'document', document: part.document };
  throw new GatewayError('field_unsupported', {
    field: place,
    message: `${place}: Cohere takes ${kinds.join(', ')} here, not ${textOf(part.type) ?? 'this'}`,
  });
}

function image(sent: JsonValue | undefined, place: string): JsonObject {
  if (typeof sent === 'string') return { url: sent };
  if (isObject(sent) && typeof sent.url === 'string') return sent;
  throw invalid(place, 'must carry a url');
}

/** Beside calls the text is the plan, which is where Cohere's models say it. */
function assistantMessage(
  message: JsonObject,
  parts: string | readonly JsonValue[],
  place: string,
  thinks: boolean,
): JsonObject {
  const said = saidText(parts, place) || (textOf(message.refusal) ?? '');
  const thought = thinks ? (textOf(message.reasoning_content) ?? '') : '';
  const thinking = thought === '' ? [] : [{ type: 'thinking', thinking: thought }];
  const calls = listOf(message.tool_calls).map((call, at) => toolCall(call, `${place}.tool_calls[${at}]`));
  if (calls.length > 0) {
    const content = thinking.length === 0 ? {} : { content: thinking };
    return { role: 'assistant', ...content, ...(said === '' ? {} : { tool_plan: said }), tool_calls: calls };
  }
  if (thinking.length === 0) return { role: 'assistant', content: said };
  return { role: 'assistant', content: [...thinking, { type: 'text', text: said }] };
}

function saidText(parts: string | readonly JsonValue[], place: string): string {
  if (typeof parts === 'string') return parts;
  return parts
    .map((part, at) => {
      const text = isObject(part) ? (textOf(part.text) ?? textOf(part.refusal)) : textOf(part);
      if (text === undefined) throw invalid(`${place}.content[${at}]`, 'must be a text part');
      return text;
    })
    .join('');
}

function toolCall(call: JsonValue, place: string): JsonObject {
  const asked = isObject(call) && isObject(call.function) ? call.function : {};
  const name = textOf(asked.name);
  if (!isObject(call) || name === undefined) throw invalid(place, 'must be a call of a function by name');
  const written = textOf(asked.arguments)?.trim() || '{}';
  return { id: call.id, type: 'function', function: { name, arguments: written } };
}

function toolMessage(message: JsonObject, parts: string | readonly JsonValue[], place: string): JsonObject {
  const id = textOf(message.tool_call_id);
  if (id === undefined) throw invalid(`${place}.tool_call_id`, 'must be the id of a call');
  return { role: 'tool', tool_call_id: id, content: contentOf(parts, place, ['text', 'document']) };
}
