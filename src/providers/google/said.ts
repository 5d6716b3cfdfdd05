// What the parts of one candidate say, whole or in a piece of a stream, and why it ended. What our words have no place for
// stays under provider_specific_fields. https://ai.google.dev/api/generate-content#candidate
import type { FinishReason, ThinkingBlock, ToolCall } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { clientName } from '../bedrock/tool-names.ts';
import type { Call } from '../provider.ts';
import { garbled } from '../upstream-failure.ts';
import { blockSignature, packedId } from './signatures.ts';

/** Parts sorted by what they are, each kind in its order. */
export interface Said {
  readonly text: string;
  readonly thought: string;
  /** Of a text, in Google's own form. */
  readonly signature: string | undefined;
  readonly calls: readonly ToolCall[];
  readonly images: readonly JsonObject[];
  readonly audio: JsonObject | undefined;
  readonly beside: readonly JsonObject[];
}

/** Takes a candidate and the call; returns what its parts say. Throws upstream_garbled. */
export function saidBy(candidate: JsonObject, call: Call): Said {
  const parts = isObject(candidate.content) ? listOf(candidate.content.parts).filter(isObject) : [];
  const texts = parts.filter((part) => typeof part.text === 'string');
  const spoken = texts.filter((part) => part.thought !== true);
  const media = parts.flatMap(({ inlineData, thought }) =>
    isObject(inlineData) && thought !== true ? [inlineData] : [],
  );
  return {
    text: joined(spoken),
    thought: joined(texts.filter((part) => part.thought === true)),
    signature: parts.filter((part) => part.functionCall === undefined).findLast(isSigned)?.thoughtSignature as
      | string
      | undefined,
    calls: parts.flatMap((part) => (isObject(part.functionCall) ? [toolCall(part, part.functionCall, call)] : [])),
    images: media.filter((one) => !isAudio(one)).map(image),
    audio: media.filter(isAudio).map((one) => audio(one, call))[0],
    beside: parts
      .filter((part) => !['text', 'functionCall', 'inlineData'].some((kind) => part[kind] !== undefined))
      .filter(isTelling),
  };
}

function joined(parts: readonly JsonObject[]): string {
  return parts.map((part) => textOf(part.text) ?? '').join('');
}

function isSigned({ thoughtSignature }: JsonObject): boolean {
  return typeof thoughtSignature === 'string' && thoughtSignature !== '';
}

/** A part that holds nothing, or a signature alone, is none. */
function isTelling(part: JsonObject): boolean {
  return Object.keys(part).some((field) => field !== 'thoughtSignature' && field !== 'thought');
}

function toolCall(part: JsonObject, called: JsonObject, call: Call): ToolCall {
  const name = textOf(called.name);
  if (name === undefined) throw garbled('gemini', 'a call without the name of its function');
  const id = packedId({ ...text('id', called.id), ...text('signature', part.thoughtSignature) }, call.newId('call_'));
  const written = JSON.stringify(isObject(called.args) ? called.args : {});
  return { id, type: 'function', function: { name: clientName(name, call), arguments: written } };
}

