// Vercel's AI SDK against the gateway, through its OpenAI-compatible provider.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openStage, realClients, type Stage, skip } from './stage.ts';

const story = { prompt: 'Once upon a time', temperature: 0, maxOutputTokens: 40, maxRetries: 0 };

describe("Vercel's AI SDK", { skip }, () => {
  let stage: Stage;
  let ai: typeof import('../real/clients.ts');
  before(async () => {
    ai = await realClients();
    stage = await openStage();
  });
  after(() => stage?.close());

  const provider = (includeUsage: boolean) =>
    ai.createOpenAICompatible({
      name: 'plumbline',
      baseURL: `${stage.baseUrl}/v1`,
      apiKey: stage.key,
      includeUsage,
    });

  test('generates text with true token counts', async () => {
    const answer = await ai.generateText({ ...story, model: provider(true)('chat-default') });
    assert.match(answer.text, /^, there was a little girl named Lily\./);
    assert.equal(answer.finishReason, 'length');
    assert.deepEqual([answer.usage.inputTokens, answer.usage.outputTokens], [5, 40]);
  });

  test('streams the same text, with usage when it asks for it and without when it does not', async () => {
    const whole = await ai.generateText({ ...story, model: provider(true)('chat-default') });
    for (const includeUsage of [true, false]) {
      const stream = ai.streamText({ ...story, model: provider(includeUsage)('chat-default') });
      let text = '';
      for await (const piece of stream.textStream) text += piece;
      assert.equal(text, whole.text);
      assert.equal(await stream.finishReason, 'length');
      assert.equal((await stream.usage).outputTokens, includeUsage ? 40 : undefined);
    }
  });

  test('embeds many texts in the order they were given', async () => {
    const values = ['a cat', 'a kitten', 'quarterly revenue'];
    const model = provider(true).embeddingModel('embeddings-default');
    const { embeddings, usage } = await ai.embedMany({ model, values, maxRetries: 0 });
    const product = (a: number[] = [], b: number[] = []) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
    assert.equal(embeddings[0]?.length, 512);
    assert.ok(product(embeddings[0], embeddings[1]) > product(embeddings[0], embeddings[2]) + 0.2);
    assert.ok(usage.tokens > 0);
  });
});
