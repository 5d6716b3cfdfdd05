// How many tokens a request will be read as, before anyone has read it. A guess from the kinds of characters, for counters
// that must show something at once; never for bills. Biased high: against o200k it says up to 90 % more for prose, code and
// tool schemas, and it is not meant to say less (Claude's own tokenizers cut finer than o200k).
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** Tokens a character costs, by its code below 128. Digits and signs fill a token sooner than letters do. */
const weights = new Float32Array(128).map((_, code) => weightOf(String.fromCharCode(code)));

function weightOf(character: string): number {
  if (/[a-z]/.test(character)) return 0.265;
  if (/[A-Z]/.test(character)) return 0.5;
  if (/\d/.test(character)) return 0.8;
  if (character === ' ') return 0.14;
  return /\s/.test(character) ? 0.4 : 0.8;
}

/** One image: Anthropic's largest (https://docs.anthropic.com/en/docs/build-with-claude/vision), above OpenAI's usual. */
const tokensOfImage = 1600;
/** Of a document, base64 characters a token, and the least one costs: about 3,000 tokens for 75 KB. */
const charactersOfDocument = 33;
const leastOfDocument = 3000;
const tokensOfMessage = 4;
const tokensOfField = 2;
/** Added once: the frame of the conversation, and what a provider puts around tools. */
const tokensOfRequest = 8;

/** Fields that cost nothing, or nothing that can be seen. */
const unread = new Set(['cache_control', 'signature', 'model', 'stream', 'metadata', 'user']);

/** Takes a chat request, OpenAI's or Anthropic's; returns about how many tokens its input is, at least 1, biased high. */
export function estimateTokens(body: JsonObject): number {
  const messages = Array.isArray(body.messages) ? body.messages.length : 0;
  return Math.ceil(tokensOfRequest + messages * tokensOfMessage + ofObject(body));
}

function ofValue(value: JsonValue | undefined): number {
  if (typeof value === 'string') return ofText(value);
  if (typeof value === 'number') return ofText(String(value));
  if (Array.isArray(value)) return value.reduce((sum: number, entry: JsonValue) => sum + ofValue(entry), 0);
  return isObject(value) ? (ofAttachment(value) ?? ofObject(value)) : 1;
}

function ofObject(object: JsonObject): number {
  let sum = 0;
  for (const field in object) {
    if (!unread.has(field)) sum += tokensOfField + ofText(field) + ofValue(object[field]);
  }
  return sum;
}

/** What is sent as bytes is not read as letters. Undefined: this is no attachment. */
function ofAttachment(part: JsonObject): number | undefined {
  switch (part.type) {
    case 'image':
    case 'image_url':
    case 'input_image':
      return tokensOfImage;
    case 'document':
      return isObject(part.source) && part.source.type === 'base64' ? ofDocument(part.source.data) : undefined;
    case 'file':
      return isObject(part.file) ? ofDocument(part.file.file_data) : undefined;
    default:
      return undefined;
  }
}

function ofDocument(base64: JsonValue | undefined): number {
  const length = typeof base64 === 'string' ? base64.length : 0;
  return Math.max(leastOfDocument, length / charactersOfDocument);
}

/** Tokens a UTF-16 unit costs beyond ASCII: accented letters, other alphabets, East Asia, halves of an emoji. */
function weightBeyond(code: number): number {
  if (code < 0x250) return 1;
  if (code < 0x2e80) return 0.5;
  return code >= 0xd800 && code < 0xe000 ? 1.3 : 1.05;
}

function ofText(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    sum += code < 128 ? (weights[code] ?? 1) : weightBeyond(code);
  }
  return sum;
}
