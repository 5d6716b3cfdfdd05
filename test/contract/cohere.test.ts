import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { cohere } from '../../src/providers/cohere.ts';
import type { Call, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';
import { cassette, recorded, recordedTest } from './cassettes.ts';

const embedding = wire('embedding');
const rerank = wire('rerank');

function wire(operation: 'embedding' | 'rerank'): Wire {
  const found = cohere.wires[operation];
  assert.ok(found);
  return found;
}

function fixture(name: string): JsonObject {
  const text = readFileSync(new URL(`../../src/providers/fixtures/cohere/${name}`, import.meta.url), 'utf8');
  return JSON.parse(text) as JsonObject;
}

function encoded(on: Wire, body: JsonObject, call: Call = callFor('embed-v4.0')): JsonObject {
  assert.ok(on.encode);
  return overTheWire(on.encode({ model: 'alias', ...body }, call));
}

function decoded(on: Wire, body: JsonValue, request: JsonObject): JsonObject {
  assert.ok(on.decode);
  return overTheWire(on.decode(body, callFor('embed-v4.0'), request));
}

const refusal = (code: string, field: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.deepEqual([thrown.code, thrown.field], [code, field]);
  return true;
};

test('Cohere answers to both prefixes, chats, embeds and ranks', () => {
  assert.deepEqual([cohere.name, ...cohere.prefixes], ['cohere', 'cohere_chat']);
  assert.deepEqual(cohere.keyVariables, ['COHERE_API_KEY', 'CO_API_KEY']);
  assert.deepEqual(Object.keys(cohere.wires), ['chat', 'embedding', 'rerank']);
  assert.equal(String(embedding.headers(callFor('x')).authorization), '[secret]');
});

test('an embedding request names what the vectors are for, and asks for floats', () => {
  assert.deepEqual(encoded(embedding, { input: 'sun', encoding_format: 'base64', dimensions: 256, user: 'u' }), {
    model: 'embed-v4.0',
    texts: ['sun'],
    input_type: 'search_document',
    embedding_types: ['float'],
    output_dimension: 256,
  });
  assert.equal(encoded(embedding, { input: 'sun', input_type: 'search_query' }).input_type, 'search_query');
  assert.equal(encoded(embedding, { input: 'sun', truncate: 'NONE' }).truncate, 'NONE');
});

test('images are sent as images', () => {
  const body = encoded(embedding, { input: ['data:image/png;base64,aGk='], input_type: 'image' });
  assert.deepEqual([body.images, body.texts], [['data:image/png;base64,aGk='], undefined]);
});

test('token lists and kinds of numbers that OpenAI has no words for are refused by name', () => {
  assert.throws(() => encoded(embedding, { input: [[1, 2]] }), refusal('field_unsupported', 'input'));
  const packed = { input: 'a', embedding_types: ['ubinary'] };
  assert.throws(() => encoded(embedding, packed), refusal('field_unsupported', 'embedding_types'));
  const call = callFor('embed-v4.0', { dropParameters: true });
  assert.deepEqual(encoded(embedding, packed, call).embedding_types, ['float']);
  assert.deepEqual(call.dropped, ['embedding_types']);
});

test('an embedding answer is OpenAI’s list, its base64 the same floats', () => {
  const answer = decoded(embedding, fixture('embed.json'), { input: ['sun', 'rain'] });
  assert.deepEqual(answer, {
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [0.03125, 0.5] },
      { object: 'embedding', index: 1, embedding: [-0.25, 0.1] },
    ],
    model: 'embed-v4.0',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  });
  const [row] = listOf(
    decoded(embedding, fixture('embed.json'), { input: ['a', 'b'], encoding_format: 'base64' }).data,
  );
  const bytes = Buffer.from(String(isObject(row) ? row.embedding : ''), 'base64');
  assert.deepEqual([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length], [0.03125, 0.5, 8]);
});

test('another width than asked is an error that names dimensions', () => {
  const request = { input: ['a', 'b'], dimensions: 3 };
  assert.throws(() => decoded(embedding, fixture('embed.json'), request), refusal('field_invalid', 'dimensions'));
});

