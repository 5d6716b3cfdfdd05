// Bad input through a real socket: each request gets a 4xx in the dialect of its route, naming the field, and the process lives.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { openServer, type Server } from '../../src/http/server.ts';
import { completion, masterKey, openHouse } from './house.ts';

const bodyLimit = 100_000;
const house = openHouse({
  deployments: [
    { alias: 'chat' },
    { alias: 'claude', provider: 'anthropic', baseUrl: 'http://anthropic.test' },
    { alias: 'vectors', provider: 'jina_ai', baseUrl: 'http://jina.test' },
  ],
  upstream: () => ({ body: completion('fine') }),
});
let server: Server;

before(async () => {
  const options = { host: '127.0.0.1', port: 0, bodyLimit, keepAliveMs: 1_000, pingMs: 15_000 };
  server = await openServer(options, house.site.routes, house.site.edge);
});
after(() => server.drain(0));

const hello = [{ role: 'user', content: 'hello' }];
const deep = `{"model":"chat","messages":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
const chat = '/v1/chat/completions';
const messages = '/v1/messages';
const notUtf8 = Buffer.concat([
  Buffer.from('{"model":"chat","messages":[{"role":"user","content":"'),
  Buffer.from([0xff, 0xfe]),
  Buffer.from('"}]}'),
]);
const halfRune = Buffer.concat([Buffer.from('{"model":"chat","x":"'), Buffer.from([0xf0, 0x9f]), Buffer.from('"}')]);

interface BadRequest {
  readonly what: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  /** What the message must name. */
  readonly names: RegExp;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

const bad: readonly BadRequest[] = [
  { what: 'no body', path: chat, body: '', status: 400, names: /empty/ },
  { what: 'no JSON', path: chat, body: 'hello', status: 400, names: /not valid JSON/ },
  { what: 'JSON cut short', path: chat, body: '{"model":"chat",', status: 400, names: /not valid JSON/ },
  { what: 'a list', path: chat, body: [], status: 400, names: /JSON object/ },
  { what: 'null', path: chat, body: 'null', status: 400, names: /JSON object/ },
  { what: 'a number', path: chat, body: '42', status: 400, names: /JSON object/ },
  { what: 'a trailing comma', path: chat, body: '{"model":"chat",}', status: 400, names: /not valid JSON/ },
  { what: 'broken UTF-8', path: chat, body: notUtf8, status: 400, names: /UTF-8/ },
  { what: 'half a character', path: chat, body: halfRune, status: 400, names: /UTF-8/ },
  {
    what: 'a field twice',
    path: chat,
    body: '{"model":"chat","model":"claude","messages":[]}',
    status: 400,
    names: /model stands twice/,
  },
  {
    what: 'a field twice, once spelt with escapes',
    path: chat,
    body: '{"model":"chat","mod\\u0065l":"x"}',
    status: 400,
    names: /model/,
  },
  { what: 'deep nesting', path: chat, body: deep, status: 400, names: /deep/ },
  {
    what: 'too large',
    path: chat,
    body: { model: 'chat', messages: hello, x: 'x'.repeat(bodyLimit) },
    status: 413,
    names: /bodyLimit|100000/,
  },
  { what: 'no model', path: chat, body: { messages: hello }, status: 400, names: /model/ },
  { what: 'model null', path: chat, body: { model: null, messages: hello }, status: 400, names: /model/ },
  { what: 'model a number', path: chat, body: { model: 7, messages: hello }, status: 400, names: /model/ },
  { what: 'model empty', path: chat, body: { model: '', messages: hello }, status: 400, names: /model/ },
  { what: 'model unknown', path: chat, body: { model: 'chatt', messages: hello }, status: 400, names: /chatt/ },
  { what: 'no messages', path: chat, body: { model: 'chat' }, status: 400, names: /messages/ },
  { what: 'messages empty', path: chat, body: { model: 'chat', messages: [] }, status: 400, names: /messages/ },
  { what: 'messages a text', path: chat, body: { model: 'chat', messages: 'hi' }, status: 400, names: /messages/ },
  {
    what: 'a message a text',
    path: chat,
    body: { model: 'chat', messages: ['hi'] },
    status: 400,
    names: /messages\[0\]/,
  },
  {
    what: 'a message without role',
    path: chat,
    body: { model: 'chat', messages: [{ content: 'x' }] },
    status: 400,
    names: /messages\[0\]\.role/,
  },
  {
    what: 'stream a text',
    path: chat,
    body: { model: 'chat', messages: hello, stream: 'yes' },
    status: 400,
    names: /stream/,
  },
  {
    what: 'client chooses the address',
    path: chat,
    body: { model: 'chat', messages: hello, api_base: 'http://x' },
    status: 400,
    names: /api_base/,
  },
  {
    what: 'client chooses the key',
    path: chat,
    body: { model: 'chat', messages: hello, api_key: 'x' },
    status: 400,
    names: /api_key/,
  },
  {
    what: 'timeout a text',
    path: chat,
    body: { model: 'chat', messages: hello, timeout: 'soon' },
    status: 400,
    names: /timeout/,
  },
  {
    what: 'retries below zero',
    path: chat,
    body: { model: 'chat', messages: hello, num_retries: -1 },
    status: 400,
    names: /num_retries/,
  },
  {
    what: 'fallbacks a text',
    path: chat,
    body: { model: 'chat', messages: hello, fallbacks: 'x' },
    status: 400,
    names: /fallbacks/,
  },
  {
    what: 'a bad header',
    path: chat,
    body: { model: 'chat', messages: hello },
    headers: { 'x-litellm-timeout': 'soon' },
    status: 400,
    names: /x-litellm-timeout/,
  },
  {
    what: 'an Anthropic body at the OpenAI route',
    path: chat,
    body: { model: 'chat', system: 'be', max_tokens: 5, messages: hello },
    status: 400,
    names: /\/v1\/messages/,
  },
  { what: 'no prompt', path: '/v1/completions', body: { model: 'chat' }, status: 400, names: /prompt/ },
  { what: 'no input', path: '/v1/embeddings', body: { model: 'vectors' }, status: 400, names: /input/ },
  {
    what: 'dimensions below one',
    path: '/v1/embeddings',
    body: { model: 'vectors', input: 'x', dimensions: 0 },
    status: 400,
    names: /dimensions/,
  },
  {
    what: 'an unknown encoding',
    path: '/v1/embeddings',
    body: { model: 'vectors', input: 'x', encoding_format: 'hex' },
    status: 400,
    names: /encoding_format/,
  },
  { what: 'no query', path: '/v1/rerank', body: { model: 'vectors', documents: ['x'] }, status: 400, names: /query/ },
  {
    what: 'documents a text',
    path: '/rerank',
    body: { model: 'vectors', query: 'x', documents: 'x' },
    status: 400,
    names: /documents/,
  },
  {
    what: 'chat asked of an embedder',
    path: chat,
    body: { model: 'vectors', messages: hello },
    status: 400,
    names: /chat/,
  },
  {
    what: 'no max_tokens for translation',
    path: messages,
    body: { model: 'chat', messages: hello },
    status: 400,
    names: /max_tokens/,
  },
  {
    what: 'messages a number',
    path: messages,
    body: { model: 'chat', max_tokens: 5, messages: 3 },
    status: 400,
    names: /messages/,
  },
  { what: 'no JSON in Anthropic', path: messages, body: '{', status: 400, names: /JSON/ },
  {
    what: 'model unknown in Anthropic',
    path: messages,
    body: { model: 'nope', max_tokens: 5, messages: hello },
    status: 400,
    names: /nope/,
  },
  {
    what: 'a body in gzip',
    path: chat,
    body: 'x',
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    names: /gzip/,
  },
  { what: 'an unknown route', path: '/v1/nothing', body: {}, status: 404, names: /v1\/nothing/ },
  {
    what: 'a key of the wrong kind',
    path: chat,
    body: { model: 'chat', messages: hello },
    headers: { authorization: 'Bearer nonsense' },
    status: 401,
    names: /sk-/,
  },
  {
    what: 'a key nobody has',
    path: messages,
    body: { model: 'chat', messages: hello },
    headers: { authorization: 'Bearer sk-nobody-has-this' },
    status: 401,
    names: /key/,
  },
];

for (const { what, path, body, status, names, headers, method } of bad) {
  test(`${what} at ${path}: ${status}, and says what is wrong`, async () => {
    const response = await fetch(server.url + path, {
      method: method ?? 'POST',
      headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const answer = JSON.parse(await response.text());
    assert.equal(response.status, status, JSON.stringify(answer));
    assert.match(answer.error.message, names);
    assert.ok(response.headers.get('x-plumbline-request-id'));
    if (path === messages) assert.equal(answer.type, 'error');
    else assert.equal(answer.error.code, String(status));
  });
}

/** Sends raw text and resolves with what came back once the server closes or answers. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let got = '';
    socket.on('data', (data) => {
      got += data;
      socket.end();
    });
    socket.on('close', () => resolve(got));
    socket.on('error', reject);
  });
}

test('a request that is no HTTP is refused', async () => {
  assert.match(await raw('NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400/);
});

test('two content-lengths that differ are refused', async () => {
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}';
  assert.match(await raw(head), /^HTTP\/1\.1 400/);
});

test('after all of that the gateway still answers', async () => {
  const headers = { authorization: `Bearer ${masterKey}` };
  const body = JSON.stringify({ model: 'chat', messages: hello });
  const response = await fetch(server.url + chat, { method: 'POST', headers, body });
  assert.equal(response.status, 200);
});

test('a client may name its call, twice the same: it is echoed, and each request keeps a row of its own', async () => {
  const before = house.rows.length;
  const headers = { authorization: `Bearer ${masterKey}`, 'x-litellm-call-id': 'mine-1' };
  const body = JSON.stringify({ model: 'chat', messages: hello });
  for (let n = 0; n < 2; n++) {
    const response = await fetch(server.url + chat, { method: 'POST', headers, body });
    assert.equal(response.headers.get('x-litellm-call-id'), 'mine-1');
  }
  const ids = new Set(house.rows.slice(before).map(({ requestId }) => requestId));
  assert.equal(ids.size, 2);
});
