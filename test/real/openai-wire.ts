// The text model's OpenAI dialect: models, chat (text, JSON by schema, forced tools), completions, embeddings, rerank.
// Shapes and error bodies follow OpenAI's published API; rerank follows Jina's and infinity's.
import { dimensions, type EmbeddingModel } from './embedding-model.ts';
import { asNumber, type Body, type Call, isObject, Refusal, sendJson, textOf } from './http-answers.ts';
import { ChatAnswer, CompletionAnswer, type Forced } from './openai-answers.ts';
import { ContextLengthExceeded, type Generation, type JsonSchema, type StoryModel } from './story-model.ts';

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
