import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Call } from './provider.ts';
import { rerankAnswer, rerankTexts, rerankUsage } from './rerank.ts';

const call: Call = {
  upstream: { model: 'm', baseUrl: 'http://x', credential: {}, parameters: {}, info: {} },
  stream: false,
  dropParameters: false,
  dropped: [],
  clientHeaders: {},
  query: '',
  now: 0,
  newId: (prefix) => `${prefix}1`,
};

const documents = ['zero', 'one', 'two'];
const answer = (body: JsonValue, request: JsonObject = {}) => rerankAnswer(body, call, { documents, ...request });
const ranking = [
  { index: 2, relevance_score: 0.9 },
  { index: 0, relevance_score: 0.1 },
];

test('every vendor’s list of results becomes Cohere’s', () => {
  const shapes: Readonly<Record<string, JsonValue>> = {
    jina: { model: 'm', results: ranking },
    voyage: { object: 'list', data: ranking },
    nvidia: { rankings: ranking.map(({ index, relevance_score }) => ({ index, logit: relevance_score })) },
    inference: ranking.map(({ index, relevance_score }) => ({ index, score: relevance_score })),
  };
  for (const [vendor, body] of Object.entries(shapes)) assert.deepEqual(answer(body).results, ranking, vendor);
});

test('tokens of a Jina answer stand in meta, and its own fields stay beside', () => {
  const body = { model: 'jina-reranker', usage: { total_tokens: 12 }, results: ranking };
  assert.deepEqual(answer(body), {
    ...body,
    id: 'rerank-1',
    meta: { billed_units: { total_tokens: 12 }, tokens: { input_tokens: 12 } },
  });
  assert.equal(rerankUsage(body)?.input, 12);
});

test('search units are read from Cohere’s answer, and nothing is guessed', () => {
  assert.equal(rerankUsage({ meta: { billed_units: { search_units: 3 } } })?.searchUnits, 3);
  assert.equal(rerankUsage({ results: [] }), null);
});

test('documents are shown when asked for, hidden when not wanted, else as the provider did', () => {
  const shown = (sent: JsonValue, request: JsonObject) => {
    const [first] = answer({ results: [{ index: 1, relevance_score: 1, document: sent }] }, request)
      .results as JsonObject[];
    return first?.document;
  };
  assert.deepEqual(shown({}, { return_documents: true }), { text: 'one' });
  assert.deepEqual(shown({ text: 'sent' }, { return_documents: true }), { text: 'sent' });
  assert.equal(shown({ text: 'sent' }, { return_documents: false }), undefined);
  assert.deepEqual(shown('sent', {}), { text: 'sent' });
  assert.equal(shown({}, {}), undefined);
});

test('more results than top_n are cut to the best', () => {
  const scores = [0.1, 0.9, 0.5].map((relevance_score, index) => ({ index, relevance_score }));
  const { results } = answer({ results: scores }, { top_n: 2 });
  assert.deepEqual(results, [scores[1], scores[2]]);
});

test('answers without results, indexes or scores are garbled', () => {
  for (const body of [{}, null, { results: [{ index: 0 }] }, { results: ['x'] }]) {
    assert.throws(() => answer(body), { code: 'upstream_garbled' });
  }
});

test('documents become texts: their rank_fields, their text, or all their fields', () => {
  const object = { text: 'T', title: 'H', size: 2 };
  assert.deepEqual(rerankTexts({ documents: ['s', object] }), ['s', 'T']);
  assert.deepEqual(rerankTexts({ documents: [object], rank_fields: ['title', 'absent'] }), ['title: H']);
  assert.deepEqual(rerankTexts({ documents: [{ title: 'H', size: 2 }] }), ['title: H\nsize: 2']);
  assert.throws(() => rerankTexts({}), { code: 'field_missing', field: 'documents' });
  assert.throws(() => rerankTexts({ documents: 'x' }), { code: 'field_invalid', field: 'documents' });
});
