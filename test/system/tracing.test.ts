// Traces as a collector receives them: one a request, its calls below it, in the caller's trace when there is one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { readTraceParent } from '../../src/core/trace-context.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { Upstreams } from '../../src/kit/upstream.ts';
import { type OpenTracing, openTracing } from '../../src/telemetry/tracing.ts';
import { type CollectedSpan, type Collector, openCollector } from './collector.ts';
import { chatEvents, completion, type House, openHouse, question, type Upstream } from './house.ts';

const callerTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';

interface Stage {
  readonly house: House;
  readonly collector: Collector;
  readonly tracing: OpenTracing;
  /** Sends what waits and ends everything; returns the spans that came. */
  finish(): Promise<readonly CollectedSpan[]>;
}

async function openStage(
  options: { percent?: number; content?: boolean; upstream?: Upstream; statuses?: readonly number[] } = {},
): Promise<Stage> {
  const collector = await openCollector(options.statuses);
  const upstreams = new Upstreams({ connections: 4, keepAliveMs: 1_000 });
  const tracing = openTracing({
    endpoint: collector.url,
    headers: { authorization: new Secret('Bearer of-the-collector') },
    serviceName: 'gateway-of-the-test',
    version: '1.2.3',
    percent: options.percent ?? 100,
    content: options.content ?? false,
    send: upstreams.send,
    // A wait between tries is over at once.
    clock: { ...systemClock, after: (ms, call) => systemClock.after(ms <= 3_000 ? 0 : ms, call) },
    log: silentLog,
  });
  const house = openHouse({
    tracing,
    deployments: [
      { alias: 'chat', provider: 'mistral' },
      { alias: 'broken', baseUrl: 'https://broken.test/v1' },
    ],
    aliases: [{ name: 'broken', fallbacks: ['chat'] }],
    upstream:
      options.upstream ??
      (({ origin, body }) => {
        if (origin === 'https://broken.test') return { status: 503, body: { error: { message: 'no' } } };
        return { body: body['stream'] === true ? chatEvents(['a', 'b']) : completion('the answer') };
      }),
  });
  const finish = async () => {
    await tracing.close();
    await upstreams.close();
    await collector.close();
    return collector.spans;
  };
  return { house, collector, tracing, finish };
}

const servers = (spans: readonly CollectedSpan[]) => spans.filter(({ kind }) => kind === 2);
const clients = (spans: readonly CollectedSpan[]) => spans.filter(({ kind }) => kind === 3);

test('a request is one trace: a span for itself, and one below it for its call', async () => {
  const { house, collector, finish } = await openStage();
  await house.ask('/v1/chat/completions', question);
  const spans = await finish();
  assert.equal(spans.length, 2);
  const [server, client] = [servers(spans)[0], clients(spans)[0]];
  assert.equal(server?.name, 'POST /v1/chat/completions');
  assert.equal(server?.parentSpanId, undefined);
  assert.equal(server?.service, 'gateway-of-the-test');
  assert.equal(server?.resource['telemetry.sdk.language'], 'nodejs');
  assert.equal(server?.resource['telemetry.sdk.name'], 'opentelemetry');
  assert.equal(server?.attributes['url.scheme'], 'http');
  assert.equal(server?.attributes['http.response.status_code'], 200);
  assert.equal(server?.attributes['plumbline.request.id'], house.rows[0]?.requestId);
  assert.equal(client?.traceId, server?.traceId);
  assert.equal(client?.parentSpanId, server?.spanId);
  assert.equal(client?.name, 'chat upstream-model');
  assert.deepEqual(client?.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'mistral_ai',
    'gen_ai.request.model': 'upstream-model',
    'gen_ai.request.stream': false,
    'server.address': 'upstream-1.test',
    'server.port': 80,
    'http.response.status_code': 200,
    'plumbline.deployment.id': 'd1',
    'gen_ai.usage.input_tokens': 3,
    'gen_ai.usage.output_tokens': 2,
  });
  assert.equal(collector.calls[0]?.path, '/v1/traces');
  assert.equal(collector.calls[0]?.headers['authorization'], 'Bearer of-the-collector');
});

test('a request that comes by another path of its route is told with that path', async () => {
  const { house, finish } = await openStage();
  await house.ask('/chat/completions', question);
  const [server] = servers(await finish());
  assert.equal(server?.attributes['http.route'], '/v1/chat/completions');
  assert.equal(server?.attributes['url.path'], '/chat/completions');
});

