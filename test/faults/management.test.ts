// A model that is added, changed and deleted by the management API of a gateway of several processes: all of them serve what the one that
// answered has stored, and streams under way keep what they began with.
import assert from 'node:assert/strict';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { hasEmbedded } from '../../src/store/embedded-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { until } from '../store/until.ts';
import { ask, type Told } from './stand.ts';

const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
/** The longest that a change may take to be everywhere. */
const followedMs = 2_000;
let upstream: Server;
let gateway: RunningGateway;
/** Streams that the upstream holds open, and the keys that were shown for them. */
const held: { readonly response: ServerResponse; readonly key: string }[] = [];

const chunk = (word: string): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: word }, finish_reason: null }] })}\n\n`;

/** Answers with the key it was shown. */
function answer(asked: IncomingMessage, response: ServerResponse): void {
  const key = String(asked.headers.authorization).replace('Bearer ', '');
  let text = '';
  asked.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  asked.once('end', () => {
    if (asked.method === 'GET') return void response.writeHead(404).end();
    if ((JSON.parse(text) as { stream?: boolean }).stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(chunk('begun'));
      held.push({ response, key });
      return;
    }
    const message = { role: 'assistant', content: key };
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  });
}

before(async () => {
  if (skip !== false) return;
  upstream = createServer(answer);
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  gateway = await startGateway({ args: ['--discover', 'no', '--demo', 'off'], env: { PLUMBLINE_WORKERS: '3' } });
});
after(async () => {
  await gateway?.stop('SIGKILL');
  upstream?.closeAllConnections();
  upstream?.close();
});

const question = (model: string, more: object = {}): string =>
  JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more });

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const told = await ask(gateway, path, { body: JSON.stringify(body) });
  assert.equal(told.status, 200, told.body);
  return JSON.parse(told.body) as Record<string, unknown>;
};

/** A connection of its own each, so that every worker gets some. */
async function askEverywhere(model: string): Promise<readonly Told[]> {
  const asking = Array.from({ length: 24 }, () => {
    const agent = new Agent();
    return ask(gateway, '/v1/chat/completions', { body: question(model), agent }).finally(() => agent.destroy());
  });
  return Promise.all(asking);
}

const saying =
  (words: string) =>
  (told: Told): boolean =>
    told.status === 200 && told.body.includes(`"${words}"`);

/** Resolves when the stream has begun, with what ends it and gives its whole text. */
function beginStream(model: string): Promise<() => Promise<string>> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' };
    const sent = request(`${gateway.baseUrl}/v1/chat/completions`, { method: 'POST', headers });
    sent.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const over = new Promise<string>((done) => response.once('end', () => done(text)));
      resolve(() => {
        for (const { response: open } of held) open.end(`${chunk('ended')}data: [DONE]\n\n`);
        return over;
      });
    });
    sent.end(question(model, { stream: true }));
  });
}

test('a model is served by every process within two seconds of being added, changed and deleted', {
  skip,
}, async () => {
  const { port } = upstream.address() as AddressInfo;
  const params = { model: 'openai/m', api_base: `http://127.0.0.1:${port}/v1`, api_key: 'sk-first' };
  const { model_id: id } = await post('/model/new', { model_name: 'live', litellm_params: params });
  await until('the model at all', async () => (await askEverywhere('live')).every(saying('sk-first')), followedMs);

  const endStream = await beginStream('live');
  await post('/model/update', { model_info: { id }, litellm_params: { model: 'openai/n', api_key: 'sk-second' } });
  await until('the new key at all', async () => (await askEverywhere('live')).every(saying('sk-second')), followedMs);

  await post('/model/delete', { id });
  const isGone = ({ status, body }: Told): boolean => status === 400 && body.includes('model_unknown');
  await until('the model to be gone', async () => (await askEverywhere('live')).every(isGone), followedMs);
  const text = await endStream();
  assert.match(text, /begun[\s\S]*ended[\s\S]*\[DONE\]/, 'a stream that had begun is not cut');
  assert.deepEqual(
    held.map(({ key }) => key),
    ['sk-first'],
  );
});

test('the same model posted to several processes at once is one row', { skip }, async () => {
  const params = { model: 'openai/m', api_base: 'http://127.0.0.1:9/v1', api_key: 'sk-rush' };
  const rows = await Promise.all(
    Array.from({ length: 12 }, () => post('/model/new', { model_name: 'rush', litellm_params: params })),
  );
  assert.equal(new Set(rows.map(({ model_id: id }) => id)).size, 1);
});
