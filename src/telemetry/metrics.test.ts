import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageRow } from '../core/records.ts';
import { noUsage } from '../core/usage.ts';
import { exposition } from './exposition.ts';
import type { Sources } from './house-families.ts';
import type { Names } from './ledger.ts';
import { Metrics } from './metrics.ts';

const names: Names = {
  isAlias: (name) => name === 'chat' || /^alias-\d+$/.test(name),
  deployment: (id) => (id.startsWith('d') ? { alias: 'openai/*', provider: 'openai', model: '*' } : undefined),
  key: (hash) => (hash === 'hash-of-anna' ? 'anna' : undefined),
};

const sources: Sources = {
  deployments: () => [{ id: 'd1', alias: 'chat', provider: 'openai', model: 'gpt', inFlight: 3, rests: true }],
  journal: () => ({ waiting: 4, written: 5, lost: 6, rejected: 7 }),
  upstreams: () => ({ 'http://upstream.test': { running: 8, waiting: 9 } }),
  keys: () => 10,
  isDatabaseConnected: () => false,
  build: { version: '1.2.3', id: 'abc' },
};

function row(given: Partial<UsageRow> = {}): UsageRow {
  return {
    requestId: 'r1',
    startedAt: 0,
    endedAt: 2_000,
    operation: 'chat',
    route: '/v1/chat/completions',
    dialect: 'openai',
    stream: false,
    outcome: 'success',
    status: 200,
    errorCode: null,
    keyId: 'k1',
    keyHash: 'hash-of-anna',
    userId: null,
    teamId: 'blue',
    endUser: 'a person',
    alias: 'chat',
    deploymentId: 'd1',
    provider: 'openai',
    model: 'gpt',
    usage: { ...noUsage, input: 30, output: 5, cacheRead: 20, cacheWrite: 1, cacheWriteHour: 2, reasoning: 3 },
    usagePartial: false,
    cost: 0.25,
    attempts: 2,
    fallbacks: 1,
    queueMs: 1,
    firstMs: 500,
    totalMs: 2_000,
    overheadMs: 2,
    tags: ['a tag'],
    session: 'a session',
    callerAddress: '10.1.2.3',
    droppedParameters: [],
    ...given,
  };
}

function open(mostLines?: number, litellmNames = false): Metrics {
  return new Metrics(names, sources, { litellmNames, ...(mostLines === undefined ? {} : { mostLines }) });
}

/** Takes metrics; returns the lines of a scrape that begin so. */
function told(metrics: Metrics, start: string): string[] {
  return exposition(metrics.snapshot())
    .split('\n')
    .filter((line) => line.startsWith(start));
}

test('a request is counted with its tokens, its cost and its times', () => {
  const metrics = open();
  metrics.observe(row());
  metrics.observe(row());
  const at = 'alias="chat",deployment="d1",provider="openai",model="*"';
  assert.deepEqual(told(metrics, 'plumbline_requests_total'), [
    `plumbline_requests_total{${at},route="/v1/chat/completions",stream="false",outcome="success",status="200",error=""} 2`,
  ]);
  const spent = (name: string) => told(metrics, `plumbline_${name}_total`);
  const who = `{${at},key="anna",team="blue"}`;
  assert.deepEqual(spent('input_tokens'), [`plumbline_input_tokens_total${who} 60`]);
  assert.deepEqual(spent('output_tokens'), [`plumbline_output_tokens_total${who} 10`]);
  assert.deepEqual(spent('cache_read_tokens'), [`plumbline_cache_read_tokens_total${who} 40`]);
  assert.deepEqual(spent('cache_write_tokens'), [`plumbline_cache_write_tokens_total${who} 6`]);
  assert.deepEqual(spent('reasoning_tokens'), [`plumbline_reasoning_tokens_total${who} 6`]);
  assert.deepEqual(spent('cost_dollars'), [`plumbline_cost_dollars_total${who} 0.5`]);
  assert.deepEqual(spent('attempts'), [`plumbline_attempts_total{${at},outcome="success"} 4`]);
  assert.deepEqual(spent('fallbacks'), ['plumbline_fallbacks_total{alias="chat",outcome="success"} 2']);
  const timed = `{${at},stream="false",outcome="success"`;
  const duration = told(metrics, 'plumbline_request_duration_seconds');
  assert.ok(duration.includes(`plumbline_request_duration_seconds_bucket${timed},le="1"} 0`), duration.join('\n'));
  assert.ok(duration.includes(`plumbline_request_duration_seconds_bucket${timed},le="2.5"} 2`));
  assert.ok(duration.includes(`plumbline_request_duration_seconds_bucket${timed},le="+Inf"} 2`));
  assert.ok(duration.includes(`plumbline_request_duration_seconds_sum${timed}} 4`));
  assert.ok(duration.includes(`plumbline_request_duration_seconds_count${timed}} 2`));
  assert.ok(told(metrics, `plumbline_time_to_first_byte_seconds_sum${timed}} 1`).length === 1);
  assert.ok(told(metrics, `plumbline_overhead_seconds_sum${timed}} 0.004`).length === 1);
});

