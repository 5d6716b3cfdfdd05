// The vendors' own client libraries put our streams together: Anthropic's reads what OpenAI's dialect became, OpenAI's reads
// what Anthropic's became. Their helpers are the strictest readers there are, and what people run.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { type JsonValue, listOf } from '../../src/core/json.ts';
import { anthropic as anthropicDialect } from '../../src/gateway/dialects/anthropic.ts';
import { openai as openaiDialect } from '../../src/gateway/dialects/openai.ts';
import { anthropic } from '../../src/providers/anthropic.ts';
import { chatReader } from '../../src/providers/openai-compatible/stream.ts';
import { callsOfBlocks, textOfBlocks } from './anthropic-grammar.ts';
import { openAiFramed, openAiStreams, recordedStreams } from './anthropic-recordings.ts';
import { callFor, overTheWire } from './calls.ts';
import { chunksOf, contextFor, encoded, heard } from './streams.ts';

const parts = existsSync(new URL('../real/node_modules/openai', import.meta.url));
const data = process.env['PLUMBLINE_TEST_DATA'] !== undefined;
const strict = process.env['PLUMBLINE_TEST_STRICT'] === '1';
const lacking = data ? 'the real parts are not installed' : 'PLUMBLINE_TEST_DATA names no folder of recordings';
const options = { skip: (data && parts) || strict ? false : lacking };

/** A network of one answer. */
const answering = (text: string) => async (): Promise<Response> =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } });

const asked = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'x' }] };

test('Anthropic’s client rebuilds every recorded stream of OpenAI’s dialect', options, async () => {
  const { Anthropic } = await import('../real/clients.ts');
  for (const path of openAiStreams()) {
    const chunks = chunksOf(chatReader('recorded', callFor('m')), openAiFramed(path));
    const text = encoded(anthropicDialect.encoder(contextFor()), chunks);
    const client = new Anthropic({ apiKey: 'none', fetch: answering(text) });
    const { content } = await client.messages.stream(asked).finalMessage();
    const blocks = listOf(overTheWire({ content: content as unknown as JsonValue }).content);
    const sum = heard(chunks);
    assert.equal(textOfBlocks(blocks), sum.content, path);
    const calls = sum.calls.map(({ name, arguments: json }) => ({
      name,
      input: JSON.parse(json || '{}') as JsonValue,
    }));
    assert.deepEqual(callsOfBlocks(blocks), calls, path);
  }
});

test('OpenAI’s client rebuilds every recorded stream of Anthropic', options, async () => {
  const { OpenAI } = await import('../real/clients.ts');
  for (const { name, bytes } of recordedStreams().filter((stream) => !stream.name.includes('spliced'))) {
    const reader = anthropic.wires.chat?.reader?.(callFor('claude'));
    assert.ok(reader);
    const chunks = chunksOf(reader, bytes);
    const text = encoded(openaiDialect.encoder(contextFor({ includeUsage: true })), chunks);
    const client = new OpenAI({ apiKey: 'none', fetch: answering(text) });
    const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    const { choices, usage } = await stream.finalChatCompletion();
    const sum = heard(chunks);
    assert.equal(choices[0]?.message.content ?? '', sum.content, name);
    assert.equal(choices[0]?.finish_reason, sum.finish, name);
    const calls = (choices[0]?.message.tool_calls ?? []).map((call) =>
      call.type === 'function' ? { id: call.id, ...call.function } : call,
    );
    assert.deepEqual(
      calls.map((call) => ('arguments' in call ? { id: call.id, name: call.name, arguments: call.arguments } : call)),
      sum.calls,
      name,
    );
    assert.equal(usage?.total_tokens, (sum.usage as { total_tokens?: number } | undefined)?.total_tokens, name);
  }
});

test('an error inside a stream is an error to both clients', options, async () => {
  const { Anthropic, OpenAI } = await import('../real/clients.ts');
  const { GatewayError } = await import('../../src/core/errors.ts');
  const broken = new GatewayError('upstream_cut');
  const chunks = [{ id: 'c', object: 'chat.completion.chunk' as const, created: 1, model: 'm', choices: [] }];
  const begun = (dialect: typeof openaiDialect): string => {
    const encoder = dialect.encoder(contextFor());
    return chunks.map((chunk) => encoder.write(chunk)).join('') + dialect.ping + dialect.streamError(broken, 'r');
  };
  const one = new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: answering(begun(anthropicDialect)) });
  await assert.rejects(one.messages.stream(asked).finalMessage(), /ended before it was complete/);
  const other = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: answering(begun(openaiDialect)) });
  await assert.rejects(other.chat.completions.stream(asked).finalChatCompletion(), /ended before it was complete/);
});