test("the caller's trace goes on, to the provider too", async () => {
  const { house, finish } = await openStage();
  const headers = { traceparent: `00-${callerTrace}-${callerSpan}-01`, tracestate: 'vendor=1' };
  await house.ask('/v1/chat/completions', question, { headers });
  const spans = await finish();
  const [server, client] = [servers(spans)[0], clients(spans)[0]];
  assert.equal(server?.traceId, callerTrace);
  assert.equal(server?.parentSpanId, callerSpan);
  assert.equal(server?.traceState, 'vendor=1');
  const sent = house.received[0]?.headers ?? {};
  const told = readTraceParent(sent['traceparent']);
  assert.deepEqual(told, { traceId: callerTrace, parentId: client?.spanId, sampled: true });
  assert.equal(sent['tracestate'], 'vendor=1');
});

test('a caller whose trace is not recorded is not recorded here', async () => {
  const { house, finish } = await openStage();
  const headers = { traceparent: `00-${callerTrace}-${callerSpan}-00` };
  await house.ask('/v1/chat/completions', question, { headers });
  assert.deepEqual(await finish(), []);
  assert.match(house.received[0]?.headers['traceparent'] ?? '', new RegExp(`^00-${callerTrace}-[0-9a-f]{16}-00$`));
});

test('a header that is no traceparent begins a new trace', async () => {
  const { house, finish } = await openStage();
  await house.ask('/v1/chat/completions', question, { headers: { traceparent: 'nonsense', tracestate: 'vendor=1' } });
  const spans = await finish();
  assert.match(servers(spans)[0]?.traceId ?? '', /^[0-9a-f]{32}$/);
  assert.equal(servers(spans)[0]?.parentSpanId, undefined);
  assert.equal(house.received[0]?.headers['tracestate'], undefined);
});

test('each call of a request is a span: those that failed say why, the one that answered has the tokens', async () => {
  const { house, finish } = await openStage();
  await house.ask('/v1/chat/completions', { ...question, model: 'broken' });
  const spans = await finish();
  const calls = clients(spans);
  assert.equal(calls.length, house.received.length);
  assert.equal(servers(spans).length, 1);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  for (const failed of calls.slice(0, -1)) {
    assert.equal(failed.attributes['server.address'], 'broken.test');
    assert.equal(failed.attributes['server.port'], 443);
    assert.equal(failed.attributes['error.type'], '503');
    assert.equal(failed.status, 2);
    assert.equal(failed.attributes['gen_ai.usage.input_tokens'], undefined);
  }
  assert.equal(calls.at(-1)?.attributes['gen_ai.usage.input_tokens'], 3);
  assert.equal(calls.at(-1)?.status, 0);
  assert.deepEqual(
    calls.map(({ spanId }) => spanId),
    house.received.map(({ headers }) => readTraceParent(headers['traceparent'])?.parentId),
  );
});

test('a stream is a span from the call to the last byte, with the time to its first chunk', async () => {
  const { house, finish } = await openStage({
    upstream: async () => ({
      body: (async function* () {
        for (const event of chatEvents(['a', 'b'])) {
          house.clock.pass(100);
          yield event;
        }
      })(),
    }),
  });
  await house.ask('/v1/chat/completions', { ...question, stream: true });
  const spans = await finish();
  const [server, client] = [servers(spans)[0], clients(spans)[0]];
  assert.equal(client?.attributes['gen_ai.request.stream'], true);
  assert.equal(client?.attributes['gen_ai.response.time_to_first_chunk'], 0.1);
  assert.equal((client?.endedAt ?? 0) - (client?.startedAt ?? 0), 600);
  assert.ok((server?.endedAt ?? 0) >= (client?.endedAt ?? 0));
});

test('a canned answer is traced as a call to nobody', async () => {
  const { house, finish } = await openStage();
  await house.ask('/v1/chat/completions', { ...question, mock_response: 'canned' });
  const [call] = clients(await finish());
  assert.equal(house.received.length, 0);
  assert.equal(call?.name, 'chat upstream-model');
  assert.equal(call?.attributes['server.address'], undefined);
});

test('a request that is refused is a trace too', async () => {
  const { house, finish } = await openStage();
  await house.ask('/v1/chat/completions', { ...question, model: 'unknown' });
  const spans = await finish();
  assert.equal(spans.length, 1);
  assert.equal(spans[0]?.attributes['error.type'], 'model_unknown');
  assert.equal(spans[0]?.attributes['http.response.status_code'], 400);
  assert.equal(spans[0]?.status, 0);
});

