// A conversation in Ollama's words: texts flattened, images as bare base64, tool arguments as objects.
// https://docs.ollama.com/api/chat
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { invalid } from '../unsupported.ts';
import { given } from './options.ts';

/** Takes messages in our words; returns them in Ollama's. Throws field_invalid, field_unsupported, naming the place. */
export function ollamaMessages(messages: readonly JsonValue[]): JsonObject[] {
  const toolNames = new Map<string, string>();
  return messages.map((message, at) => {
    if (!isObject(message)) throw invalid(`messages[${at}]`, 'must be an object');
    return ollamaMessage(message, `messages[${at}]`, toolNames);
  });
}

/** `toolNames` remembers which call had which name, because Ollama's tool answers carry the name. */
function ollamaMessage(message: JsonObject, place: string, toolNames: Map<string, string>): JsonObject {
  const { text, images } = flattened(message.content, `${place}.content`);
  const common = given({ role: roleOf(message.role, place), content: text, images: images.length > 0 ? images : null });
  if (common.role === 'tool') {
    const id = textOf(message.tool_call_id);
    return { ...common, ...given({ tool_name: textOf(message.name) ?? toolNames.get(id ?? ''), tool_call_id: id }) };
  }
  if (common.role !== 'assistant') return common;
  const calls = listOf(message.tool_calls).map((call, at) => toolCall(call, `${place}.tool_calls[${at}]`, toolNames));
  return {
    ...common,
    ...given({ thinking: textOf(message.reasoning_content), tool_calls: calls.length > 0 ? calls : null }),
  };
}

function roleOf(role: JsonValue | undefined, place: string): string {
  const text = textOf(role);
  if (text === undefined) throw invalid(`${place}.role`, 'must be a text');
  if (text === 'developer') return 'system';
  return text === 'function' ? 'tool' : text;
}

interface Flattened {
  readonly text: string;
  readonly images: readonly string[];
}

function flattened(content: JsonValue | undefined, place: string): Flattened {
  if (content === undefined || content === null) return { text: '', images: [] };
  if (typeof content === 'string') return { text: content, images: [] };
  if (!Array.isArray(content)) throw invalid(place, 'must be a text or a list of parts');
  const texts: string[] = [];
  const images: string[] = [];
  listOf(content).forEach((part, at) => {
    takePart(part, `${place}[${at}]`, texts, images);
  });
  return { text: texts.join('\n'), images };
}

function takePart(part: JsonValue, place: string, texts: string[], images: string[]): void {
  if (typeof part === 'string') {
    texts.push(part);
    return;
  }
  if (!isObject(part)) throw invalid(place, 'must be an object');
  const text = textOf(part.text) ?? textOf(part.refusal);
  if (part.type === 'image_url') images.push(imageBytes(part.image_url, `${place}.image_url`));
  else if (text !== undefined) texts.push(text);
  else throw refused(place, `Ollama takes text and images, not ${textOf(part.type) ?? 'this'}`);
}

function imageBytes(image: JsonValue | undefined, place: string): string {
  const url = textOf(isObject(image) ? image.url : image);
  if (url === undefined) throw invalid(place, 'must carry a url');
  const base64 = /^data:[^,]*;base64,(.+)$/s.exec(url)?.[1];
  if (base64 !== undefined) return base64;
  throw refused(place, 'Ollama does not fetch images; send the image itself as a data: URL in base64');
}

function refused(field: string, why: string): GatewayError {
  return new GatewayError('field_unsupported', { field, message: `${field}: ${why}` });
}

function toolCall(call: JsonValue, place: string, toolNames: Map<string, string>): JsonObject {
  const asked = isObject(call) && isObject(call.function) ? call.function : {};
  const name = textOf(asked.name);
  if (!isObject(call) || name === undefined) throw invalid(place, 'must be a call of a function by name');
  const id = textOf(call.id);
  if (id !== undefined) toolNames.set(id, name);
  return given({ id, function: { name, arguments: argumentsOf(asked.arguments, `${place}.function.arguments`) } });
}

function argumentsOf(text: JsonValue | undefined, place: string): JsonObject {
  if (isObject(text)) return text;
  if (text === undefined || text === null || text === '') return {};
  const parsed = parsedJson(text);
  if (isObject(parsed)) return parsed;
  throw invalid(place, 'must be the text of a JSON object');
}

function parsedJson(text: JsonValue): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    // What is no JSON is no object either, and the caller says so.
    return undefined;
  }
}
