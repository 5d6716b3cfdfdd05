// The text model's Ollama dialect: /api/chat as newline-delimited JSON, /api/embed, and the small pages clients look at first.
// Shapes follow Ollama's published API; like a real Ollama, a model without tools refuses them.
import { dimensions } from './embedding-model.ts';
import { asNumber, type Body, type Call, isObject, Refusal, sendJson, textOf } from './http-answers.ts';
import type { Parts } from './openai-wire.ts';
import { ContextLengthExceeded, type Ending, type Generation, type JsonSchema } from './story-model.ts';

function refusal(status: number, error: string): Refusal {
  return new Refusal(status, { error });
}

export function version(_parts: Parts, call: Call): void {
  sendJson(call.response, 200, { version: '0.12.0' });
}

export function tags(parts: Parts, call: Call): void {
  sendJson(call.response, 200, { models: parts.names.map(listed) });
}

function listed(name: string) {
  const details = { parent_model: '', format: 'gguf', family: 'llama', families: ['llama'] };
  return {
    name,
    model: name,
    modified_at: '2026-01-01T00:00:00Z',
    size: 1185376,
    digest: '0'.repeat(64),
    details: { ...details, parameter_size: '260K', quantization_level: 'F32' },
  };
}

export function show(parts: Parts, call: Call): void {
  const kind = parts.modelNamed(call.body['model'] ?? call.body['name']);
  if (kind === undefined) throw refusal(404, `model '${call.body['model']}' not found`);
  const capabilities = kind === 'use-lite' ? ['embedding'] : ['completion'];
  const information = kind === 'use-lite' ? { 'bert.embedding_length': dimensions } : { 'llama.context_length': 512 };
  const { details } = listed(kind);
  sendJson(call.response, 200, {
    modelfile: '',
    parameters: '',
    template: '',
    details,
    model_info: information,
    capabilities,
  });
}

export async function ollamaChat(parts: Parts, call: Call): Promise<void> {
  const { body, response } = call;
  needModel(parts, body, 'stories260K');
  if (Array.isArray(body['tools']) && body['tools'].length > 0)
    throw refusal(400, `${body['model']} does not support tools`);
  const pieces = parts.stories.generate(wish(parts, call));
  const line = (rest: Body) => ({ model: body['model'], created_at: new Date().toISOString(), ...rest });
  const said = (content: string) => ({ message: { role: 'assistant', content } });
  const streaming = body['stream'] !== false;
  let step = await pieces.next();
  let text = '';
  if (streaming) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (; step.done !== true; step = await pieces.next()) {
    text += step.value;
    if (streaming) response.write(`${JSON.stringify(line({ ...said(step.value), done: false }))}\n`);
  }
  const last = line({ ...said(streaming ? '' : text), ...counts(step.value) });
  if (streaming) response.end(`${JSON.stringify(last)}\n`);
  else sendJson(response, 200, last);
}

function wish(parts: Parts, call: Call): Generation {
  const messages = Array.isArray(call.body['messages']) ? call.body['messages'] : [];
  const options = isObject(call.body['options']) ? call.body['options'] : {};
  const schema = wantedSchema(call.body['format']);
  const given = {
    maxTokens: asNumber(options['num_predict']),
    temperature: asNumber(options['temperature']),
    topP: asNumber(options['top_p']),
    seed: asNumber(options['seed']),
    stop: Array.isArray(options['stop']) ? options['stop'] : undefined,
    schema,
  };
  return {
    prompt: messages.map((message) => (isObject(message) ? textOf(message['content']) : '')).join('\n'),
    signal: call.signal,
    afterToken: parts.watch(call),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function wantedSchema(format: unknown): JsonSchema | undefined {
  if (isObject(format)) return format;
  return format === 'json' ? { type: 'object', properties: { text: { type: 'string' } } } : undefined;
}

/** Durations are nanoseconds in Ollama's words; nobody asserts them. */
function counts(ending: Ending): Body {
  return {
    done: true,
    done_reason: ending.reason,
    total_duration: 1,
    load_duration: 1,
    prompt_eval_count: ending.promptTokens,
    prompt_eval_duration: 1,
    eval_count: ending.tokens,
    eval_duration: 1,
  };
}

export async function ollamaEmbed(parts: Parts, call: Call): Promise<void> {
  const { body } = call;
  needModel(parts, body, 'use-lite');
  const texts = typeof body['input'] === 'string' ? [body['input']] : body['input'];
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw refusal(400, 'invalid input type');
  const wanted = body['dimensions'];
  if (wanted !== undefined && wanted !== dimensions) throw refusal(400, `this model makes ${dimensions} dimensions`);
  const embeddings = await parts.embeddings.embed(texts);
  const prompt_eval_count = parts.embeddings.countTokens(texts);
  sendJson(call.response, 200, {
    model: body['model'],
    embeddings,
    total_duration: 1,
    load_duration: 1,
    prompt_eval_count,
  });
}

function needModel(parts: Parts, body: Body, kind: string): void {
  const found = parts.modelNamed(body['model']);
  if (found === undefined) throw refusal(404, `model '${body['model']}' not found`);
  if (found !== kind) throw refusal(400, `"${body['model']}" does not support this`);
}

/** Our own failures in Ollama's words; anything else stays a failure. */
export function ollamaFailure(error: unknown): Refusal | undefined {
  if (error instanceof ContextLengthExceeded) return refusal(400, error.message);
  return error instanceof Refusal ? error : undefined;
}
