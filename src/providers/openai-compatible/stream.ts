// A streamed answer in OpenAI's dialect: read into our words, watched as it passes, or repaired as it passes.
import type { ChatChunk } from '../../core/chat.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import type { Usage } from '../../core/usage.ts';
import type { Call, StreamPiece, StreamReader, StreamRepair, StreamWatch } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { ChunkMender } from './chunk-mender.ts';
import { isInterruption } from './finish-reason.ts';
import { mergedUsage, usageOf } from './usage.ts';

const doneMark = '[DONE]';

/**
 * Takes the provider's name and the call; returns a reader of one chat stream. Throws what the provider failed with. A stream
 * without [DONE] is complete when every choice has ended and usage was reported then or later: before that more may follow.
 */
export function chatReader(provider: string, call: Call): StreamReader {
  const mender = new ChunkMender(call);
  let done = false;
  let settled = false;
  return {
    read(piece) {
      const data = piece.data.trim();
      if (data === '') return [];
      if (data !== doneMark) {
        const chunks = chunksOf(parsedChunk(provider, piece.name, data), mender);
        settled ||= mender.finished && chunks.some(({ usage }) => isObject(usage));
        return chunks;
      }
      done = true;
      const closing = mender.closing();
      return closing === null ? [] : [closing];
    },
    get complete() {
      return done || settled;
    },
  };
}

/** A chunk that says nothing (Azure's first one, keep-alive chunks) gives none. */
function chunksOf(chunk: JsonObject, mender: ChunkMender): readonly ChatChunk[] {
  const mended = mender.mend(chunk);
  return mended.choices.length === 0 && !isObject(mended.usage) ? [] : [mended];
}

function parsedChunk(provider: string, name: string, data: string): JsonObject {
  const chunk = objectOf(data);
  if (chunk === null && name === 'error') throw failureInStream(provider, data);
  if (chunk === null) throw garbled(provider, 'a piece of the stream is not a JSON object');
  const failure = failureOf(provider, name, chunk);
  if (failure !== null) throw failure;
  return chunk;
}

/** What a chunk that is an error, or ends with one, failed with; null when it is no error. */
function failureOf(provider: string, name: string, chunk: JsonObject): GatewayError | null {
  const choices = listOf(chunk.choices).filter(isObject);
  const broken = choices.find((choice) => isObject(choice.error) || isInterruption(choice.finish_reason));
  const error = chunk.error ?? broken?.error;
  if (isFilled(error)) return failureInStream(provider, error);
  if (name === 'error' || chunk.object === 'error') return failureInStream(provider, chunk);
  if (broken === undefined) return null;
  return new GatewayError('upstream_cut', { message: `${provider} ended with finish_reason ${broken.finish_reason}` });
}

function isFilled(error: JsonValue | undefined): error is JsonValue {
  return isObject(error) ? Object.keys(error).length > 0 : typeof error === 'string' && error !== '';
}

/** Takes the provider's name; returns a watch of one stream (chat or completion), which parses only what may matter. */
export function streamWatch(provider: string): StreamWatch {
  let usage: Usage | null = null;
  let complete = false;
  let error: GatewayError | null = null;
  const examine = (piece: StreamPiece): void => {
    const chunk = objectOf(piece.data);
    if (chunk === null) {
      if (piece.name === 'error') error ??= failureInStream(provider, piece.data);
      return;
    }
    const now = usageOf(chunk);
    if (now !== null) usage = mergedUsage(usage, now);
    error ??= failureOf(provider, piece.name, chunk);
    complete ||= listOf(chunk.choices).some((choice) => isObject(choice) && endsWell(choice.finish_reason));
  };
  return {
    see(piece) {
      if (piece.data === doneMark || piece.data.trim() === doneMark) complete = true;
      else if (mayMatter(piece)) examine(piece);
    },
    get usage() {
      return usage;
    },
    get complete() {
      return complete && error === null;
    },
    get error() {
      return error;
    },
  };
}

function endsWell(reason: JsonValue | undefined): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null' && !isInterruption(reason);
}

/** Quotes inside a JSON text are escaped, so a field's quoted name never occurs in what the model says. */
function mayMatter({ name, data }: StreamPiece): boolean {
  return hasValue(data, '"finish_reason"') || hasValue(data, '"usage"') || data.includes('"error"') || name === 'error';
}

/**
 * Takes the call; returns a repair of one chat stream that passes to an OpenAI client. It parses the first chunk and those
 * that show a sign of what menders mend; all others pass after a few substring tests.
 */
export function chatRepair(call: Call): StreamRepair {
  const mender = new ChunkMender(call);
  let begun = false;
  return ({ data }) => {
    if (begun && !maySuffer(data)) return null;
    const chunk = objectOf(data);
    if (chunk === null || !Array.isArray(chunk.choices)) return null;
    begun ||= chunk.choices.length > 0;
    const mended = mender.mend(chunk);
    return mended === chunk ? null : JSON.stringify(mended);
  };
}

function maySuffer(data: string): boolean {
  if (data === doneMark) return false;
  return (
    !data.includes('"object":"chat.completion.chunk"') ||
    !(data.includes('"finish_reason":null') || data.includes('"choices":[]')) ||
    hasValue(data, '"tool_calls"') ||
    hasValue(data, '"reasoning"') ||
    data.includes('"role"') ||
    data.includes('"content":[')
  );
}

/** Takes JSON text and a quoted field name; true when the field stands there with another value than null. */
function hasValue(data: string, field: string): boolean {
  for (let at = data.indexOf(field); at !== -1; at = data.indexOf(field, at + 1)) {
    let next = at + field.length;
    while (data.charCodeAt(next) === 0x20) next++;
    if (data.charCodeAt(next) !== 0x3a) continue;
    next++;
    while (data.charCodeAt(next) === 0x20) next++;
    if (data.charCodeAt(next) !== 0x6e) return true;
  }
  return false;
}

function objectOf(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    // Not JSON: the caller decides what that means.
    return null;
  }
}
