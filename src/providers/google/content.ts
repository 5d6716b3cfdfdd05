// Parts of a message in our words → Google's. Media given as bytes go inline, media with an address are fetched by Google.
// https://ai.google.dev/api/caching#Part
import { isObject, type JsonObject, type JsonValue, textOf } from '../../core/json.ts';
import { invalid } from '../unsupported.ts';

const typeByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  aac: 'audio/aac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mpeg: 'video/mpeg',
  webm: 'video/webm',
};

/** Takes a message's content and its place; returns Google's parts, without empty texts. Throws field_invalid by place. */
export function contentParts(content: JsonValue | undefined, at: string): JsonObject[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return textParts(content);
  if (!Array.isArray(content)) throw invalid(at, 'must be a text or a list of parts');
  return content.flatMap((part, index) => partsOf(part, `${at}[${index}]`));
}

function textParts(text: string): JsonObject[] {
  return text === '' ? [] : [{ text }];
}

function partsOf(part: JsonValue, at: string): JsonObject[] {
  if (typeof part === 'string') return textParts(part);
  if (!isObject(part)) throw invalid(at, 'must be an object');
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textParts(wordsOf(part, at));
    case 'image_url':
      return [media(part[part.type], `${at}.image_url`, 'image/jpeg')];
    case 'video_url':
      return [media(part[part.type], `${at}.video_url`, 'video/mp4')];
    case 'input_audio':
      return [audio(part.input_audio, `${at}.input_audio`)];
    case 'file':
      return [file(part.file, `${at}.file`)];
    case undefined:
      // One of Google's own parts.
      return [part];
    default:
      throw invalid(`${at}.type`, 'must be text, image_url, video_url, input_audio or file');
  }
}

function wordsOf(part: JsonObject, at: string): string {
  const words = part.type === 'refusal' ? part.refusal : part.text;
  if (typeof words !== 'string') throw invalid(`${at}.${String(part.type)}`, 'must be a text');
  return words;
}

/** An address may stand alone or beside its media type (`format`, LiteLLM's) and how closely to look (`detail`). */
function media(value: JsonValue | undefined, at: string, otherwise: string): JsonObject {
  const named = isObject(value) ? value : {};
  const address = textOf(value) ?? textOf(named.url);
  if (address === undefined || address === '') throw invalid(at, 'needs a url');
  return { ...fromAddress(address, at, textOf(named.format), otherwise), ...resolution(named.detail) };
}

/** Google's word for OpenAI's `detail`, part by part, is Gemini 3's; it is said only when asked for. */
function resolution(detail: JsonValue | undefined): JsonObject {
  if (detail !== 'low' && detail !== 'high') return {};
  return { mediaResolution: { level: detail === 'low' ? 'MEDIA_RESOLUTION_LOW' : 'MEDIA_RESOLUTION_HIGH' } };
}

function fromAddress(address: string, at: string, format: string | undefined, otherwise: string): JsonObject {
  if (!address.startsWith('data:')) {
    return { fileData: { mimeType: format ?? typeByEnding[endingOf(address)] ?? otherwise, fileUri: address } };
  }
  const [, type, data] = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(address) ?? [];
  if (data === undefined || data === '') throw invalid(at, 'must be base64 in a data: address');
  return { inlineData: { mimeType: format ?? (type || otherwise), data } };
}

function endingOf(address: string): string {
  return /\.([a-z\d]+)(?:[?#].*)?$/i.exec(address)?.[1]?.toLowerCase() ?? '';
}

function audio(value: JsonValue | undefined, at: string): JsonObject {
  const data = isObject(value) ? textOf(value.data) : undefined;
  if (!isObject(value) || !data) throw invalid(`${at}.data`, 'must be base64');
  const format = textOf(value.format) ?? 'wav';
  return { inlineData: { mimeType: typeByEnding[format] ?? `audio/${format}`, data } };
}

/** A file is given as data: address, or by the address that Google's or the client's store has for it. */
function file(value: JsonValue | undefined, at: string): JsonObject {
  if (!isObject(value)) throw invalid(at, 'must be an object');
  const address = textOf(value.file_data) ?? textOf(value.file_id);
  if (!address) throw invalid(at, 'needs file_data or file_id');
  const byName = typeByEnding[endingOf(textOf(value.filename) ?? '')];
  return fromAddress(address, at, textOf(value.format) ?? undefined, byName ?? 'application/pdf');
}
