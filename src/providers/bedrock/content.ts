// Parts of a message in our words → Converse's content blocks.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
import { isObject, type JsonObject, type JsonValue, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { cachePoint } from './cache-point.ts';

/** Media type → Converse's kind of block and format. */
const media: Readonly<Record<string, readonly [kind: 'image' | 'document' | 'video' | 'audio', format: string]>> = {
  'image/png': ['image', 'png'],
  'image/jpeg': ['image', 'jpeg'],
  'image/jpg': ['image', 'jpeg'],
  'image/gif': ['image', 'gif'],
  'image/webp': ['image', 'webp'],
  'application/pdf': ['document', 'pdf'],
  'text/csv': ['document', 'csv'],
  'text/html': ['document', 'html'],
  'text/plain': ['document', 'txt'],
  'text/markdown': ['document', 'md'],
  'application/msword': ['document', 'doc'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['document', 'docx'],
  'application/vnd.ms-excel': ['document', 'xls'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['document', 'xlsx'],
  'video/mp4': ['video', 'mp4'],
  'video/quicktime': ['video', 'mov'],
  'video/x-matroska': ['video', 'mkv'],
  'video/webm': ['video', 'webm'],
  'video/x-flv': ['video', 'flv'],
  'video/mpeg': ['video', 'mpeg'],
  'video/x-ms-wmv': ['video', 'wmv'],
  'video/3gpp': ['video', 'three_gp'],
};

/** Endings of addresses in S3, which come without a media type. */
const endings: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  txt: 'text/plain',
  md: 'text/markdown',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  flv: 'video/x-flv',
  wmv: 'video/x-ms-wmv',
  '3gp': 'video/3gpp',
};

/** Converse wants the documents of a conversation named, each by its own name. */
export type DocumentNames = Set<string>;

/** Takes a message's content, its place, the call and the names in use; returns blocks, without blank texts, which Bedrock refuses. */
export function contentBlocks(
  content: JsonValue | undefined,
  at: string,
  call: Call,
  names: DocumentNames,
): JsonObject[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return textBlocks(content);
  if (!Array.isArray(content)) throw invalid(at, 'must be a text or a list of parts');
  return content.flatMap((part, index) => {
    const made = blocks(part, `${at}[${index}]`, call, names);
    const mark = isObject(part) && made.length > 0 ? part.cache_control : undefined;
    return [...made, ...cachePoint(mark, 'words', call)];
  });
}

function textBlocks(text: string): JsonObject[] {
  return text.trim() === '' ? [] : [{ text }];
}

function blocks(part: JsonValue, at: string, call: Call, names: DocumentNames): JsonObject[] {
  if (typeof part === 'string') return textBlocks(part);
  if (!isObject(part)) throw invalid(at, 'must be an object');
  if (isObject(part.guardContent)) return [{ guardContent: part.guardContent }];
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textBlocks(wordsOf(part, at));
    case 'guarded_text': {
      const qualifiers = part.qualifiers === undefined ? {} : { qualifiers: part.qualifiers };
      return [{ guardContent: { text: { text: wordsOf(part, at), ...qualifiers } } }];
    }
    case 'image_url':
    case 'video_url':
      return fromAddress(
        addressOf(part[part.type], `${at}.${part.type}`),
        `${at}.${part.type}`,
        undefined,
        call,
        names,
      );
    case 'file':
      return fileBlocks(part, at, call, names);
    case 'input_audio':
      return [audioBlock(part, at)];
    default:
      throw invalid(`${at}.type`, 'must be text, image_url, video_url, input_audio, file or guarded_text');
  }
}

function wordsOf(part: JsonObject, at: string): string {
  const words = part.text ?? part.refusal;
  if (typeof words !== 'string') throw invalid(`${at}.text`, 'must be a text');
  return words;
}

function addressOf(sent: JsonValue | undefined, at: string): string {
  const address = isObject(sent) ? sent.url : sent;
  if (typeof address !== 'string') throw invalid(`${at}.url`, 'must be a text');
  return address;
}

function fileBlocks(part: JsonObject, at: string, call: Call, names: DocumentNames): JsonObject[] {
  const file = isObject(part.file) ? part.file : {};
  const data = textOf(file.file_data) ?? textOf(file.file_id);
  if (data === undefined) throw invalid(`${at}.file`, 'needs file_data');
  return fromAddress(data, `${at}.file.file_data`, textOf(file.filename), call, names);
}

function audioBlock(part: JsonObject, at: string): JsonObject {
  const { data, format } = isObject(part.input_audio) ? part.input_audio : {};
  if (typeof data !== 'string' || typeof format !== 'string')
    throw invalid(`${at}.input_audio`, 'needs data and format');
  return { audio: { format, source: { bytes: data } } };
}

/** A data: URL or an address in S3; Bedrock fetches nothing else, and neither do we. */
function fromAddress(
  address: string,
  at: string,
  title: string | undefined,
  call: Call,
  names: DocumentNames,
): JsonObject[] {
  const isStored = address.startsWith('s3://');
  if (!isStored && /^[a-z]+:\/\//i.test(address)) {
    unsupported('bedrock', call, at, 'Bedrock opens no web addresses; send a data: URL or an s3:// address');
    return [];
  }
  const { mediaType, data } = isStored ? stored(address) : dataUrl(address, at);
  const known = media[mediaType];
  if (known === undefined) {
    unsupported('bedrock', call, at, `no ${mediaType || 'such file'}`);
    return [];
  }
  const [kind, format] = known;
  const source = isStored ? { s3Location: { uri: address } } : { bytes: data };
  return [{ [kind]: { format, ...(kind === 'document' ? { name: nameOf(title, names) } : {}), source } }];
}

function stored(address: string): { mediaType: string; data: string } {
  const ending = /\.(\w+)$/.exec(address)?.[1]?.toLowerCase() ?? '';
  const listed = Object.keys(media).find((type) => media[type]?.[1] === ending);
  return { mediaType: endings[ending] ?? listed ?? '', data: '' };
}

function dataUrl(url: string, at: string): { mediaType: string; data: string } {
  const comma = url.indexOf(',');
  const head = /^data:([\w.+-]+\/[\w.+-]+)(;[\w=.-]+)*;base64$/i.exec(url.slice(0, Math.max(0, comma)));
  const mediaType = head?.[1];
  if (mediaType === undefined) throw invalid(at, 'must be a base64 data: URL or an s3:// address');
  return { mediaType: mediaType.toLowerCase(), data: url.slice(comma + 1) };
}

/** Letters, digits, single spaces, hyphens and brackets, at most 200, and no name twice. */
function nameOf(title: string | undefined, names: DocumentNames): string {
  const clean =
    (title ?? '')
      .replace(/[^a-zA-Z\d()[\]-]+/g, ' ')
      .trim()
      .slice(0, 190) || 'document';
  let name = clean;
  for (let copy = 2; names.has(name); copy++) name = `${clean} ${copy}`;
  names.add(name);
  return name;
}