function text(
  name: 'id' | 'signature',
  value: JsonValue | undefined,
): JsonObject & { id?: string; signature?: string } {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

function isAudio({ mimeType }: JsonObject): boolean {
  return textOf(mimeType)?.startsWith('audio/') === true;
}

/** LiteLLM's shape for images in an answer. */
function image({ mimeType, data }: JsonObject): JsonObject {
  return {
    type: 'image_url',
    image_url: { url: `data:${textOf(mimeType) ?? 'image/png'};base64,${textOf(data) ?? ''}` },
  };
}

/** OpenAI's shape for speech in an answer; its media type is Google's (raw samples as a rule). */
function audio({ mimeType, data }: JsonObject, call: Call): JsonObject {
  return { id: call.newId('audio_'), data: textOf(data) ?? '', transcript: '', mime_type: textOf(mimeType) ?? '' };
}

/** Takes what was said; returns it as thinking blocks: the thought, and the signature that must come back. */
export function thinkingBlocks({ thought, signature }: Said): ThinkingBlock[] {
  if (thought === '' && signature === undefined) return [];
  const signed = signature === undefined ? {} : { signature: blockSignature(signature) };
  return [{ type: 'thinking', thinking: thought, ...signed }];
}

/** What stands beside a candidate's words → its name in our answers. */
const extras: Readonly<Record<string, string>> = {
  groundingMetadata: 'grounding_metadata',
  urlContextMetadata: 'url_context_metadata',
  citationMetadata: 'citation_metadata',
  safetyRatings: 'safety_ratings',
};

/** Takes a candidate and what it said; returns what our words have no place for, or nothing. */
export function besideFields(candidate: JsonObject, { beside }: Said): JsonObject {
  const entries = Object.entries(extras).flatMap(([field, name]) => {
    const value = candidate[field];
    return value === undefined || value === null ? [] : [[name, value] as const];
  });
  const fields: JsonObject = { ...Object.fromEntries(entries), ...(beside.length > 0 ? { parts: beside } : {}) };
  return Object.keys(fields).length === 0 ? {} : { provider_specific_fields: fields };
}

const filtered: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MODEL_ARMOR',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
]);

/** The model failed to write what it meant, or Google to take it. */
const broken: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
]);

/** Takes a candidate and whether it called a tool; returns our finish reason, null when it goes on. Throws upstream_garbled. */
export function finishReason(
  { finishReason: sent, finishMessage }: JsonObject,
  calledTool: boolean,
): FinishReason | null {
  const reason = textOf(sent);
  if (reason === undefined || reason === '' || reason === 'FINISH_REASON_UNSPECIFIED') return null;
  if (broken.has(reason))
    throw garbled('gemini', `the model ended with ${reason} ${textOf(finishMessage) ?? ''}`.trim());
  if (filtered.has(reason)) return 'content_filter';
  if (reason === 'MAX_TOKENS') return 'length';
  return calledTool ? 'tool_calls' : 'stop';
}

/** Google gave up for a reason that it does not tell: nothing said is then no answer. */
const givenUp: ReadonlySet<string> = new Set(['OTHER', 'IMAGE_OTHER']);

/** Takes a candidate that has ended; throws upstream_garbled when Google gave up on it. */
export function refuseGivenUp({ finishReason: sent, finishMessage }: JsonObject): void {
  const reason = textOf(sent) ?? '';
  if (!givenUp.has(reason)) return;
  throw garbled('gemini', `nothing was said, and it ended with ${reason} ${textOf(finishMessage) ?? ''}`.trim());
}

/** Takes what was said; true when it is nothing at all. */
export function isNothing({ text, thought, signature, calls, images, audio, beside }: Said): boolean {
  const hasWords = text !== '' || thought !== '' || signature !== undefined;
  return !hasWords && calls.length + images.length + beside.length === 0 && audio === undefined;
}

/** Takes an answer or a piece; returns what it says of a prompt that was blocked, or null. */
export function blockedPrompt({ promptFeedback }: JsonObject): JsonObject | null {
  if (!isObject(promptFeedback)) return null;
  return (textOf(promptFeedback.blockReason) ?? textOf(promptFeedback.blockReasonMessage)) ? promptFeedback : null;
}

/** Takes logprobsResult; returns OpenAI's `logprobs`, or null. https://ai.google.dev/api/generate-content#LogprobsResult */
export function logProbabilities(result: JsonValue | undefined): JsonObject | null {
  if (!isObject(result)) return null;
  const tops = listOf(result.topCandidates);
  const content = listOf(result.chosenCandidates).map((chosen, at) => {
    const top = tops[at];
    return { ...token(chosen), top_logprobs: isObject(top) ? listOf(top.candidates).map(token) : [] };
  });
  return { content, refusal: null };
}

function token(candidate: JsonValue): JsonObject {
  const { token: words, logProbability } = isObject(candidate) ? candidate : {};
  const said = textOf(words) ?? '';
  return { token: said, logprob: numberOf(logProbability) ?? 0, bytes: [...Buffer.from(said)] };
}