test('a rerank request ranks texts; objects give their rank_fields', () => {
  const documents = ['plain', { title: 'T', body: 'B', pages: 3 }];
  const body = { query: 'q', documents, rank_fields: ['title', 'pages'], top_n: 1, return_documents: true };
  assert.deepEqual(encoded(rerank, body, callFor('rerank-v3.5')), {
    model: 'rerank-v3.5',
    query: 'q',
    documents: ['plain', 'title: T\npages: 3'],
    top_n: 1,
  });
});

test('rerank requests that cannot be sent are refused by field', () => {
  const documents = ['a'];
  assert.throws(() => encoded(rerank, { documents }), refusal('field_missing', 'query'));
  assert.throws(() => encoded(rerank, { query: 'q' }), refusal('field_missing', 'documents'));
  assert.throws(() => encoded(rerank, { query: 'q', documents: [1] }), refusal('field_invalid', 'documents'));
  const chunks = { query: 'q', documents, max_chunks_per_doc: 2 };
  assert.throws(() => encoded(rerank, chunks), refusal('field_unsupported', 'max_chunks_per_doc'));
});

test('a rerank answer passes, with the documents when they were asked for', () => {
  const documents = ['sun', { text: 'rain', id: 7 }];
  const bare = decoded(rerank, fixture('rerank.json'), { documents });
  assert.deepEqual(bare, fixture('rerank.json'));
  const { results } = decoded(rerank, fixture('rerank.json'), { documents, return_documents: true });
  assert.deepEqual(
    listOf(results).map((result) => (isObject(result) ? result.document : null)),
    [{ text: 'rain', id: 7 }, { text: 'sun' }],
  );
  assert.equal(rerank.usage(fixture('rerank.json'))?.searchUnits, 1);
});

test('Cohere’s refusals become ours', () => {
  assert.equal(rerank.failure(401, {}, '{"message":"invalid api token"}').code, 'upstream_unauthorized');
  assert.equal(embedding.failure(429, {}, '{"message":"slow down"}').code, 'upstream_busy');
});

const reranks = ['test_cohere_rerank_legacy', 'test_cohere_v2_rerank_legacy', 'test_cohere_v2_rerank_legacy_async'];
for (const name of reranks) {
  recordedTest(`recorded rerank: ${name}`, () => {
    const { asked, answer } = cassette(`openllmetry/cohere/test_rerank/${name}.yaml`);
    const body = JSON.parse(answer.toString()) as JsonObject;
    const call = callFor(String(asked.model));
    assert.deepEqual(encoded(rerank, { ...asked, return_documents: true }, call).documents, asked.documents);
    assert.deepEqual(decoded(rerank, body, asked), body);
    assert.equal(rerank.usage(body)?.searchUnits, 1);
  });
}

for (const name of ['test_cohere_v2_embed_legacy', 'test_cohere_v2_embed_legacy_async']) {
  recordedTest(`recorded embeddings: ${name}`, () => {
    const { asked, answer } = cassette(`openllmetry/cohere/test_embed/${name}.yaml`);
    const body = JSON.parse(answer.toString()) as JsonObject;
    const request = { input: listOf(asked.texts) };
    assert.deepEqual(encoded(embedding, request, callFor(String(asked.model))), {
      ...asked,
      embedding_types: ['float'],
    });
    const { data, usage } = decoded(embedding, body, { ...request, dimensions: 384 });
    const floats = isObject(body.embeddings) ? body.embeddings.float : null;
    assert.deepEqual(
      listOf(data).map((row) => (isObject(row) ? row.embedding : null)),
      floats,
    );
    assert.deepEqual(usage, { prompt_tokens: 208, total_tokens: 208 });
  });
}

recordedTest('recorded by another client: an embedding and a rerank', () => {
  const vectors = JSON.parse(recorded('vercel-ai/cohere/cohere-embedding.json').toString()) as JsonObject;
  assert.equal(listOf(decoded(embedding, vectors, { input: ['a', 'b'], dimensions: 5 }).data).length, 2);
  const ranked = JSON.parse(recorded('vercel-ai/cohere/reranking/cohere-reranking.1.json').toString()) as JsonObject;
  assert.deepEqual(decoded(rerank, ranked, { documents: ['a', 'b'] }).results, ranked.results);
});
