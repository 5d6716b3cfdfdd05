// What Anthropic really sent: whole messages, streams, and the requests that were asked, from the folder of recordings.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isObject, type JsonObject } from '../../src/core/json.ts';
import { recorded, uncompressed } from './cassettes.ts';

const folder = join(process.env['PLUMBLINE_TEST_DATA'] ?? '', 'fixtures');

export interface Recording {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Takes a folder below fixtures/ and an ending; returns the paths of its files, empty without recordings. */
export function recordedPaths(below: string, ending: string): string[] {
  if (process.env['PLUMBLINE_TEST_DATA'] === undefined) return [];
  const found = readdirSync(join(folder, below), { recursive: true, encoding: 'utf8' });
  return found
    .filter((path) => path.endsWith(ending))
    .toSorted()
    .map((path) => `${below}/${path}`);
}

/** Returns the paths of recorded streams of chat.completion.chunk, of every vendor there is. */
export function openAiStreams(): string[] {
  return recordedPaths('vercel-ai', '.chunks.txt').filter((path) =>
    linesOf(path)[0]?.includes('"chat.completion.chunk"'),
  );
}

/** Takes a file of one JSON a line; returns it framed as OpenAI frames its streams. */
export function openAiFramed(path: string): Buffer {
  const lines = linesOf(path).filter((line) => line !== '[DONE]');
  return Buffer.from([...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join(''));
}

/** Returns every recorded stream of Anthropic; a file may hold the streams of several turns. */
export function recordedStreams(): Recording[] {
  const chunked = recordedPaths('vercel-ai/anthropic', '.chunks.txt').flatMap((path) =>
    turnsOf(linesOf(path)).map((lines, turn) => ({
      name: turn === 0 ? path : `${path} ${turn}`,
      bytes: framed(lines),
    })),
  );
  const raw = interactions().filter(({ answer }) => answer.subarray(0, 6).toString() === 'event:');
  return [...chunked, ...raw.map(({ name, answer }) => ({ name, bytes: answer }))];
}

/** Returns every recorded whole message of Anthropic. */
export function recordedMessages(): { readonly name: string; readonly message: JsonObject }[] {
  const plain = recordedPaths('vercel-ai/anthropic', '.json').map((name) => ({ name, bytes: recorded(name) }));
  const raw = interactions().map(({ name, answer }) => ({ name, bytes: answer }));
  return [...plain, ...raw].flatMap(({ name, bytes }) => {
    const message: unknown = bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : null;
    return isObject(message) && message.type === 'message' ? [{ name, message }] : [];
  });
}

/** Returns every recorded request to /v1/messages. */
export function recordedRequests(): { readonly name: string; readonly asked: JsonObject }[] {
  return interactions().flatMap(({ name, url, asked }) => (url.includes('/v1/messages') ? [{ name, asked }] : []));
}

interface Interaction {
  readonly name: string;
  readonly url: string;
  readonly asked: JsonObject;
  readonly answer: Buffer;
}

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly body: string; readonly uri: string };
    readonly response: { readonly body: { readonly string: string | Uint8Array } };
  }[];
}

function interactions(): Interaction[] {
  return recordedPaths('openllmetry/anthropic', '.yaml').flatMap((path) => {
    const cassette = parse(recorded(path).toString()) as Cassette;
    return cassette.interactions.map(({ request, response }, index) => ({
      name: `${path} ${index}`,
      url: request.uri,
      asked: JSON.parse(request.body) as JsonObject,
      answer: uncompressed(Buffer.from(response.body.string as string)),
    }));
  });
}

function turnsOf(lines: readonly string[]): string[][] {
  const turns: string[][] = [[]];
  for (const line of lines) {
    turns.at(-1)?.push(line);
    if (typeOf(line) === 'message_stop') turns.push([]);
  }
  return turns.filter((turn) => turn.length > 0);
}

function typeOf(line: string): string {
  return (JSON.parse(line) as { type: string }).type;
}

function framed(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `event: ${typeOf(line)}\ndata: ${line}\n\n`).join(''));
}

function linesOf(path: string): string[] {
  return recorded(path)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
}
