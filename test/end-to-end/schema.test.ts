// OpenAI's own published schema judges every body and every chunk the gateway emits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { direct, openStage, realClients, type Stage, skip } from './stage.ts';

const story = { model: 'chat-default', messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 30 };
const tool = {
  type: 'function',
  function: { name: 'go', parameters: { type: 'object', properties: { where: { type: 'string' } } } },
};

describe("OpenAI's published schema", { skip }, () => {
  let stage: Stage;
  let accepts: (schema: string, value: unknown) => void;
  before(async () => {
    stage = await openStage();
    accepts = judge(await realClients());
  });
  after(() => stage?.close());

  async function body(response: Response, status = 200): Promise<unknown> {
    assert.equal(response.status, status);
    return response.json();
  }

  test('refuses what is not a chat answer, so that its yes means something', () => {
    assert.throws(
      () => accepts('CreateChatCompletionResponse', { id: 'x', choices: [{}] }),
      /must have required property/,
    );
    assert.throws(() => accepts('CreateEmbeddingResponse', { object: 'list', data: [], model: null, usage: {} }));
  });

  for (const model of ['chat-default', 'ollama-chat']) {
    test(`accepts ${model}'s chat, whole and each chunk of its stream`, async () => {
      accepts(
        'CreateChatCompletionResponse',
        await body(await stage.post('/v1/chat/completions', { ...story, model })),
      );
      for (const include_usage of [true, false]) {
        const wish = { ...story, model, stream: true, stream_options: { include_usage } };
        const chunks = await events(await stage.post('/v1/chat/completions', wish));
        assert.ok(chunks.length > 20);
        for (const chunk of chunks) accepts('CreateChatCompletionStreamResponse', chunk);
      }
    });
  }

  test('accepts a tool call, whole and each chunk of its stream', async () => {
    const wish = { ...story, max_tokens: 100, tools: [tool], tool_choice: 'required' };
    accepts('CreateChatCompletionResponse', await body(await stage.post('/v1/chat/completions', wish)));
    for (const chunk of await events(await stage.post('/v1/chat/completions', { ...wish, stream: true })))
      accepts('CreateChatCompletionStreamResponse', chunk);
  });

  test("accepts an Anthropic model's chat, thinking and tool call, whole and each chunk", {
    skip: direct && 'no gateway',
  }, async () => {
    for (const content of ['ping', 'think', 'what is the weather?']) {
      const wish = { model: 'claude-test', messages: [{ role: 'user', content }], tools: [tool] };
      accepts('CreateChatCompletionResponse', await body(await stage.post('/v1/chat/completions', wish)));
      for (const chunk of await events(await stage.post('/v1/chat/completions', { ...wish, stream: true })))
        accepts('CreateChatCompletionStreamResponse', chunk);
    }
  });

  // A stream's pieces carry `finish_reason: null`, at OpenAI too, which the schema of completions does not allow.
  test('accepts a completion, and the last piece of its stream', async () => {
    const wish = { model: 'chat-default', prompt: 'Once upon a time', max_tokens: 20 };
    accepts('CreateCompletionResponse', await body(await stage.post('/v1/completions', wish)));
    const pieces = await events(await stage.post('/v1/completions', { ...wish, stream: true }));
    const finished = pieces.filter((piece) => JSON.stringify(piece).includes('"finish_reason":"'));
    assert.equal(finished.length, 1);
    for (const piece of finished) accepts('CreateCompletionResponse', piece);
  });

  for (const model of ['embeddings-default', 'embeddings-openai']) {
    test(`accepts ${model}'s vectors`, async () => {
      accepts('CreateEmbeddingResponse', await body(await stage.post('/v1/embeddings', { model, input: ['a', 'b'] })));
    });
  }

  test('accepts the list of models', async () => {
    accepts('ListModelsResponse', await body(await stage.get('/v1/models')));
    if (!direct) accepts('Model', await body(await stage.get('/v1/models/chat-default')));
  });

  test('accepts every error body', async () => {
    const long = { ...story, messages: [{ role: 'user', content: 'A dog ran home. '.repeat(300) }] };
    const refusals: [Promise<Response>, number][] = [
      [stage.post('/v1/chat/completions', { ...story, model: 'no-such-model' }), direct ? 404 : 400],
      [stage.post('/v1/chat/completions', { model: 'chat-default' }), 400],
      [stage.post('/v1/chat/completions', '{"model": '), 400],
      [stage.post('/v1/chat/completions', long), 400],
      [stage.post('/v1/chat/completions', { ...long, stream: true }), 400],
      [stage.post('/v1/embeddings', { model: 'embeddings-default', input: 7 }), 400],
      [stage.post('/v1/chat/completions', story, { authorization: 'Bearer sk-not-a-key' }), 401],
      [stage.get('/v1/no-such-page'), 404],
    ];
    for (const [response, status] of refusals) accepts('ErrorResponse', await body(await response, status));
  });
});

/** The data of each event, [DONE] left out. Fails when the answer is no stream. */
async function events(response: Response): Promise<unknown[]> {
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const data = (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
  assert.equal(data.at(-1), '[DONE]');
  return data.slice(0, -1).map((text) => JSON.parse(text) as unknown);
}

/** Compiles the published schema once and returns a check that throws with every complaint. */
function judge({ Ajv2020 }: typeof import('../real/clients.ts')): (schema: string, value: unknown) => void {
  const file = `${process.env['PLUMBLINE_TEST_DATA']}/schemas/openai-openapi.json`;
  const document = withoutNullable(JSON.parse(readFileSync(file, 'utf8'))) as Record<string, unknown>;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'openai');
  return (schema, value) => {
    const ok = ajv.validate({ $ref: `openai#/components/schemas/${schema}` }, value);
    if (!ok) assert.fail(`${schema}: ${ajv.errorsText()}\n${JSON.stringify(value)}`);
  };
}

/** OpenAPI 3.1 has no `nullable`, yet the published file still has it: it becomes a null among the types and values. */
function withoutNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNullable);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutNullable(value)]));
  if (copy['nullable'] !== true) return copy;
  delete copy['nullable'];
  if (Array.isArray(copy['enum'])) copy['enum'] = [...copy['enum'], null];
  if (typeof copy['type'] === 'string') return { ...copy, type: [copy['type'], 'null'] };
  return { anyOf: [copy, { type: 'null' }] };
}