test('rows that differ in one thing only are counted apart', () => {
  const metrics = open();
  const others: Partial<UsageRow>[] = [
    {},
    { alias: 'alias-1' },
    { route: '/v1/messages' },
    { stream: true },
    { status: 500 },
    { errorCode: 'upstream_failed' },
    { outcome: 'abandoned' },
    { deploymentId: 'd2' },
  ];
  for (let n = 0; n < 3; n++) for (const given of others) metrics.observe(row(given));
  const lines = told(metrics, 'plumbline_requests_total{');
  assert.equal(lines.length, others.length);
  for (const line of lines) assert.match(line, / 3$/);
});

test('a request with unknown price is counted as unpriced, and its cost is in no sum', () => {
  const metrics = open();
  metrics.observe(row({ cost: null }));
  assert.match(told(metrics, 'plumbline_unpriced_requests_total{')[0] ?? '', / 1$/);
  assert.match(told(metrics, 'plumbline_cost_dollars_total{')[0] ?? '', / 0$/);
});

test('keys are told by alias; no hash, end user, session, tag or address is told, under any name', () => {
  const metrics = open(undefined, true);
  metrics.observe(row());
  metrics.observe(row({ keyId: 'k2', keyHash: 'hash-of-a-deleted-key' }));
  metrics.observe(row({ keyId: null, keyHash: 'hash-of-the-master-key' }));
  metrics.observe(row({ keyId: null, keyHash: null, outcome: 'refused', status: 401, errorCode: 'key_missing' }));
  const page = exposition(metrics.snapshot());
  assert.doesNotMatch(page, /hash|a person|a session|a tag|10\.1\.2\.3/);
  const keys = told(metrics, 'plumbline_key_requests_total{').map((line) => /key="(.*?)"/.exec(line)?.[1]);
  assert.deepEqual(keys, ['anna', 'other', 'master', '']);
});

test('names that clients make up are no labels, however many they are', () => {
  const metrics = open();
  const refused = { outcome: 'refused', status: 400, errorCode: 'model_unknown', deploymentId: null } as const;
  for (let n = 0; n < 1_000; n++) metrics.observe(row({ ...refused, alias: `junk-${n}`, provider: null, model: null }));
  for (let n = 0; n < 1_000; n++) metrics.observe(row({ alias: `openai/junk-${n}`, model: `junk-${n}` }));
  assert.doesNotMatch(exposition(metrics.snapshot()), /junk/);
  const lines = told(metrics, 'plumbline_requests_total{');
  assert.deepEqual(
    lines.map((line) => [/alias="(.*?)"/.exec(line)?.[1], / (\d+)$/.exec(line)?.[1]]),
    [
      ['other', '1000'],
      ['openai/*', '1000'],
    ],
  );
});

test('beyond the most lines new combinations are counted together, and how many is told', () => {
  const metrics = open(10);
  for (let n = 0; n < 100; n++) metrics.observe(row({ alias: `alias-${n}` }));
  for (let n = 0; n < 100; n++) metrics.observe(row({ alias: `alias-${n}` }));
  const lines = told(metrics, 'plumbline_requests_total{');
  assert.equal(lines.length, 11);
  assert.match(lines.find((line) => line.includes('alias="other"')) ?? '', / 180$/);
  assert.deepEqual(told(metrics, 'plumbline_metrics_folded_requests_total '), [
    'plumbline_metrics_folded_requests_total 180',
  ]);
});

