// Metrics and traces of the gateway's own process: an upstream on a loopback port behind it, a collector beside it.
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { after, before, test } from 'node:test';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { type Collector, openCollector } from '../system/collector.ts';
import { completion } from '../system/house.ts';
import { lint, whyNoPromtool } from '../system/promtool.ts';

const received: IncomingHttpHeaders[] = [];
const upstream = createServer((request, response) => {
  received.push(request.headers);
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion('the answer')));
  });
});
let collector: Collector;
let gateway: RunningGateway;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  collector = await openCollector();
  gateway = await startGateway({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-scope=the%20team' },
    config: `
model_list:
  - model_name: chat
    litellm_params: {model: openai/gpt-4o-mini, api_base: "http://127.0.0.1:${port}/v1", api_key: sk-of-the-provider}
litellm_settings: {callbacks: [prometheus, otel]}
`,
  });
});
after(async () => {
  await gateway.stop();
  await collector.close();
  upstream.close();
});

async function ask(headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${gateway.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'the question' }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

async function scrape(): Promise<string> {
  const response = await fetch(`${gateway.baseUrl}/metrics`);
  assert.equal(response.status, 200);
  return response.text();
}

const counted = (page: string, start: string): number =>
  page
    .split('\n')
    .filter((line) => line.startsWith(start))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);

test('requests are counted, and counters only grow', async () => {
  const first = await scrape();
  for (let n = 0; n < 5; n++) assert.equal(await ask(), 200);
  const second = await scrape();
  assert.equal(counted(second, 'plumbline_requests_total{') - counted(first, 'plumbline_requests_total{'), 5);
  assert.equal(counted(second, 'plumbline_database_connected '), 1);
  assert.match(second, /^plumbline_upstream_calls_running\{origin="http:\/\/127\.0\.0\.1:\d+"\} 0$/m);
  assert.ok(counted(second, 'plumbline_process_cpu_seconds_total ') > 0);
  assert.doesNotMatch(second, /sk-of-the-provider|the question/);
});

test('promtool has nothing to say of the real page', { skip: whyNoPromtool() }, async () => {
  await ask();
  assert.equal(await lint(await scrape()), '');
});

test("a caller's trace is kept, and what is not sent yet is sent when the gateway stops", async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  assert.equal(await ask({ traceparent: `00-${trace}-00f067aa0ba902b7-01` }), 200);
  assert.match(String(received.at(-1)?.['traceparent']), new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
  await gateway.stop();
  const [server, client] = collector.spans.filter(({ traceId }) => traceId === trace);
  assert.equal(server?.name, 'POST /v1/chat/completions');
  assert.equal(server?.service, 'plumbline');
  assert.equal(client?.name, 'chat gpt-4o-mini');
  assert.equal(client?.parentSpanId, server?.spanId);
  assert.equal(collector.calls[0]?.headers['x-scope'], 'the team');
});
