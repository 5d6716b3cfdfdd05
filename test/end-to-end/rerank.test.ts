// Rerank through the gateway with a real model behind it, in the shapes that Jina's and Cohere's clients read.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct, openStage, type Stage, skip } from './stage.ts';

const documents = ['Bananas are yellow.', 'Paris is the capital of France.', 'Berlin is a city in Germany.'];
const wish = { model: 'rerank-default', query: 'What is the capital of France?', documents };

type Ranked = { results: { index: number; relevance_score: number; document?: { text: string } }[] };

describe('rerank', { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  for (const path of direct ? ['/v1/rerank', '/rerank'] : ['/v1/rerank', '/rerank', '/v2/rerank']) {
    test(`${path} puts the text that answers the question first, with falling scores`, async () => {
      const response = await stage.post(path, wish);
      assert.equal(response.status, 200);
      const { results } = (await response.json()) as Ranked;
      assert.deepEqual(
        results.map((result) => result.index),
        [1, 2, 0],
      );
      const scores = results.map((result) => result.relevance_score);
      assert.deepEqual(
        scores,
        [...scores].sort((a, b) => b - a),
      );
    });

    test(`${path} gives as many as were asked for, with their texts when asked`, async () => {
      const response = await stage.post(path, { ...wish, top_n: 1, return_documents: true });
      const { results } = (await response.json()) as Ranked;
      assert.deepEqual(
        results.map((result) => result.document?.text),
        ['Paris is the capital of France.'],
      );
    });
  }
});
