// Parts of a message in our words → Anthropic's content blocks. https://docs.anthropic.com/en/api/messages
import { isObject, type JsonObject, type JsonValue, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';

/** Blocks of Anthropic's own that a client may put among OpenAI's parts, as LiteLLM allows. */
const native = new Set(['image', 'document', 'search_result', 'container_upload']);

/** Takes a message's content, its place and the call; returns blocks, without empty texts. Throws field_invalid. */
export function contentBlocks(content: JsonValue | undefined, at: string, call: Call): JsonObject[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [textBlock(content)];
  if (!Array.isArray(content)) throw invalid(at, 'must be a text or a list of parts');
  return content.flatMap((part, index) => block(part, `${at}[${index}]`, call));
}

/** Takes a text; returns its block. */
export function textBlock(text: string): JsonObject {
  return { type: 'text', text };
}

function block(part: JsonValue, at: string, call: Call): JsonObject[] {
  if (typeof part === 'string') return part === '' ? [] : [textBlock(part)];
  if (!isObject(part)) throw invalid(at, 'must be an object');
  const type = textOf(part.type) ?? '';
  if (native.has(type)) return [part];
  switch (type) {
    case 'text':
    case 'refusal':
      return text(part, at);
    case 'image_url':
      return [cached(fromUrl(imageUrl(part, at), `${at}.image_url`), part)];
    case 'file':
      return [cached(fileBlock(part, at), part)];
    case 'input_audio':
    case 'video_url':
      unsupported('anthropic', call, `${at}.${type}`, 'no sound or film');
      return [];
    default:
      throw invalid(`${at}.type`, 'must be text, image_url or file');
  }
}

function text(part: JsonObject, at: string): JsonObject[] {
  const words = part.text ?? part.refusal;
  if (typeof words !== 'string') throw invalid(`${at}.text`, 'must be a text');
  return words === '' ? [] : [cached(textBlock(words), part)];
}

function imageUrl(part: JsonObject, at: string): string {
  const url = isObject(part.image_url) ? part.image_url.url : part.image_url;
  if (typeof url !== 'string') throw invalid(`${at}.image_url.url`, 'must be a text');
  return url;
}

/** An address or a data: URL → an image, or a document when it is a PDF. */
function fromUrl(url: string, at: string): JsonObject {
  if (/^https?:/i.test(url)) return { type: 'image', source: { type: 'url', url } };
  const { mediaType, data } = dataUrl(url, at);
  const type = mediaType === 'application/pdf' ? 'document' : 'image';
  return { type, source: { type: 'base64', media_type: mediaType, data } };
}

function fileBlock(part: JsonObject, at: string): JsonObject {
  const file = isObject(part.file) ? part.file : {};
  const title = textOf(file.filename);
  const source = fileSource(file, at);
  return { type: 'document', source, ...(title === undefined ? {} : { title }) };
}

function fileSource(file: JsonObject, at: string): JsonObject {
  const data = textOf(file.file_data);
  if (data === undefined) {
    if (typeof file.file_id === 'string') return { type: 'file', file_id: file.file_id };
    throw invalid(`${at}.file`, 'needs file_data or file_id');
  }
  if (/^https?:/i.test(data)) return { type: 'url', url: data };
  const { mediaType, data: base64 } = dataUrl(data, `${at}.file.file_data`);
  if (!mediaType.startsWith('text/')) return { type: 'base64', media_type: mediaType, data: base64 };
  return { type: 'text', media_type: 'text/plain', data: Buffer.from(base64, 'base64').toString('utf8') };
}

function dataUrl(url: string, at: string): { mediaType: string; data: string } {
  const comma = url.indexOf(',');
  const head = /^data:([\w.+-]+\/[\w.+-]+)(;[\w=.-]+)*;base64$/i.exec(url.slice(0, Math.max(0, comma)));
  const mediaType = head?.[1];
  if (mediaType === undefined) throw invalid(at, 'must be an http(s) address or a base64 data: URL');
  return { mediaType: mediaType.toLowerCase(), data: url.slice(comma + 1) };
}

function cached(made: JsonObject, part: JsonObject): JsonObject {
  return isObject(part.cache_control) ? { ...made, cache_control: part.cache_control } : made;
}
