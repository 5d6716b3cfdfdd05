// Parts of a message in our words → Google's. Media given as bytes go inline, media with an address are fetched by Google.
// https://ai.google.dev/api/caching#Part
import { isObject, type JsonObject, type JsonValue, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { googleModel } from './models.ts';

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

/** Takes a message's content, its place and the call; returns Google's parts, without empty texts. Throws field_invalid by place. */
export function contentParts(content: JsonValue | undefined, at: string, call: Call): JsonObject[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return textParts(content);
  if (!Array.isArray(content)) throw invalid(at, 'must be a text or a list of parts');
  return content.flatMap((part, index) => partsOf(part, `${at}[${index}]`, call));
}

function textParts(text: string): JsonObject[] {
  return text === '' ? [] : [{ text }];
}

function partsOf(part: JsonValue, at: string, call: Call): JsonObject[] {
  if (typeof part === 'string') return textParts(part);
  if (!isObject(part)) throw invalid(at, 'must be an object');
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textParts(wordsOf(part, at));
    case 'image_url':
      return [media(part[part.type], `${at}.image_url`, 'image/jpeg', call)];
    case 'video_url':
      return [media(part[part.type], `${at}.video_url`, 'video/mp4', call)];
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
function media(value: JsonValue | undefined, at: string, otherwise: string, call: Call): JsonObject {
  const named = isObject(value) ? value : {};
  const address = textOf(value) ?? textOf(named.url);
  if (address === undefined || address === '') throw invalid(at, 'needs a url');
  return { ...fromAddress(address, at, textOf(named.format), otherwise), ...resolution(named.detail, call) };
}

/**
 * Google's word for OpenAI's `detail`, which only Gemini 3 and later take part by part; it is said only when asked for, and
 * noted where it cannot be said. https://ai.google.dev/gemini-api/docs/media-resolution
 */
function resolution(detail: JsonValue | undefined, call: Call): JsonObject {
  if (detail !== 'low' && detail !== 'high') return {};
  if (googleModel(call.upstream).looksByPart) {
    return { mediaResolution: { level: detail === 'low' ? 'MEDIA_RESOLUTION_LOW' : 'MEDIA_RESOLUTION_HIGH' } };
  }
  if (!call.dropped.includes('image_url.detail')) call.dropped.push('image_url.detail');
  return {};
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
