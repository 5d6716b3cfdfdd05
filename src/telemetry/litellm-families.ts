// The same ledger under LiteLLM's names, so that dashboards and alerts made for it go on (docs.litellm.ai/docs/proxy/prometheus;
// its counters end in _total, as its Python client writes them). Left out on purpose: hashes of keys, end users, addresses.

import { exceptionOf } from './failures.ts';
import { type CounterFamily, type GaugeFamily, type HistogramFamily, labelText } from './family.ts';
import type { DeploymentState } from './house-families.ts';
import { bounds, type Ledger, type Line, type Times } from './ledger.ts';
import { countedBy, type LineCounter, observedBy, type TimesHistogram } from './request-families.ts';

const who = { api_key_alias: 'key', team: 'team', user: 'user' } as const;
const asked = { ...who, requested_model: 'alias' } as const;
const spent = { ...asked, model: 'model' } as const;
const deployment = {
  requested_model: 'alias',
  litellm_model_name: 'model',
  model_id: 'deployment',
  api_provider: 'provider',
} as const;

const failed = (line: Line): boolean => line.labels.outcome !== 'success';
const unsent = ({ labels }: Line | Times): boolean => labels.deployment === '';

const counters: readonly LineCounter[] = [
  {
    name: 'litellm_proxy_total_requests_metric_total',
    help: 'Requests made to the gateway.',
    labels: { ...asked, route: 'route', status_code: 'status' },
    value: ({ requests }) => requests,
  },
  {
    name: 'litellm_proxy_failed_requests_metric_total',
    help: 'Requests that did not get a complete answer.',
    labels: {
      ...asked,
      route: 'route',
      exception_status: 'status',
      exception_class: ({ labels }) => exceptionOf(labels.error).exception_class,
    },
    value: ({ requests }) => requests,
    isOut: (line) => !failed(line),
  },
  {
    name: 'litellm_requests_metric_total',
    help: 'Requests that were answered.',
    labels: spent,
    value: ({ requests }) => requests,
    isOut: failed,
  },
  { name: 'litellm_spend_metric_total', help: 'Cost in US dollars.', labels: spent, value: ({ cost }) => cost },
  {
    name: 'litellm_total_tokens_metric_total',
    help: 'Tokens read and written.',
    labels: spent,
    value: ({ input, output }) => input + output,
  },
  { name: 'litellm_input_tokens_metric_total', help: 'Tokens read.', labels: spent, value: ({ input }) => input },
  { name: 'litellm_output_tokens_metric_total', help: 'Tokens written.', labels: spent, value: ({ output }) => output },
  {
    name: 'litellm_deployment_success_responses_total',
    help: 'Calls to a deployment that were answered.',
    labels: { ...deployment, api_key_alias: 'key', team: 'team' },
    value: ({ requests }) => requests,
    isOut: (line) => failed(line) || unsent(line),
  },
  {
    name: 'litellm_deployment_total_requests_total',
    help: 'Calls to providers, retries included, by the deployment that was called last.',
    labels: { ...deployment, api_key_alias: 'key', team: 'team' },
    value: ({ attempts }) => attempts,
    isOut: unsent,
  },
  {
    name: 'litellm_deployment_successful_fallbacks_total',
    help: 'Turns to another model name in requests that were answered.',
    labels: { fallback_model: 'alias' },
    value: ({ fallbacks }) => fallbacks,
    isOut: (line) => failed(line) || line.fallbacks === 0,
  },
  {
    name: 'litellm_deployment_failed_fallbacks_total',
    help: 'Turns to another model name in requests that failed all the same.',
    labels: { fallback_model: 'alias' },
    value: ({ fallbacks }) => fallbacks,
    isOut: (line) => !failed(line) || line.fallbacks === 0,
  },
];

const timed = { model: 'model', model_id: 'deployment', requested_model: 'alias' } as const;
const { durations, overheads } = bounds;
const unanswered = (times: Times): boolean => times.labels.outcome !== 'success';

const histograms: readonly TimesHistogram[] = [
  {
    name: 'litellm_request_total_latency_metric',
    help: 'Seconds from the arrival of a request to the last byte of its answer.',
    labels: timed,
    bounds: durations,
    observed: ({ total }) => total,
    isOut: unanswered,
  },
  {
    name: 'litellm_llm_api_latency_metric',
    help: "Seconds of a request that were the provider's.",
    labels: timed,
    bounds: durations,
    observed: ({ upstream }) => upstream,
    isOut: unanswered,
  },
  {
    name: 'litellm_llm_api_time_to_first_token_metric',
    help: 'Seconds to the first byte of a stream.',
    labels: timed,
    bounds: durations,
    observed: ({ first }) => first,
    isOut: (times) => unanswered(times) || times.labels.stream !== 'true',
  },
  {
    name: 'litellm_overhead_latency_metric',
    help: "Seconds before the first byte that were the gateway's own.",
    labels: { model_group: 'alias', api_provider: 'provider', litellm_model_name: 'model', model_id: 'deployment' },
    bounds: overheads,
    observed: ({ overhead }) => overhead,
    isOut: unanswered,
  },
  {
    name: 'litellm_deployment_latency_per_output_token',
    help: "Seconds of a provider's time for each token written.",
    labels: { litellm_model_name: 'model', model_id: 'deployment', api_provider: 'provider' },
    bounds: overheads,
    observed: ({ perToken }) => perToken,
    isOut: unanswered,
  },
];

/** Takes the ledger; returns what was asked, under LiteLLM's names. */
export function litellmFamilies(ledger: Ledger): (CounterFamily | HistogramFamily)[] {
  return [
    ...counters.map((counter) => countedBy(counter, ledger)),
    ...histograms.map((histogram) => observedBy(histogram, ledger)),
  ];
}

/** Takes how deployments are; returns LiteLLM's gauge of it: 0 healthy, 2 resting. */
export function litellmStates(states: readonly DeploymentState[]): GaugeFamily {
  const samples: Record<string, number> = {};
  for (const { id, provider, model, rests } of states)
    samples[labelText({ litellm_model_name: model, model_id: id, api_provider: provider })] = rests ? 2 : 0;
  const help = 'The state of a deployment: 0 healthy, 2 resting.';
  return { name: 'litellm_deployment_state', help, type: 'gauge', together: 'largest', samples };
}
