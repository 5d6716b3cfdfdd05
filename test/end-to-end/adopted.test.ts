// The LiteLLM of the audit report, adopted and served: its old keys call its old names, and real models answer behind them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashKey } from '../../src/core/key-hash.ts';
import { addModels, addRow, dump, type ModelRow, makeTables, salt } from '../adopt/litellm-database.ts';
import { type MadeDatabase, noEmbedded, openStage, type Stage } from '../adopt/stage.ts';
import { scratch, start } from '../cli/running.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { startTextModel, type TextModel, whyNotReal } from '../real/start.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const upstreamKey = 'sk-of-the-text-model';
const oldKey = 'sk-old-client-of-the-report';
const question = { messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 24, temperature: 0 };

/** Forty-eight models: each embedder twice, those that were called, a decommissioned one, and the rest. */
function modelsAt(baseUrl: string): { readonly called: readonly ModelRow[]; readonly others: readonly ModelRow[] } {
  const openai = { model: 'openai/stories260K', api_base: `${baseUrl}/v1`, api_key: upstreamKey };
  const embedder = { model: 'ollama/use-lite', api_base: baseUrl };
  const info = { mode: 'embedding' };
  const embedders = ['local-embeddings', 'arctic-embed'].flatMap((name) =>
    [1, 2].map((row) => ({ id: `${name}-${row}`, name, params: embedder, info })),
  );
  const rerank = { model: 'infinity/use-lite', api_base: baseUrl, api_key: upstreamKey };
  const called: ModelRow[] = [
    ...embedders,
    { id: 'story', name: 'story', params: openai },
    { id: 'story-too', name: 'story', params: { ...openai, max_tokens: 100 } },
    { id: 'ollama-story', name: 'ollama-story', params: { model: 'ollama_chat/stories260K', api_base: baseUrl } },
    { id: 'rerank', name: 'rerank-default', params: rerank, info: { mode: 'rerank' } },
    { id: 'bge', name: 'bge-embed', params: embedder, info: { ...info, decommissioned: true } },
  ];
  const others = Array.from({ length: 48 - called.length }, (_, index) => ({
    id: `other-${index}`,
    name: `other-${index}`,
    params: { model: `openai/other-${index}`, api_base: 'http://127.0.0.1:9/v1', api_key: `sk-other-${index}` },
  }));
  return { called, others };
}

describe('a LiteLLM as the audit found it, adopted', { skip: whyNotReal() || noEmbedded }, () => {
  const { folder, remove } = scratch();
  let textModel: TextModel;
  let stage: Stage;
  let shared: MadeDatabase;
  let gateway: RunningGateway;
  let found: string;

  before(async () => {
    textModel = await startTextModel({ key: upstreamKey });
    stage = await openStage();
    shared = await stage.make('audited');
    await makeTables(shared.database, { without: ['LiteLLM_SkillsTable'] });
    const { called, others } = modelsAt(textModel.baseUrl);
    await addModels(shared.database, called, { layers: ['box', 'box'] });
    await addModels(shared.database, others);
    const token = hashKey(oldKey);
    await addRow(shared.database, 'LiteLLM_VerificationToken', { token, key_name: 'sk-...port', models: [] });
    found = await dump(shared.database);
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      'router_settings:\n  model_group_alias: {chat-default: story, embeddings-default: local-embeddings, embeddings-old: bge-embed}\n',
    );
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      DATABASE_URL: shared.address.reveal(),
      LITELLM_SALT_KEY: salt,
      PLUMBLINE_MASTER_KEY: 'sk-master-of-the-test-0123456789',
    };
    const words = [main, 'adopt', '--data-dir', join(folder, 'data'), '--config', config, '--yes'];
    const adopted = await start(process.execPath, words, environment).ended;
    assert.equal(adopted.code, 1, `something was refused: ${adopted.output}${adopted.errors}`);
    assert.match(adopted.output, /^models +48 +45 +0 +2 +1 +0$/m);
    assert.match(adopted.output, /^aliases +3 +2 +0 +0 +1 +0$/m);
    assert.match(adopted.output, /embeddings-old.*bge-embed, which is decommissioned/);
    gateway = await startGateway({
      env: { PLUMBLINE_DATABASE_URL: shared.address.reveal(), PLUMBLINE_SALT_KEY: salt },
    });
  });
  after(async () => {
    await gateway?.stop();
    await stage?.close();
    await textModel?.stop();
    remove();
  });

  const ask = (path: string, body?: object): Promise<Response> =>
    fetch(gateway.baseUrl + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${oldKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const read = async <T>(path: string, body?: object): Promise<T> => {
    const response = await ask(path, body);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as T;
  };

  type Answer = { choices: { message: { content: string } }[]; usage: { completion_tokens: number } };

  for (const model of ['chat-default', 'story', 'ollama-story'])
    test(`${model} tells a story, whole and streamed`, async () => {
      const { choices, usage } = await read<Answer>('/v1/chat/completions', { model, ...question });
      assert.ok(usage.completion_tokens > 5);
      const streamed = await ask('/v1/chat/completions', { model, ...question, stream: true });
      const lines = (await streamed.text()).split('\n').filter((line) => line.startsWith('data: '));
      assert.equal(lines.at(-1), 'data: [DONE]');
      const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)));
      const told = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('');
      assert.equal(told, choices[0]?.message.content);
    });

  for (const model of ['embeddings-default', 'local-embeddings', 'arctic-embed'])
    test(`${model} embeds`, async () => {
      const { data } = await read<{ data: { embedding: number[] }[] }>('/v1/embeddings', { model, input: 'a wall' });
      assert.equal(data[0]?.embedding.length, 512);
    });

  test('rerank-default puts the answer first', async () => {
    const documents = ['Bananas are yellow.', 'Paris is the capital of France.'];
    const wish = { model: 'rerank-default', query: 'What is the capital of France?', documents };
    const { results } = await read<{ results: { index: number }[] }>('/v1/rerank', wish);
    assert.deepEqual(
      results.map(({ index }) => index),
      [1, 0],
    );
  });

  test('the old key sees what it can call, and a model that was put out of service is not among it', async () => {
    const { data } = await read<{ data: { id: string }[] }>('/v1/models');
    const names = data.map(({ id }) => id);
    for (const name of ['chat-default', 'embeddings-default', 'local-embeddings', 'arctic-embed', 'rerank-default'])
      assert.ok(names.includes(name), name);
    for (const name of ['bge-embed', 'embeddings-old']) assert.ok(!names.includes(name), name);
    assert.equal((await ask('/v1/embeddings', { model: 'bge-embed', input: 'x' })).status, 400);
  });

  test("each credential reached the model opened, and not a byte of LiteLLM's tables has changed", async () => {
    assert.equal(await dump(shared.database), found);
  });
});
