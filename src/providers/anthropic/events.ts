// The events of Anthropic's streams as JSON, and how their counts of tokens add up.
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { StreamPiece } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';

/** Takes a piece; returns its data as JSON, or the text itself when it is none. */
export function dataOf(piece: StreamPiece): JsonValue {
  try {
    return JSON.parse(piece.data) as JsonValue;
  } catch {
    // An error event without JSON: its text is all there is.
    return piece.data;
  }
}

/** Takes a piece; returns the event, empty for a keep-alive. Throws upstream_garbled, or what an error event means. */
export function eventOf(piece: StreamPiece): JsonObject {
  if (piece.data.trim() === '') return {};
  const event = dataOf(piece);
  if (isObject(event)) return event;
  if (piece.name === 'error') throw failureInStream('anthropic', event);
  throw garbled('anthropic', 'a piece of the stream is not a JSON object');
}

/** The counts of a stream are totals: what comes later stands, and what it leaves out stays. */
export function mergedUsage(before: JsonObject, now: JsonValue | undefined): JsonObject {
  const told = Object.entries(objectOf(now)).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(told) };
}

/** Takes any value; returns it when it is an object, else an empty one. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
