// A server in front of two real models, speaking OpenAI's and Ollama's dialects, for tests: `node text-model.ts --port 0`.
// Prints {"port":N} as its first line. Invariant: when a client leaves, its generation ends at the next token and the
// journal says after how many.
//   --key KEY        the OpenAI paths want `Authorization: Bearer KEY`
//   --alias A=MODEL  A is a further name of MODEL; may be given often
// For tests only: GET /test/journal[?next=EVENT&after=SEQ] and POST /test/hold {"afterTokens":N}, which makes the next
// generation wait after N tokens until its client leaves.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { EmbeddingModel } from './embedding-model.ts';
import { type Body, type Call, isObject, readBody, sendJson } from './http-answers.ts';
import { Journal } from './journal.ts';
import { ollamaChat, ollamaEmbed, ollamaFailure, show, tags, version } from './ollama-wire.ts';
import { chat, complete, embed, listModels, openaiFailure, openaiRefusal, type Parts, rerank } from './openai-wire.ts';
import { StoryModel } from './story-model.ts';

type Handler = (parts: Parts, call: Call) => void | Promise<void>;

const openaiRoutes: Record<string, Handler> = {
  'GET /v1/models': listModels,
  'POST /v1/chat/completions': chat,
  'POST /v1/completions': complete,
  'POST /v1/embeddings': embed,
  'POST /v1/rerank': rerank,
  'POST /rerank': rerank,
};

const ollamaRoutes: Record<string, Handler> = {
  'GET /api/version': version,
  'GET /api/tags': tags,
  'POST /api/show': show,
  'POST /api/chat': ollamaChat,
  'POST /api/embed': ollamaEmbed,
};

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    model: { type: 'string' },
    key: { type: 'string' },
    alias: { type: 'string', multiple: true, default: [] },
  },
});
const modelPath = values.model ?? `${process.env['PLUMBLINE_TEST_DATA']}/models/stories260K.gguf`;
const aliases = new Map(values.alias.map((pair) => pair.split('=') as [string, string]));

const journal = new Journal();
const tokensOf = new WeakMap<ServerResponse, number>();
let holdAfter: number | undefined;

const parts: Parts = {
  stories: await StoryModel.load(modelPath),
  embeddings: await EmbeddingModel.load(),
  names: ['stories260K', 'use-lite', ...aliases.keys()],
  modelNamed(name) {
    const plain = typeof name === 'string' ? (aliases.get(name) ?? name.replace(/:latest$/, '')) : '';
    return plain === 'stories260K' || plain === 'use-lite' ? plain : undefined;
  },
  watch: (call) => (count) => afterToken(call, count),
};

async function afterToken(call: Call, count: number): Promise<void> {
  tokensOf.set(call.response, count);
  if (count !== holdAfter) return;
  holdAfter = undefined;
  journal.add('held', { path: call.path, afterTokens: count });
  await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()));
}

/** Aborts when the client leaves before the whole answer has been given to the socket. */
function watchClient(path: string, response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.on('close', () => {
    if (response.writableFinished) {
      journal.add('answered', { path, status: response.statusCode, tokens: tokensOf.get(response) ?? 0 });
      return;
    }
    left.abort(new Error('the client left'));
  });
  return left.signal;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://test').pathname;
  const route = `${request.method} ${path}`;
  if (path.startsWith('/test/')) return await testPage(request, response);
  const ollama = ollamaRoutes[route];
  const handler = ollama ?? openaiRoutes[route];
  const signal = watchClient(path, response);
  try {
    if (handler === undefined) throw openaiRefusal(404, `Invalid URL (${route})`);
    if (ollama === undefined) needKey(request);
    const body = request.method === 'POST' ? parsed(await readBody(request)) : {};
    journal.add('request', { path, headers: request.headers, body });
    await handler(parts, { path, body, response, signal });
  } catch (error) {
    if (signal.aborted) return;
    const refusal = (ollama === undefined ? openaiFailure : ollamaFailure)(error);
    if (refusal === undefined || response.headersSent) throw error;
    sendJson(response, refusal.status, refusal.body);
  } finally {
    if (signal.aborted) journal.add('client-gone', { path, afterTokens: tokensOf.get(response) ?? 0 });
  }
}

function needKey(request: IncomingMessage): void {
  if (values.key === undefined || request.headers.authorization === `Bearer ${values.key}`) return;
  throw openaiRefusal(401, 'Incorrect API key provided.', null, 'invalid_api_key');
}

function parsed(text: string): Body {
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return body;
  } catch (error) {
    throw openaiRefusal(400, `We could not parse the JSON body of your request: ${error}`);
  }
  throw openaiRefusal(400, 'The body must be a JSON object.');
}

async function testPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://test');
  if (url.pathname === '/test/hold') {
    holdAfter = Number(parsed(await readBody(request))['afterTokens']);
    return sendJson(response, 200, {});
  }
  const left = new AbortController();
  response.on('close', () => left.abort());
  const event = url.searchParams.get('next');
  if (event !== null)
    await journal.next(event, Number(url.searchParams.get('after') ?? 0), left.signal).catch(() => undefined);
  sendJson(response, 200, journal.entries);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    response.destroy();
  });
});
server.listen(Number(values.port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