test('nothing of what was asked or answered is sent to the collector, and no key is', async () => {
  const { house, collector, finish } = await openStage();
  const secret = { ...question, messages: [{ role: 'user', content: 'the question' }], user: 'a person' };
  await house.ask('/v1/chat/completions', secret);
  await house.ask('/v1/messages', { ...secret, max_tokens: 5 });
  await finish();
  const sent = collector.calls.map(({ text }) => text).join('\n');
  assert.notEqual(sent, '');
  assert.doesNotMatch(sent, /the question|the answer|a person|sk-/);
});

test('where it is asked for, the last call tells what was asked and answered, in the words of the conventions', async () => {
  const { house, finish } = await openStage({ content: true });
  await house.ask('/v1/chat/completions', { ...question, model: 'broken' });
  await house.ask('/v1/chat/completions', { ...question, stream: true });
  await house.ask('/v1/messages', { ...question, system: 'be brief', max_tokens: 5, stream: true });
  await house.ask('/v1/chat/completions', { ...question, model: 'unknown' });
  const told = (await finish()).filter(({ attributes }) => attributes['gen_ai.input.messages'] !== undefined);
  const asked = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'hello' }] }]);
  const said = (content: string, finish_reason: string) =>
    JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content }], finish_reason }]);
  assert.deepEqual(
    told.map(({ kind, attributes }) => [
      kind,
      attributes['gen_ai.input.messages'],
      attributes['gen_ai.system_instructions'],
      attributes['gen_ai.output.messages'],
    ]),
    [
      [3, asked, undefined, said('the answer', 'stop')],
      [3, asked, undefined, said('ab', 'stop')],
      [3, asked, JSON.stringify([{ type: 'text', content: 'be brief' }]), said('ab', 'end_turn')],
      [2, asked, undefined, undefined],
    ],
  );
});

test('every attribute is a word of the conventions, or our own', async () => {
  const { house, finish } = await openStage();
  await house.ask('/v1/chat/completions', { ...question, model: 'broken', stream: true });
  await house.ask('/v1/chat/completions', { ...question, model: 'unknown' });
  const known = new Set<unknown>(Object.values(conventions));
  const names = new Set((await finish()).flatMap(({ attributes }) => Object.keys(attributes)));
  assert.deepEqual(
    [...names].filter((name) => !name.startsWith('plumbline.') && !known.has(name)),
    [],
  );
});

test('a collector that is busy is asked again; one that refuses is not, and what is lost is counted', async () => {
  const busy = await openStage({ statuses: [503, 429] });
  await busy.house.ask('/v1/chat/completions', question);
  assert.equal((await busy.finish()).length, 2);
  assert.equal(busy.collector.calls.length, 3);
  assert.deepEqual(busy.tracing.counts(), { exported: 2, failed: 0 });

  const refusing = await openStage({ statuses: [400] });
  await refusing.house.ask('/v1/chat/completions', question);
  assert.equal((await refusing.finish()).length, 0);
  assert.equal(refusing.collector.calls.length, 1);
  assert.deepEqual(refusing.tracing.counts(), { exported: 0, failed: 2 });
});

test('spans that find no room while the collector keeps us waiting are counted as lost, and the log says so once', async () => {
  const said: string[] = [];
  const log = { ...silentLog, warn: (event: string) => void said.push(event) };
  const held = Promise.withResolvers<never>();
  const tracing = openTracing({
    endpoint: 'http://collector.test',
    headers: {},
    serviceName: 's',
    version: '1',
    percent: 100,
    content: false,
    send: () => held.promise,
    clock: systemClock,
    log,
  });
  const house = openHouse({
    tracing,
    deployments: [{ alias: 'chat' }],
    upstream: () => ({ body: completion('well') }),
  });
  for (let time = 0; time < 5_000; time++) await house.ask('/v1/chat/completions', question);
  // 512 are on their way and 8,192 wait; a request has two.
  assert.deepEqual(tracing.counts(), { exported: 0, failed: 10_000 - 512 - 8_192 });
  assert.deepEqual(said, ['spans are lost: the collector does not keep up']);
  held.reject(new Error('gone'));
  await tracing.close();
  assert.deepEqual(tracing.counts(), { exported: 0, failed: 10_000 });
});

test('of a hundred requests as many are traced as were asked for; those of a recorded trace all are', async () => {
  const none = await openStage({ percent: 0 });
  await none.house.ask('/v1/chat/completions', question);
  const headers = { traceparent: `00-${callerTrace}-${callerSpan}-01` };
  await none.house.ask('/v1/chat/completions', question, { headers });
  const spans = await none.finish();
  assert.deepEqual(
    servers(spans).map(({ traceId }) => traceId),
    [callerTrace],
  );
});
