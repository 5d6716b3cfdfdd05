// Anthropic's messages → our words. One of theirs may become several of ours: tool results stand alone here, and images
// inside a tool result follow in a user message, since OpenAI's tool messages carry only text.
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { invalid, missing, unsupported, wrongDialect } from './fields.ts';

/** Takes Anthropic's top-level `system`; returns no or one system message. Throws field_invalid. */
export function systemMessage(system: JsonValue | undefined): JsonObject[] {
  if (system === undefined || system === null || system === '') return [];
  if (typeof system === 'string') return [{ role: 'system', content: system }];
  if (!Array.isArray(system)) throw invalid('system', 'a string or a list of text blocks');
  if (system.length === 0) return [];
  const parts = system.map((block, index) => {
    const at = `system[${index}]`;
    if (!isObject(block) || block.type !== 'text') throw invalid(at, 'a text block');
    return textPart(block, at);
  });
  return [{ role: 'system', content: plainOr(parts) }];
}

/** Takes one message and its place; returns it in our words; names what it leaves out in `dropped`. Throws field_…. */
export function decodeMessage(message: JsonObject, index: number, dropped: string[]): JsonObject[] {
  const at = `messages[${index}]`;
  if (message.tool_calls !== undefined) throw openaiWord(`${at}.tool_calls`);
  const { role, content } = message;
  if (role === 'tool' || role === 'function' || role === 'developer') throw openaiWord(`${at}.role`);
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw invalid(`${at}.role`, 'user or assistant');
  }
  if (content === undefined) throw missing(`${at}.content`);
  if (typeof content === 'string') return [{ role, content }];
  if (!Array.isArray(content)) throw invalid(`${at}.content`, 'a string or a list of blocks');
  const blocks = content.map((block, position) => checkBlock(block, `${at}.content[${position}]`));
  return role === 'assistant' ? assistantMessage(blocks, at, dropped) : userMessages(role, blocks, at, dropped);
}

function checkBlock(block: JsonValue, at: string): JsonObject {
  if (!isObject(block)) throw invalid(at, 'an object');
  if (typeof block.type !== 'string') throw missing(`${at}.type`);
  if (block.type === 'image_url' || block.type === 'input_audio' || block.type === 'file')
    throw openaiWord(`${at}.type`);
  return block;
}

function userMessages(role: string, blocks: readonly JsonObject[], at: string, dropped: string[]): JsonObject[] {
  const results: JsonObject[] = [];
  const shown: JsonObject[] = [];
  const parts: JsonObject[] = [];
  blocks.forEach((block, position) => {
    const here = `${at}.content[${position}]`;
    if (block.type === 'tool_result') {
      const { message, attachments } = toolResult(block, here, dropped);
      results.push(message);
      shown.push(...attachments);
    } else parts.push(...decodePart(block, here, dropped));
  });
  const all = [...shown, ...parts];
  return all.length === 0 ? results : [...results, { role, content: plainOr(all) }];
}

/** A tool result → a tool message, and what of it a tool message cannot hold. A failed one says so in its text. */
function toolResult(
  block: JsonObject,
  at: string,
  dropped: string[],
): { message: JsonObject; attachments: JsonObject[] } {
  const id = block.tool_use_id;
  if (typeof id !== 'string') throw missing(`${at}.tool_use_id`);
  const parts = resultParts(block.content, `${at}.content`, dropped);
  const texts = parts.filter((part) => part.type === 'text');
  const others = parts.filter((part) => part.type !== 'text');
  const text = failedText(texts.map((part) => part.text).join('\n'), block.is_error === true);
  const cache = block.cache_control ?? undefined;
  const content = cache === undefined ? text : [{ type: 'text', text, cache_control: cache }];
  const label = { type: 'text', text: `Attached to the result of tool call ${id}:` };
  return {
    message: { role: 'tool', tool_call_id: id, content },
    attachments: others.length === 0 ? [] : [label, ...others],
  };
}

function failedText(text: string, failed: boolean): string {
  return failed && !/^\W*(\w+_)?error/i.test(text) ? `Error: ${text}` : text;
}

function resultParts(content: JsonValue | undefined, at: string, dropped: string[]): JsonObject[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(at, 'a string or a list of blocks');
  return content.flatMap((block, position) => {
    const here = `${at}[${position}]`;
    return decodePart(checkBlock(block, here), here, dropped);
  });
}

