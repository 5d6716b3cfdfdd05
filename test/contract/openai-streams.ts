// Streams of OpenAI's dialect as tests look at them: cut anywhere, read through the house's own splitter, and put together
// the way the official clients put deltas together.
import type { ChatChunk } from '../../src/core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { readEvent, SseSplitter } from '../../src/kit/sse.ts';
import type { StreamPiece } from '../../src/providers/provider.ts';

/** Takes the bytes of a stream and where to cut them; returns its pieces as the gateway would see them. */
export function piecesOf(bytes: Buffer, cuts: readonly number[] = []): readonly StreamPiece[] {
  const splitter = new SseSplitter();
  const borders = [0, ...cuts, bytes.length];
  const raw = borders.slice(1).flatMap((border, at) => splitter.push(bytes.subarray(borders[at], border)));
  const rest = splitter.end();
  return [...raw, ...(rest === null ? [] : [rest])].map(readEvent);
}

/** Takes the bytes of a stream; returns places inside it where a careless reader breaks. */
export function hostileCuts(bytes: Buffer): readonly number[] {
  const cuts: number[] = [];
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const insideUtf8 = (byte & 0xc0) === 0x80;
    const afterNewline = bytes[at - 1] === 0x0a;
    const insideField = bytes[at - 1] === 0x64 && byte === 0x61;
    const afterBackslash = bytes[at - 1] === 0x5c;
    if (insideUtf8 || afterNewline || insideField || afterBackslash) cuts.push(at);
  }
  return cuts;
}

/** Takes a length and a step; returns a cut every `step` bytes. */
export function everyBytes(length: number, step: number): readonly number[] {
  return Array.from({ length: Math.ceil(length / step) - 1 }, (_, at) => (at + 1) * step);
}

/** One choice of a streamed answer, put together. */
export interface Rebuilt {
  text: string;
  reasoning: string;
  role: string;
  finish: string[];
  tools: { id: string; name: string; arguments: string }[];
}

/** Takes chunks; returns their first choice put together as clients do: strings are joined, calls found by their index. */
export function rebuilt(chunks: readonly (ChatChunk | JsonObject)[]): Rebuilt {
  const sum: Rebuilt = { text: '', reasoning: '', role: '', finish: [], tools: [] };
  for (const choice of chunks.flatMap((chunk) => listOf(chunk.choices))) {
    if (!isObject(choice) || choice.index !== 0) continue;
    const delta = isObject(choice.delta) ? choice.delta : {};
    sum.text += text(delta.content);
    sum.reasoning += text(delta.reasoning_content);
    sum.role += text(delta.role);
    for (const call of listOf(delta.tool_calls)) join(sum, call);
    if (typeof choice.finish_reason === 'string') sum.finish.push(choice.finish_reason);
  }
  return sum;
}

/** The official Python client joins every string of a delta, id and name included; the Node client keeps the last. */
function join(sum: Rebuilt, call: JsonValue): void {
  if (!isObject(call) || typeof call.index !== 'number') throw new Error('a tool call without an index');
  const called = isObject(call.function) ? call.function : {};
  const known = sum.tools[call.index];
  if (known === undefined) {
    sum.tools[call.index] = { id: text(call.id), name: text(called.name), arguments: text(called.arguments) };
    return;
  }
  known.id += text(call.id);
  known.name += text(called.name);
  known.arguments += text(called.arguments);
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
