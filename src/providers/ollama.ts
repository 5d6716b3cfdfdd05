// Ollama, spoken to in its own API: its OpenAI-compatible one loses num_ctx, keep_alive and thinking. Chat goes to
// /api/chat under both of LiteLLM's prefixes (its `ollama/` used /api/generate and lost reasoning there).
import type { JsonObject } from '../core/json.ts';
import type { Secret } from '../kit/secret.ts';
import { ollamaShow } from './model-lists.ts';
import { chatAnswer, completionAnswer, OllamaReader, ollamaUsage, vectorsAnswer } from './ollama/answer.ts';
import { chatRequest, completionRequest, embeddingRequest } from './ollama/request.ts';
import type { Call, Provider, Wire } from './provider.ts';
import { upstreamFailure } from './upstream-failure.ts';

const common = {
  dialect: null,
  framing: 'ndjson',
  headers: bearer,
  edits: () => ({}),
  usage: (body: JsonObject) => ollamaUsage(body),
  failure: (status: number, headers: Readonly<Record<string, string>>, body: string) =>
    upstreamFailure('ollama', status, headers, body),
} as const satisfies Partial<Wire>;

/** A local Ollama needs no key; one behind a proxy, or ollama.com, takes a bearer. */
function bearer(call: Call): Record<string, Secret> {
  const key = call.upstream.credential.api_key;
  return key === undefined ? {} : { authorization: key.prefixed('Bearer ') };
}

const chat: Wire = {
  ...common,
  path: () => '/api/chat',
  encode: chatRequest,
  decode: chatAnswer,
  reader: (call) => new OllamaReader(call, 'chat'),
};

const completion: Wire = {
  ...common,
  path: () => '/api/generate',
  encode: completionRequest,
  decode: completionAnswer,
  reader: (call) => new OllamaReader(call, 'texts'),
};

const embedding: Wire = {
  ...common,
  path: () => '/api/embed',
  encode: embeddingRequest,
  decode: vectorsAnswer,
};

export const ollama: Provider = {
  name: 'ollama',
  label: 'Ollama',
  prefixes: ['ollama_chat'],
  keyVariables: ['OLLAMA_API_KEY'],
  baseUrlVariables: ['OLLAMA_API_BASE'],
  defaultBaseUrl: 'http://localhost:11434',
  keyRequired: false,
  local: { baseUrl: 'http://localhost:11434', modelsPath: '/api/tags' },
  describe: ollamaShow,
  wires: { chat, completion, embedding },
};
