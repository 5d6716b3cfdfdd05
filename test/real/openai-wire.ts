// The text model's OpenAI dialect: models, chat (text, JSON by schema, forced tools), completions, embeddings, rerank.
// Shapes and error bodies follow OpenAI's published API; rerank follows Jina's and infinity's.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { dimensions, type EmbeddingModel } from './embedding-model.ts';
import { asNumber, type Body, type Call, isObject, Refusal, sendJson, textOf } from './http-answers.ts';
import {
  ContextLengthExceeded,
  type Ending,
  type Generation,
  type JsonSchema,
  type StoryModel,
} from './story-model.ts';

export type Parts = {
  readonly stories: StoryModel;
  readonly embeddings: EmbeddingModel;
  /** The model a name stands for, or undefined. */
  readonly modelNamed: (name: unknown) => 'stories260K' | 'use-lite' | undefined;
  readonly names: readonly string[];
  /** Watches one generation: the journal's and the hold's hook. */
  readonly watch: (call: Call) => (count: number) => Promise<void>;
};

/** OpenAI's error body. */
export function openaiRefusal(
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = null,
) {
  return new Refusal(status, { error: { message, type: 'invalid_request_error', param, code } });
}

export function listModels(parts: Parts, call: Call): void {
  const data = parts.names.map((id) => ({ id, object: 'model', created: 1690000000, owned_by: 'plumbline-tests' }));
  sendJson(call.response, 200, { object: 'list', data });
}

// ── chat and completions ──

type Forced = { readonly name: string; readonly schema: JsonSchema };

export async function chat(parts: Parts, call: Call): Promise<void> {
  const { body } = call;
  needModel(parts, body, 'stories260K');
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0)
    throw openaiRefusal(400, "'messages' must be a list", 'messages');
  const tool = forcedTool(body);
  const schema = tool?.schema ?? wantedSchema(body);
  const wish = generation(parts, call, messages.map(spoken).join('\n'), schema);
  const answer = new ChatAnswer(call.body, tool);
  await answer.send(call.response, parts.stories.generate(wish));
}

export async function complete(parts: Parts, call: Call): Promise<void> {
  const { body } = call;
  needModel(parts, body, 'stories260K');
  if (typeof body['prompt'] !== 'string') throw openaiRefusal(400, "'prompt' must be a string", 'prompt');
  const answer = new CompletionAnswer(body);
  await answer.send(call.response, parts.stories.generate(generation(parts, call, body['prompt'], undefined)));
}

function generation(parts: Parts, call: Call, prompt: string, schema: JsonSchema | undefined): Generation {
  const { body, signal } = call;
  if (body['n'] !== undefined && body['n'] !== null && body['n'] !== 1)
    throw openaiRefusal(400, 'only n=1 is made here', 'n');
  return {
    prompt,
    signal,
    afterToken: parts.watch(call),
    ...sampling(body),
    ...(schema === undefined ? {} : { schema }),
  };
}

