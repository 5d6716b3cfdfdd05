// Every recorded answer of a server that speaks OpenAI's dialect, from the folder that PLUMBLINE_TEST_DATA names, sorted by
// what it is. What is not of that dialect (Responses API, images, transcriptions) is counted by kind, so nothing is lost unseen.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { uncompressed } from './cassettes.ts';

export type Kind = 'chat' | 'chat-stream' | 'completion' | 'completion-stream' | 'embedding' | 'rerank' | 'refusal';

export interface Recording {
  readonly kind: Kind;
  readonly name: string;
  /** Our name of the provider. */
  readonly provider: string;
  readonly status: number;
  /** The body as it came over the wire. */
  readonly bytes: Buffer;
  /** What was asked, where it was recorded. */
  readonly asked: JsonObject | null;
}

export interface Recordings {
  readonly replayed: readonly Recording[];
  /** Kind → how many were left aside. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** Folder of recordings → our name of the provider. */
const folders: Readonly<Record<string, string>> = {
  'vercel-ai/alibaba': 'dashscope',
  'vercel-ai/azure': 'openai',
  'vercel-ai/deepseek': 'deepseek',
  'vercel-ai/groq': 'groq',
  'vercel-ai/mistral': 'mistral',
  'vercel-ai/moonshotai': 'moonshot',
  'vercel-ai/open-responses': 'openai',
  'vercel-ai/openai': 'openai',
  'vercel-ai/openai-compatible': 'xai',
  'vercel-ai/perplexity': 'perplexity',
  'vercel-ai/togetherai': 'together_ai',
  'vercel-ai/voyage': 'voyage',
  'vercel-ai/xai': 'xai',
  'openllmetry/groq': 'groq',
  'openllmetry/mistralai': 'mistral',
  'openllmetry/openai': 'openai',
  'openllmetry/together': 'together_ai',
};

/** Takes the folder of test data; returns what was recorded of OpenAI's dialect. */
export function openAiRecordings(data: string): Recordings {
  const skipped = new Map<string, number>();
  const replayed: Recording[] = [];
  for (const [folder, provider] of Object.entries(folders)) {
    for (const path of filesBelow(join(data, 'fixtures', folder))) {
      for (const found of recordingsIn(path, provider)) {
        if (typeof found === 'string') skipped.set(found, (skipped.get(found) ?? 0) + 1);
        else replayed.push({ ...found, name: path.slice(path.indexOf(folder)) });
      }
    }
  }
  return { replayed, skipped };
}

type Found = Omit<Recording, 'name'> | string;

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function recordingsIn(path: string, provider: string): readonly Found[] {
  if (path.endsWith('.chunks.txt')) return [streamOfChunks(readFileSync(path, 'utf8'), provider)];
  if (path.endsWith('.json')) return [wholeAnswer(readFileSync(path), 200, provider, null)];
  if (path.endsWith('.yaml')) return cassetteAnswers(readFileSync(path, 'utf8'), provider);
  return [];
}

/** The framing was taken away when these were recorded: put it back as OpenAI's servers write it. */
function streamOfChunks(text: string, provider: string): Found {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const kind = kindOfStream(lines);
  if (kind !== 'chat-stream' && kind !== 'completion-stream') return kind;
  const framed = [...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join('');
  return { kind, provider, status: 200, bytes: Buffer.from(framed), asked: null };
}

function kindOfStream(lines: readonly string[]): string {
  for (const line of lines) {
    // One recording of the Responses API is not even JSON.
    if (line.startsWith('{"type":"response.')) return 'Responses API, stream';
    const chunk: unknown = JSON.parse(line);
    if (!isObject(chunk)) return 'stream of something else';
    if (typeof chunk.type === 'string')
      return chunk.type.startsWith('response.') ? 'Responses API, stream' : `other stream (${chunk.type})`;
    if (String(chunk.object).startsWith('thread')) return 'Assistants API, stream';
    const [choice] = listOf(chunk.choices);
    if (isObject(choice)) return choice.text === undefined ? 'chat-stream' : 'completion-stream';
  }
  return 'stream of something else';
}

function wholeAnswer(bytes: Buffer, status: number, provider: string, asked: JsonObject | null): Found {
  const kind = kindOfAnswer(bytes, status);
  const known: readonly string[] = ['chat', 'completion', 'embedding', 'rerank', 'refusal'];
  if (!known.includes(kind)) return kind;
  const refused = kind === 'refusal' && status < 400 ? 400 : status;
  return { kind: kind as Kind, provider, status: refused, bytes, asked };
}

function kindOfAnswer(bytes: Buffer, status: number): string {
  const body: unknown = JSON.parse(bytes.toString('utf8'));
  if (!isObject(body)) return 'other answer';
  if (status >= 400 || isObject(body.error)) return isObject(body.error) ? 'refusal' : 'other refusal';
  if (body.object === 'response') return 'Responses API';
  const [choice] = listOf(body.choices);
  if (isObject(choice)) return choice.text === undefined ? 'chat' : 'completion';
  const [entry] = listOf(body.data ?? body.results);
  if (isObject(entry) && entry.embedding !== undefined) return 'embedding';
  if (isObject(entry) && entry.relevance_score !== undefined) return 'rerank';
  return `other answer (${String(body.object ?? 'without object')})`;
}

interface Cassette {
  readonly interactions: readonly {
    readonly request: { readonly body: string | null; readonly uri: string };
    readonly response: {
      readonly body: { readonly string: string | Uint8Array | null };
      readonly status: { readonly code: number };
    };
  }[];
}

function cassetteAnswers(text: string, provider: string): readonly Found[] {
  return (parse(text) as Cassette).interactions.map(({ request, response }): Found => {
    const asked = jsonObject(request.body);
    const bytes = uncompressed(Buffer.from(response.body.string ?? ''));
    if (bytes.length === 0) return 'empty answer';
    if (/^(?:data|event|:)/.test(bytes.toString('latin1', 0, 8))) return recordedStream(bytes, provider, asked);
    if (bytes[0] !== 0x7b) return 'no JSON object';
    return wholeAnswer(bytes, response.status.code, provider, asked);
  });
}

function recordedStream(bytes: Buffer, provider: string, asked: JsonObject | null): Found {
  const data = bytes
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => line.slice(6));
  const kind = kindOfStream(data);
  if (kind !== 'chat-stream' && kind !== 'completion-stream') return kind;
  return { kind, provider, status: 200, bytes, asked };
}

function jsonObject(text: string | null): JsonObject | null {
  if (typeof text !== 'string' || !text.startsWith('{')) return null;
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : null;
}

/** Takes an answer's bytes; returns what they say. */
export function answerOf(recording: Recording): JsonValue {
  return JSON.parse(recording.bytes.toString('utf8')) as JsonValue;
}