test('failures and rests are counted by deployment and error', () => {
  const metrics = open(undefined, true);
  metrics.failed('d1', 'upstream_busy', true);
  metrics.failed('d1', 'upstream_busy', false);
  const at = 'alias="openai/*",deployment="d1",provider="openai",model="*",error="upstream_busy"';
  assert.deepEqual(told(metrics, 'plumbline_upstream_failures_total'), [`plumbline_upstream_failures_total{${at}} 2`]);
  assert.deepEqual(told(metrics, 'plumbline_deployment_rests_total'), [`plumbline_deployment_rests_total{${at}} 1`]);
  const litellm = 'litellm_model_name="*",model_id="d1",api_provider="openai",exception_status="429"';
  assert.deepEqual(told(metrics, 'litellm_deployment_failure_responses_total'), [
    `litellm_deployment_failure_responses_total{requested_model="openai/*",${litellm},exception_class="RateLimitError"} 2`,
  ]);
  assert.deepEqual(told(metrics, 'litellm_deployment_cooled_down_total'), [
    `litellm_deployment_cooled_down_total{${litellm}} 1`,
  ]);
});

test('failures of ever new deployments are counted together in the end', () => {
  const metrics = open(10);
  for (let n = 0; n < 100; n++) metrics.failed(`d${n}`, 'upstream_failed', false);
  const lines = told(metrics, 'plumbline_upstream_failures_total{');
  assert.equal(lines.length, 11);
  assert.match(lines.find((line) => line.includes('deployment="other"')) ?? '', / 90$/);
});

test('the gauges say how the house is', () => {
  const page = exposition(open(undefined, true).snapshot());
  for (const line of [
    'plumbline_build_info{version="1.2.3",build="abc"} 1',
    'plumbline_requests_in_flight{alias="chat",deployment="d1",provider="openai",model="gpt"} 3',
    'plumbline_deployment_resting{alias="chat",deployment="d1",provider="openai",model="gpt"} 1',
    'plumbline_journal_waiting_rows 4',
    'plumbline_journal_written_rows_total 5',
    'plumbline_journal_lost_rows_total 6',
    'plumbline_journal_rejected_rows_total 7',
    'plumbline_upstream_calls_running{origin="http://upstream.test"} 8',
    'plumbline_upstream_calls_waiting{origin="http://upstream.test"} 9',
    'plumbline_keys 10',
    'plumbline_database_connected 0',
    'litellm_deployment_state{litellm_model_name="gpt",model_id="d1",api_provider="openai"} 2',
  ])
    assert.ok(page.includes(`\n${line}\n`), line);
  assert.match(page, /^plumbline_process_resident_memory_bytes [1-9]\d+$/m);
  assert.match(page, /^plumbline_process_cpu_seconds_total [\d.]+$/m);
  assert.match(page, /^plumbline_event_loop_lag_p99_seconds [\d.e-]+$/m);
});

test("LiteLLM's names tell the same, and are left out unless wanted", () => {
  const metrics = open(undefined, true);
  metrics.observe(row({ stream: true }));
  metrics.observe(row({ outcome: 'failure', status: 429, errorCode: 'upstream_busy', usage: null, cost: null }));
  const who = 'api_key_alias="anna",team="blue",user="",requested_model="chat"';
  for (const line of [
    `litellm_proxy_total_requests_metric_total{${who},route="/v1/chat/completions",status_code="200"} 1`,
    `litellm_proxy_failed_requests_metric_total{${who},route="/v1/chat/completions",exception_status="429",exception_class="RateLimitError"} 1`,
    `litellm_requests_metric_total{${who},model="*"} 1`,
    `litellm_spend_metric_total{${who},model="*"} 0.25`,
    `litellm_total_tokens_metric_total{${who},model="*"} 35`,
    'litellm_llm_api_time_to_first_token_metric_count{model="*",model_id="d1",requested_model="chat"} 1',
    'litellm_request_total_latency_metric_count{model="*",model_id="d1",requested_model="chat"} 1',
  ])
    assert.deepEqual(told(metrics, line), [line]);
  assert.doesNotMatch(exposition(open().snapshot()), /litellm/);
});