function sampling(body: Body): Partial<Generation> {
  const stop = body['stop'];
  const given = {
    maxTokens: asNumber(body['max_completion_tokens']) ?? asNumber(body['max_tokens']),
    temperature: asNumber(body['temperature']),
    topP: asNumber(body['top_p']),
    seed: asNumber(body['seed']),
    stop:
      typeof stop === 'string'
        ? [stop]
        : Array.isArray(stop)
          ? stop.filter((text) => typeof text === 'string')
          : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The model tells stories, it does not chat: what was said is simply the beginning of the text. */
function spoken(message: unknown): string {
  if (!isObject(message)) throw openaiRefusal(400, 'each message must be an object', 'messages');
  const calls = Array.isArray(message['tool_calls']) ? JSON.stringify(message['tool_calls']) : '';
  return textOf(message['content']) + calls;
}

function forcedTool(body: Body): Forced | undefined {
  const choice = body['tool_choice'];
  const tools = (Array.isArray(body['tools']) ? body['tools'] : []).flatMap((tool) =>
    isObject(tool) && isObject(tool['function']) ? [tool['function']] : [],
  );
  const named = isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : undefined;
  if (choice !== 'required' && named === undefined) return undefined;
  const tool = tools.find((candidate) => named === undefined || candidate['name'] === named);
  if (tool === undefined) throw openaiRefusal(400, 'tool_choice names no tool of the list', 'tool_choice');
  const parameters = isObject(tool['parameters']) ? tool['parameters'] : { type: 'object', properties: {} };
  return { name: String(tool['name']), schema: parameters };
}

function wantedSchema(body: Body): JsonSchema | undefined {
  const format = body['response_format'];
  if (!isObject(format) || format['type'] === 'text') return undefined;
  if (format['type'] === 'json_object') return { type: 'object', properties: { text: { type: 'string' } } };
  const wrapped = format['json_schema'];
  if (isObject(wrapped) && isObject(wrapped['schema'])) return wrapped['schema'];
  throw openaiRefusal(400, 'response_format must be text, json_object or json_schema with a schema', 'response_format');
}

function usageOf(ending: Ending) {
  const { promptTokens, tokens } = ending;
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}

/** One answer, whole or streamed; the two dialects of text differ in the four methods below. */
abstract class Answer {
  protected readonly body: Body;
  protected readonly id: string;
  protected readonly created = Math.floor(Date.now() / 1000);

  constructor(body: Body, prefix: string) {
    this.body = body;
    this.id = `${prefix}-${randomUUID()}`;
  }

  protected abstract whole(text: string, ending: Ending): Body;
  protected abstract opening(): Body[];
  protected abstract piece(text: string): Body;
  protected abstract closing(ending: Ending): Body;
  protected abstract envelope(choices: unknown[]): Body;

  async send(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    if (this.body['stream'] === true) await this.#stream(response, pieces);
    else await this.#atOnce(response, pieces);
  }

  async #atOnce(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    let text = '';
    let step = await pieces.next();
    for (; step.done !== true; step = await pieces.next()) text += step.value;
    sendJson(response, 200, this.whole(text, step.value));
  }

  /** The head goes out with the first token, so that a refusal before it still has its own status. */
  async #stream(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    const options = this.body['stream_options'];
    const countsWanted = isObject(options) && options['include_usage'] === true;
    const event = (data: Body) =>
      response.write(
        `data: ${JSON.stringify(countsWanted && !('usage' in data) ? { ...data, usage: null } : data)}\n\n`,
      );
    let step = await pieces.next();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const opening of this.opening()) event(opening);
    for (; step.done !== true; step = await pieces.next()) event(this.piece(step.value));
    event(this.closing(step.value));
    if (countsWanted) event({ ...this.envelope([]), usage: usageOf(step.value) });
    response.end('data: [DONE]\n\n');
  }
}

class ChatAnswer extends Answer {
  readonly #tool: Forced | undefined;
  readonly #callId = `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

  constructor(body: Body, tool: Forced | undefined) {
    super(body, 'chatcmpl');
    this.#tool = tool;
  }

  protected envelope(choices: unknown[]): Body {
    return { id: this.id, object: 'chat.completion.chunk', created: this.created, model: this.body['model'], choices };
  }

