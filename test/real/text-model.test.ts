// The text model itself: what the end-to-end tests take for granted about it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTextModel, type TextModel, whyNotReal } from './start.ts';

describe('the text model', { skip: whyNotReal() }, () => {
  let model: TextModel;
  before(async () => {
    model = await startTextModel();
  });
  after(() => model.stop());

  async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${model.baseUrl}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  }

  const story = {
    model: 'stories260K',
    messages: [{ role: 'user', content: 'Once upon a time' }],
    temperature: 0,
    max_tokens: 40,
  };

  test('tells the story the weights were trained to tell, the same at every asking', async () => {
    const [first, second] = await Promise.all([
      post('/v1/chat/completions', story),
      post('/v1/chat/completions', story),
    ]);
    const answer = (await first.json()) as { choices: { message: { content: string }; finish_reason: string }[] };
    assert.match(answer.choices[0]?.message.content ?? '', /^, there was a little girl named Lily\. She loved to play/);
    assert.equal(answer.choices[0]?.finish_reason, 'length');
    const again = (await second.json()) as typeof answer;
    assert.deepEqual(again.choices, answer.choices);
  });

  test('streams token by token', async () => {
    const text = await (await post('/v1/chat/completions', { ...story, stream: true })).text();
    const events = text.trimEnd().split('\n\n');
    assert.ok(events.length > 35, `${events.length} events for 40 tokens`);
    assert.equal(events.at(-1), 'data: [DONE]');
  });

  test('ends before a stop text and never shows its beginning', async () => {
    const answer = (await (await post('/v1/chat/completions', { ...story, stop: ['girl named'] })).json()) as {
      choices: { message: { content: string }; finish_reason: string }[];
    };
    assert.equal(answer.choices[0]?.message.content, ', there was a little ');
    assert.equal(answer.choices[0]?.finish_reason, 'stop');
  });

  test('refuses a prompt beyond its 512 tokens as OpenAI does', async () => {
    const long = { ...story, messages: [{ role: 'user', content: 'a dog ran. '.repeat(300) }], stream: true };
    const response = await post('/v1/chat/completions', long);
    const body = (await response.json()) as { error: { code: string; param: string } };
    assert.deepEqual(
      [response.status, body.error.code, body.error.param],
      [400, 'context_length_exceeded', 'messages'],
    );
  });

  test('writes JSON that satisfies a schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        city: { type: 'string' },
        size: { type: 'string', enum: ['small', 'big'] },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['city', 'size', 'tags'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'place', schema } };
    const response = await post('/v1/chat/completions', { ...story, max_tokens: 300, response_format: format });
    const answer = (await response.json()) as { choices: { message: { content: string } }[] };
    const place = JSON.parse(answer.choices[0]?.message.content ?? '') as Record<string, unknown>;
    assert.equal(typeof place['city'], 'string');
    assert.ok(place['size'] === 'small' || place['size'] === 'big');
    assert.ok(Array.isArray(place['tags']));
  });

  test('stops making tokens when its client leaves, and says after how many', async () => {
    await model.holdAfter(8);
    const leaving = new AbortController();
    const response = await post('/v1/chat/completions', { ...story, max_tokens: 400, stream: true }, leaving.signal);
    await response.body?.getReader().read();
    const held = await model.next('held');
    leaving.abort();
    const gone = await model.next('client-gone', held.seq);
    assert.equal(gone['afterTokens'], 8);
  });

  test('speaks Ollama: newline-delimited JSON with true counts', async () => {
    const wish = {
      model: 'stories260K:latest',
      messages: story.messages,
      options: { temperature: 0, num_predict: 20 },
    };
    const lines = (await (await post('/api/chat', wish)).text()).trimEnd().split('\n');
    const parsed = lines.map(
      (line) => JSON.parse(line) as { message: { content: string }; done: boolean; eval_count?: number },
    );
    const whole = (await (await post('/api/chat', { ...wish, stream: false })).json()) as (typeof parsed)[0];
    assert.equal(parsed.map((line) => line.message.content).join(''), whole.message.content);
    assert.equal(parsed.at(-1)?.eval_count, 20);
    assert.equal(whole.eval_count, 20);
  });

  test('embeds and ranks by meaning, in both packings and both dialects', async () => {
    const input = ['the cat sat', 'a kitten sat down'];
    type Floats = { data: { embedding: number[] }[] };
    const floats = (await (await post('/v1/embeddings', { model: 'use-lite', input })).json()) as Floats;
    const packed = (await (
      await post('/v1/embeddings', { model: 'use-lite', input, encoding_format: 'base64' })
    ).json()) as {
      data: { embedding: string }[];
    };
    const bytes = Buffer.from(packed.data[1]?.embedding ?? '', 'base64');
    const unpacked = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    assert.deepEqual([...unpacked], floats.data[1]?.embedding);
    assert.equal(unpacked.length, 512);
    const native = (await (await post('/api/embed', { model: 'use-lite', input })).json()) as {
      embeddings: number[][];
    };
    assert.deepEqual(native.embeddings[1], floats.data[1]?.embedding);
    assert.equal((await post('/v1/embeddings', { model: 'use-lite', input, dimensions: 100 })).status, 400);

    const documents = ['Bananas are yellow.', 'Paris is the capital of France.', 'Berlin is in Germany.'];
    const ranked = (await (
      await post('/v1/rerank', { model: 'use-lite', query: 'capital of France', documents, top_n: 2 })
    ).json()) as { results: { index: number }[] };
    assert.deepEqual(
      ranked.results.map((result) => result.index),
      [1, 2],
    );
  });
});
