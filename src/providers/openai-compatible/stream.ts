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
 * without [DONE] is complete when every choice has ended; more (usage) may follow all the same.
 */
export function chatReader(provider: string, call: Call): StreamReader {
  return new ChatReader(provider, call);
}

class ChatReader implements StreamReader {
  readonly #provider: string;
  readonly #mender: ChunkMender;
  #done = false;

  constructor(provider: string, call: Call) {
    this.#provider = provider;
    this.#mender = new ChunkMender(call);
  }

  read(piece: StreamPiece): readonly ChatChunk[] {
    if (piece.data.trim() === '') return [];
    if (!isDone(piece.data)) return chunksOf(parsedChunk(this.#provider, piece), this.#mender);
    this.#done = true;
    const closing = this.#mender.closing();
    return closing === null ? [] : [closing];
  }

  get complete(): boolean {
    return this.#done || this.#mender.finished;
  }
}

/** A chunk that says nothing (Azure's first one, keep-alive chunks) gives none. */
function chunksOf(chunk: JsonObject, mender: ChunkMender): readonly ChatChunk[] {
  const mended = mender.mend(chunk);
  return mended.choices.length === 0 && !isObject(mended.usage) ? [] : [mended];
}

function parsedChunk(provider: string, { name, data }: StreamPiece): JsonObject {
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
  return new CompatibleWatch(provider);
}

class CompatibleWatch implements StreamWatch {
  readonly #provider: string;
  readonly #harmless = new Likeness();
  #ended = false;
  usage: Usage | null = null;
  error: GatewayError | null = null;

  constructor(provider: string) {
    this.#provider = provider;
  }

  see(piece: StreamPiece): void {
    const { name, data } = piece;
    if (name !== 'error' && this.#harmless.isMetBy(data)) return;
    if (isDone(data)) this.#ended = true;
    else if (name === 'error' || watched.test(data)) this.#examine(piece);
    else this.#harmless.learn(data);
  }

  get complete(): boolean {
    return this.#ended && this.error === null;
  }

  #examine(piece: StreamPiece): void {
    const chunk = objectOf(piece.data);
    if (chunk === null) {
      if (piece.name === 'error') this.error ??= failureInStream(this.#provider, piece.data);
      return;
    }
    const now = usageOf(chunk);
    if (now !== null) this.usage = mergedUsage(this.usage, now);
    this.error ??= failureOf(this.#provider, piece.name, chunk);
    this.#ended ||= listOf(chunk.choices).some((choice) => isObject(choice) && endsWell(choice.finish_reason));
  }
}

function endsWell(reason: JsonValue | undefined): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null' && !isInterruption(reason);
}

/** Quotes inside a JSON text are escaped, so a field's quoted name never occurs in what the model says. */
const watched = /"(?:usage|finish_reason)"\s*:\s*[^\sn]|"error"/;

/**
 * Takes the call; returns a repair of one chat stream that passes to an OpenAI client. It parses the first chunk and those
 * that show a sign of what menders mend; all others pass after a few substring tests.
 */
export function chatRepair(call: Call): StreamRepair {
  const mender = new ChunkMender(call);
  const harmless = new Likeness();
  let begun = false;
  return ({ data }) => {
    if (harmless.isMetBy(data)) return null;
    if (begun && !maySuffer(data)) {
      harmless.learn(data);
      return null;
    }
    const chunk = objectOf(data);
    if (chunk === null || !Array.isArray(chunk.choices)) return null;
    begun ||= chunk.choices.length > 0;
    const mended = mender.mend(chunk);
    return mended === chunk ? null : JSON.stringify(mended);
  };
}

/**
 * Knows a chunk by one that was looked at before: the same but for the words it brings, among which there is no quote, so that
 * they cannot be anything else. Chunk after chunk of a stream is like that, and is told by three comparisons.
 */
class Likeness {
  #before = '';
  #after = '';

  isMetBy(data: string): boolean {
    if (this.#before === '' || !data.startsWith(this.#before)) return false;
    return data.endsWith(this.#after) && data.indexOf('"', this.#before.length) === data.length - this.#after.length;
  }

  /** Takes a chunk; the next ones that are like it are met. */
  learn(data: string): void {
    const mark = data.indexOf(words);
    const end = mark === -1 ? -1 : data.indexOf('"', mark + words.length);
    if (end === -1) return;
    this.#before = data.slice(0, mark + words.length);
    this.#after = data.slice(end);
  }
}

const words = '"content":"';

const bent = /"(?:tool_calls|reasoning)"\s*:\s*[^\sn]|"role"|"content"\s*:\s*\[/;

function maySuffer(data: string): boolean {
  if (isDone(data)) return false;
  return (
    !data.includes('"object":"chat.completion.chunk"') ||
    !(data.includes('"finish_reason":null') || data.includes('"choices":[]')) ||
    bent.test(data)
  );
}

function isDone(data: string): boolean {
  return data === doneMark || (data.length < 16 && data.trim() === doneMark);
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