  protected whole(text: string, ending: Ending): Body {
    const calls = [{ id: this.#callId, type: 'function', function: { name: this.#tool?.name, arguments: text } }];
    const message = this.#tool === undefined ? { content: text } : { content: null, tool_calls: calls };
    const choice = { index: 0, message: { role: 'assistant', ...message, refusal: null }, logprobs: null };
    const choices = [{ ...choice, finish_reason: this.#reason(ending) }];
    return { ...this.envelope(choices), object: 'chat.completion', usage: usageOf(ending) };
  }

  protected opening(): Body[] {
    const first = this.#delta({ role: 'assistant', content: this.#tool === undefined ? '' : null });
    if (this.#tool === undefined) return [first];
    const call = { index: 0, id: this.#callId, type: 'function', function: { name: this.#tool.name, arguments: '' } };
    return [first, this.#delta({ tool_calls: [call] })];
  }

  protected piece(text: string): Body {
    if (this.#tool === undefined) return this.#delta({ content: text });
    return this.#delta({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  }

  protected closing(ending: Ending): Body {
    return this.#delta({}, this.#reason(ending));
  }

  #delta(delta: Body, reason: string | null = null): Body {
    return this.envelope([{ index: 0, delta, logprobs: null, finish_reason: reason }]);
  }

  #reason(ending: Ending): string {
    return this.#tool !== undefined && ending.reason === 'stop' ? 'tool_calls' : ending.reason;
  }
}

class CompletionAnswer extends Answer {
  constructor(body: Body) {
    super(body, 'cmpl');
  }

  protected envelope(choices: unknown[]): Body {
    return { id: this.id, object: 'text_completion', created: this.created, model: this.body['model'], choices };
  }

  protected whole(text: string, ending: Ending): Body {
    return { ...this.#choice(text, ending.reason), usage: usageOf(ending) };
  }

  protected opening(): Body[] {
    return [];
  }

  protected piece(text: string): Body {
    return this.#choice(text, null);
  }

  protected closing(ending: Ending): Body {
    return this.#choice('', ending.reason);
  }

  #choice(text: string, reason: string | null): Body {
    return this.envelope([{ text, index: 0, logprobs: null, finish_reason: reason }]);
  }
}

// ── embeddings and rerank ──

export async function embed(parts: Parts, call: Call): Promise<void> {
  const { body } = call;
  needModel(parts, body, 'use-lite');
  const texts = embeddingTexts(body['input']);
  const wanted = body['dimensions'];
  if (wanted !== undefined && wanted !== null && wanted !== dimensions)
    throw openaiRefusal(400, `This model makes ${dimensions} dimensions and no other number.`, 'dimensions');
  const vectors = await parts.embeddings.embed(texts);
  const packed = body['encoding_format'] === 'base64' ? vectors.map(base64) : vectors;
  const data = packed.map((embedding, index) => ({ object: 'embedding', index, embedding }));
  const tokens = parts.embeddings.countTokens(texts);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  sendJson(call.response, 200, { object: 'list', data, model: body['model'], usage });
}

function embeddingTexts(input: unknown): string[] {
  const texts = typeof input === 'string' ? [input] : input;
  if (Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== ''))
    return texts;
  throw openaiRefusal(400, "'input' must be a text or a list of texts, none of them empty", 'input');
}

/** Little-endian 32-bit floats, as OpenAI packs them. */
function base64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}

export async function rerank(parts: Parts, call: Call): Promise<void> {
  const { body } = call;
  needModel(parts, body, 'use-lite');
  const { query, documents } = body;
  if (typeof query !== 'string' || !Array.isArray(documents) || documents.length === 0)
    throw openaiRefusal(400, "'query' must be a text and 'documents' a list", 'documents');
  const texts = documents.map((document) => (isObject(document) ? String(document['text']) : String(document)));
  const ranked = await parts.embeddings.rank(query, texts);
  const results = ranked.slice(0, asNumber(body['top_n']) ?? ranked.length).map(({ index, score }) => ({
    index,
    relevance_score: score,
    ...(body['return_documents'] === true ? { document: { text: texts[index] } } : {}),
  }));
  const tokens = parts.embeddings.countTokens([query, ...texts]);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  sendJson(call.response, 200, { object: 'rerank', model: body['model'], results, usage });
}

function needModel(parts: Parts, body: Body, kind: string): void {
  const found = parts.modelNamed(body['model']);
  if (found === undefined)
    throw openaiRefusal(
      404,
      `The model \`${body['model']}\` does not exist or you do not have access to it.`,
      null,
      'model_not_found',
    );
  if (found !== kind) throw openaiRefusal(400, `The model \`${body['model']}\` does not do this.`, 'model');
}

/** Our own failures in OpenAI's words; anything else stays a failure. */
export function openaiFailure(error: unknown): Refusal | undefined {
  if (error instanceof ContextLengthExceeded)
    return openaiRefusal(400, error.message, 'messages', 'context_length_exceeded');
  return error instanceof Refusal ? error : undefined;
}
