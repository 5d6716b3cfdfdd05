// Google's thought signatures, which must come back as they were given. A call's rides in its id, as LiteLLM's does, since an id
// is the one field that every client of every dialect sends back; a text's rides as a thinking block's, marked as Google's.
// https://ai.google.dev/gemini-api/docs/thought-signatures
import { googleSignatureMark } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';

const separator = '__thought__';
/** Before an id that Google gave; the others are ours or another maker's, and stay here. */
const given = 'google-';

export interface CallMark {
  /** Google's own id of the call, when it gave one. */
  readonly id?: string;
  readonly signature?: string;
}

/** Takes Google's id and signature of a call, and a fresh id; returns the id for the client, of letters, digits, - and _. */
export function packedId({ id, signature }: CallMark, fresh: string): string {
  const own = id !== undefined && /^[\w-]+$/.test(id) ? given + id : fresh;
  return signature === undefined ? own : `${own}${separator}${toUrl(signature)}`;
}

/** Takes a tool call as the client sends it back; returns what Google gave with it. */
export function callMark(call: JsonObject): CallMark {
  const sent = textOf(call.id) ?? '';
  const at = sent.indexOf(separator);
  const packed = at === -1 ? undefined : fromUrl(sent.slice(at + separator.length));
  const signature = packed ?? besideCall(call);
  return { ...ownId(sent), ...(signature === undefined ? {} : { signature }) };
}

/** Takes an id as the client sends it; returns Google's own, when it gave one. */
export function ownId(sent: string): Pick<CallMark, 'id'> {
  const bare = sent.split(separator, 1)[0] ?? '';
  return bare.startsWith(given) ? { id: bare.slice(given.length) } : {};
}

/** Where LiteLLM and Google's own compatible address put it. */
function besideCall(call: JsonObject): string | undefined {
  const called = isObject(call.function) ? call.function : {};
  for (const holder of [call, called]) {
    const beside = isObject(holder.provider_specific_fields)
      ? textOf(holder.provider_specific_fields.thought_signature)
      : undefined;
    const extra = isObject(holder.extra_content) ? holder.extra_content.google : undefined;
    const found = beside ?? (isObject(extra) ? textOf(extra.thought_signature) : undefined);
    if (found !== undefined && found !== '') return found;
  }
  return undefined;
}

/** Takes a signature of a text; returns it as a thinking block's. */
export function blockSignature(signature: string): string {
  return googleSignatureMark + signature;
}

/** Takes a message of the client's; returns the signature of its text, or undefined: other makers' stay here. */
export function textSignature(message: JsonObject): string | undefined {
  const signed = listOf(message.thinking_blocks).map(googleSignature);
  return signed.findLast((signature) => signature !== undefined);
}

function googleSignature(block: JsonValue): string | undefined {
  const signature = isObject(block) ? textOf(block.signature) : undefined;
  return signature?.startsWith(googleSignatureMark) === true ? signature.slice(googleSignatureMark.length) : undefined;
}

function toUrl(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromUrl(text: string): string {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=');
}
