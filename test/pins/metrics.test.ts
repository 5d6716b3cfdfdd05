// The names, types and labels of all metrics: dashboards and alerts stand on them, so they are for ever. docs/metrics.md
// tells the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { noUsage } from '../../src/core/usage.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { usageRow } from '../store/rows.ts';

const pinned = [
  'plumbline_requests_total counter alias deployment provider model route stream outcome status error',
  'plumbline_key_requests_total counter key team alias outcome',
  'plumbline_attempts_total counter alias deployment provider model outcome',
  'plumbline_fallbacks_total counter alias outcome',
  'plumbline_input_tokens_total counter alias deployment provider model key team',
  'plumbline_output_tokens_total counter alias deployment provider model key team',
  'plumbline_cache_read_tokens_total counter alias deployment provider model key team',
  'plumbline_cache_write_tokens_total counter alias deployment provider model key team',
  'plumbline_reasoning_tokens_total counter alias deployment provider model key team',
  'plumbline_cost_dollars_total counter alias deployment provider model key team',
  'plumbline_unpriced_requests_total counter alias deployment provider model',
  'plumbline_request_duration_seconds histogram alias deployment provider model stream outcome',
  'plumbline_time_to_first_byte_seconds histogram alias deployment provider model stream outcome',
  'plumbline_overhead_seconds histogram alias deployment provider model stream outcome',
  'plumbline_queue_seconds histogram alias deployment provider model stream outcome',
  'plumbline_upstream_failures_total counter alias deployment provider model error',
  'plumbline_deployment_rests_total counter alias deployment provider model error',
  'plumbline_metrics_folded_requests_total counter',
  'plumbline_spans_exported_total counter',
  'plumbline_spans_failed_total counter',
  'plumbline_build_info gauge version build',
  'plumbline_requests_in_flight gauge alias deployment provider model',
  'plumbline_deployment_resting gauge alias deployment provider model',
  'plumbline_upstream_calls_running gauge origin',
  'plumbline_upstream_calls_waiting gauge origin',
  'plumbline_journal_waiting_rows gauge',
  'plumbline_journal_written_rows_total counter',
  'plumbline_journal_lost_rows_total counter',
  'plumbline_journal_rejected_rows_total counter',
  'plumbline_keys gauge',
  'plumbline_database_connected gauge',
  'plumbline_process_cpu_seconds_total counter',
  'plumbline_process_resident_memory_bytes gauge',
  'plumbline_process_heap_used_bytes gauge',
  'plumbline_process_external_memory_bytes gauge',
  'plumbline_process_start_time_seconds gauge',
  'plumbline_event_loop_busy_seconds_total counter',
  'plumbline_event_loop_lag_p99_seconds gauge',
  'plumbline_event_loop_lag_max_seconds gauge',
  'litellm_proxy_total_requests_metric_total counter api_key_alias team user requested_model route status_code',
  'litellm_proxy_failed_requests_metric_total counter api_key_alias team user requested_model route exception_status exception_class',
  'litellm_requests_metric_total counter api_key_alias team user requested_model model',
  'litellm_spend_metric_total counter api_key_alias team user requested_model model',
  'litellm_total_tokens_metric_total counter api_key_alias team user requested_model model',
  'litellm_input_tokens_metric_total counter api_key_alias team user requested_model model',
  'litellm_output_tokens_metric_total counter api_key_alias team user requested_model model',
  'litellm_deployment_success_responses_total counter requested_model litellm_model_name model_id api_provider api_key_alias team',
  'litellm_deployment_total_requests_total counter requested_model litellm_model_name model_id api_provider api_key_alias team',
  'litellm_deployment_successful_fallbacks_total counter fallback_model',
  'litellm_deployment_failed_fallbacks_total counter fallback_model',
  'litellm_request_total_latency_metric histogram model model_id requested_model',
  'litellm_llm_api_latency_metric histogram model model_id requested_model',
  'litellm_llm_api_time_to_first_token_metric histogram model model_id requested_model',
  'litellm_overhead_latency_metric histogram model_group api_provider litellm_model_name model_id',
  'litellm_deployment_latency_per_output_token histogram litellm_model_name model_id api_provider',
  'litellm_deployment_failure_responses_total counter requested_model litellm_model_name model_id api_provider exception_status exception_class',
  'litellm_deployment_cooled_down_total counter litellm_model_name model_id api_provider exception_status',
  'litellm_deployment_state gauge litellm_model_name model_id api_provider',
];

/** Metrics in which everything has happened once. */
function busy(): Metrics {
  const metrics = new Metrics(
    {
      isAlias: () => true,
      deployment: () => ({ alias: 'chat', provider: 'openai', model: 'gpt' }),
      key: () => 'anna',
    },
    {
      deployments: () => [{ id: 'd1', alias: 'chat', provider: 'openai', model: 'gpt', inFlight: 0, rests: false }],
      journal: () => ({ waiting: 0, written: 0, lost: 0, rejected: 0 }),
      upstreams: () => ({ 'http://upstream.test': { running: 0, waiting: 0 } }),
      keys: () => 0,
      isDatabaseConnected: () => true,
      spans: () => ({ exported: 0, failed: 0 }),
      build: { version: '1', id: 'x' },
    },
    { litellmNames: true },
  );
  const row = usageRow('r1', { alias: 'chat', deploymentId: 'd1', attempts: 2, fallbacks: 1, usage: noUsage });
  metrics.observe({ ...row, stream: true, outcome: 'success', firstMs: 1, usage: { ...noUsage, output: 1 } });
  metrics.observe({ ...row, outcome: 'failure', status: 500, errorCode: 'upstream_failed' });
  metrics.failed('d1', 'upstream_failed', true);
  return metrics;
}

const families = busy().snapshot();
const labelsOf = (labels: string): string[] => [...labels.matchAll(/(\w+)="/g)].map((found) => found[1] ?? '');

test('every metric keeps its name, its type and its labels', () => {
  const actual = families.map(({ name, type, samples }) =>
    [name, type, ...labelsOf(Object.keys(samples)[0] ?? '')].join(' '),
  );
  assert.deepEqual(actual.toSorted(), pinned.toSorted());
});

test('docs/metrics.md has a line for every metric, with its labels and what it counts', () => {
  const written = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').split('\n');
  const expected = families.map(({ name, type, help, samples }) => {
    const labels = labelsOf(Object.keys(samples)[0] ?? '').map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${labels.join(' ')} | ${help} |`;
  });
  const actual = written.filter((line) => /^\| `(plumbline|litellm)_/.test(line));
  assert.deepEqual(actual, expected);
});