function assistantMessage(blocks: readonly JsonObject[], at: string, dropped: string[]): JsonObject[] {
  const texts: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const thinking: JsonObject[] = [];
  blocks.forEach((block, position) => {
    const here = `${at}.content[${position}]`;
    if (block.type === 'tool_use') calls.push(toolCall(block, here));
    else if (block.type === 'thinking' || block.type === 'redacted_thinking') thinking.push(block);
    else texts.push(...decodePart(block, here, dropped));
  });
  if (texts.length + calls.length + thinking.length === 0) return [];
  const thought = thinking.map((block) => textOf(block.thinking) ?? '').join('');
  return [
    {
      role: 'assistant',
      content: texts.length === 0 ? (calls.length > 0 ? null : '') : joinedOr(texts),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
      ...(thought === '' ? {} : { reasoning_content: thought }),
      ...(thinking.length > 0 ? { thinking_blocks: thinking } : {}),
    },
  ];
}

function toolCall(block: JsonObject, at: string): JsonObject {
  if (typeof block.id !== 'string') throw missing(`${at}.id`);
  if (typeof block.name !== 'string') throw missing(`${at}.name`);
  const call = { name: block.name, arguments: JSON.stringify(block.input ?? {}) };
  return { id: block.id, type: 'function', function: call };
}

/** A block → our parts. Blocks of Anthropic's own tools stay behind: nobody else can read them. */
function decodePart(block: JsonObject, at: string, dropped: string[]): JsonObject[] {
  switch (block.type) {
    case 'text':
      return [textPart(block, at)];
    case 'image':
      return [withCache({ type: 'image_url', image_url: { url: imageUrl(block.source, at) } }, block)];
    case 'document':
      return documentParts(block, at, dropped);
    case 'search_result':
      return [searchPart(block, at)];
    case 'tool_use':
    case 'tool_result':
      throw invalid(`${at}.type`, block.type === 'tool_use' ? 'in an assistant message' : 'in a user message');
    default:
      dropped.push(`${at} (${String(block.type)})`);
      return [];
  }
}

function textPart(block: JsonObject, at: string): JsonObject {
  if (typeof block.text !== 'string') throw missing(`${at}.text`);
  return withCache({ type: 'text', text: block.text }, block);
}

function searchPart(block: JsonObject, at: string): JsonObject {
  const lines = listOf(block.content).map((part, index) => {
    if (!isObject(part) || typeof part.text !== 'string') throw invalid(`${at}.content[${index}]`, 'a text block');
    return part.text;
  });
  const text = [textOf(block.title), textOf(block.source), ...lines].filter((line) => line !== undefined).join('\n');
  return withCache({ type: 'text', text }, block);
}

function imageUrl(source: JsonValue | undefined, at: string): string {
  if (!isObject(source)) throw missing(`${at}.source`);
  if (source.type === 'url' && typeof source.url === 'string') return source.url;
  if (source.type === 'base64') return dataUrl(source, at);
  if (source.type === 'file') throw unsupported(`${at}.source`, 'only Anthropic can open a file kept by Anthropic');
  throw invalid(`${at}.source`, 'a base64 or url source');
}

function dataUrl(source: JsonObject, at: string): string {
  if (typeof source.media_type !== 'string') throw missing(`${at}.source.media_type`);
  if (typeof source.data !== 'string') throw missing(`${at}.source.data`);
  return `data:${source.media_type};base64,${source.data}`;
}

function documentParts(block: JsonObject, at: string, dropped: string[]): JsonObject[] {
  const source = block.source;
  if (!isObject(source)) throw missing(`${at}.source`);
  const title = textOf(block.title);
  const headed = (text: string) =>
    withCache({ type: 'text', text: title === undefined ? text : `${title}\n${text}` }, block);
  switch (source.type) {
    case 'base64': {
      const file = { filename: title ?? 'document.pdf', file_data: dataUrl(source, at) };
      return [withCache({ type: 'file', file }, block)];
    }
    case 'text':
      if (typeof source.data !== 'string') throw missing(`${at}.source.data`);
      return [headed(source.data)];
    case 'content':
      return resultParts(source.content, `${at}.source.content`, dropped);
    default:
      throw unsupported(`${at}.source`, `a document by ${String(source.type)} can only be opened by Anthropic`);
  }
}

function withCache(part: JsonObject, block: JsonObject): JsonObject {
  return isObject(block.cache_control) ? { ...part, cache_control: block.cache_control } : part;
}

/** A single plain text needs no list. */
function plainOr(parts: readonly JsonObject[]): JsonValue {
  const only = parts.length === 1 ? parts[0] : undefined;
  const isPlain = only !== undefined && only.type === 'text' && only.cache_control === undefined;
  return isPlain ? (textOf(only.text) ?? '') : parts;
}

/** What the assistant said is one text, cut into blocks only for citations and cache marks. */
function joinedOr(parts: readonly JsonObject[]): JsonValue {
  const isPlain = parts.every((part) => part.type === 'text' && part.cache_control === undefined);
  return isPlain ? parts.map((part) => textOf(part.text) ?? '').join('') : parts;
}

function openaiWord(field: string): Error {
  return wrongDialect(field, 'OpenAI', '/v1/chat/completions');
}
