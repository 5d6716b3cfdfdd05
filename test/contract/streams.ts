// Streams in contract tests: bytes cut anywhere, read piece by piece as the gateway reads them.
import type { ChatChunk } from '../../src/core/chat.ts';
import type { AnswerContext, StreamEncoder } from '../../src/gateway/dialects/dialect.ts';
import { readEvent, type SseEvent, SseSplitter } from '../../src/kit/sse.ts';
import type { StreamReader } from '../../src/providers/provider.ts';

/** Takes bytes and where to cut them; returns the events they hold, however they were cut. */
export function eventsIn(bytes: Buffer, places: readonly number[] = []): SseEvent[] {
  const splitter = new SseSplitter();
  const marks = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  const raws = marks.slice(1).flatMap((mark, at) => splitter.push(bytes.subarray(marks[at], mark)));
  const rest = splitter.end();
  return [...raws, ...(rest === null ? [] : [rest])].map(readEvent);
}

/** Takes a reader and a stream; returns the chunks it gives. */
export function chunksOf(reader: StreamReader, bytes: Buffer, places: readonly number[] = []): ChatChunk[] {
  return eventsIn(bytes, places).flatMap((event) => [...reader.read(event)]);
}

/** Takes an encoder and chunks; returns the whole text of the stream. */
export function encoded(encoder: StreamEncoder, chunks: readonly ChatChunk[]): string {
  return chunks.map((chunk) => encoder.write(chunk)).join('') + encoder.end();
}

/** Takes what differs from the usual; returns the context of an answer. */
export function contextFor(differing: Partial<AnswerContext> = {}): AnswerContext {
  let made = 0;
  return {
    model: 'asked-model',
    includeUsage: false,
    estimatedInput: 42,
    newId: (prefix) => `${prefix}${++made}`,
    ...differing,
  };
}

export interface Heard {
  content: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string }[];
  finish: string | null;
  usage: ChatChunk['usage'];
}

/** Takes chunks; returns what an OpenAI client puts together from them, by the index of each call. */
export function heard(chunks: readonly ChatChunk[]): Heard {
  const sum: Heard = { content: '', reasoning: '', calls: [], finish: null, usage: undefined };
  for (const chunk of chunks) {
    sum.usage = chunk.usage ?? sum.usage;
    for (const { delta, finish_reason: finish } of chunk.choices) {
      sum.content += delta.content ?? '';
      sum.reasoning += delta.reasoning_content ?? '';
      sum.finish = finish ?? sum.finish;
      for (const { index, id, function: said } of delta.tool_calls ?? []) {
        const call = sum.calls[index] ?? { id: id ?? '', name: said?.name ?? '', arguments: '' };
        call.arguments += said?.arguments ?? '';
        sum.calls[index] = call;
      }
    }
  }
  return sum;
}
