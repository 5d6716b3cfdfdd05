// What LiteLLM's dashboards read of the spend routes, frozen: exact bodies for known traffic (test/system/reported-house.ts).
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { hashes, openReportedHouse, type ReportedHouse } from '../system/reported-house.ts';

let reported: ReportedHouse;
before(async () => {
  reported = await openReportedHouse();
});

const range = 'start_date=2027-01-15&end_date=2027-01-16';
const { ann, bob, master } = hashes;
const annCosts = { total_input_tokens: 12, total_output_tokens: 8, unpriced_requests: 1 };
const perModel = (model: string, total_cost: number, input: number, output: number, unpriced_requests = 0) => ({
  model,
  total_cost,
  total_input_tokens: input,
  total_output_tokens: output,
  unpriced_requests,
});
const day = (date: string, api_requests: number, total_tokens: number) => ({ date, api_requests, total_tokens });

const pinned: Readonly<Record<string, unknown>> = {
  '/spend/keys': [
    { token: ann, key_name: 'sk-...ests', key_alias: 'ann', team_id: 'red', spend: 0.001807, unpriced_requests: 1 },
    { token: bob, key_name: 'sk-...ests', key_alias: null, team_id: null, spend: 0.000007, unpriced_requests: 0 },
    { token: master, key_name: null, key_alias: null, team_id: null, spend: 0.000007, unpriced_requests: 0 },
  ],
  '/spend/users': [
    { user_id: 'ann', spend: 0.001807, unpriced_requests: 1 },
    { user_id: 'bob', spend: 0.000007, unpriced_requests: 0 },
  ],
  '/spend/tags': [
    { individual_request_tag: 'nightly', log_count: 2, total_spend: 0.000907 },
    { individual_request_tag: 'eval', log_count: 1, total_spend: 0.000007 },
  ],
  '/global/spend': { spend: 0.001821, max_budget: 0, unpriced_requests: 1 },
  '/global/spend/logs': [
    { date: '2027-01-15', spend: 0.000914 },
    { date: '2027-01-16', spend: 0.000907 },
  ],
  '/global/spend/keys?limit=2': [
    { api_key: ann, key_alias: 'ann', key_name: 'sk-...ests', total_spend: 0.001807 },
    { api_key: bob, key_alias: null, key_name: 'sk-...ests', total_spend: 0.000007 },
  ],
  '/global/spend/models?limit=2': [
    { model: 'big', total_spend: 0.0018 },
    { model: 'little', total_spend: 0.000021 },
  ],
  [`/global/spend/provider?${range}`]: [
    { provider: 'groq', spend: 0.0018 },
    { provider: 'openai', spend: 0.000021 },
    { provider: '', spend: 0 },
  ],
  '/global/spend/teams': {
    daily_spend: [
      { date: '2027-01-15', red: 0.000907 },
      { date: '2027-01-16', red: 0.0009 },
    ],
    teams: ['red'],
    total_spend_per_team: [{ team_id: 'red', total_spend: 0.001807 }],
  },
  [`/global/spend/tags?${range}&tags=eval`]: { spend_per_tag: [{ name: 'eval', spend: 0.000007, log_count: 1 }] },
  '/global/spend/all_tag_names': { tag_names: ['eval', 'nightly'] },
  '/global/all_end_users': { end_users: ['carol', 'dave'] },
  [`/global/activity?${range}`]: {
    daily_data: [day('Jan 15', 6, 20), day('Jan 16', 3, 15)],
    sum_api_requests: 9,
    sum_total_tokens: 35,
  },
  [`/global/activity/model?${range}&model_group=fast,deep`]: [
    {
      model: 'fast',
      daily_data: [day('Jan 15', 2, 10), day('Jan 16', 1, 5)],
      sum_api_requests: 3,
      sum_total_tokens: 15,
    },
    {
      model: 'deep',
      daily_data: [day('Jan 15', 1, 5), day('Jan 16', 1, 5)],
      sum_api_requests: 2,
      sum_total_tokens: 10,
    },
  ],
  [`/global/spend/report?${range}&group_by=api_key&api_key=${ann}`]: [
    {
      api_key: ann,
      total_cost: 0.001807,
      ...annCosts,
      model_details: [
        perModel('big', 0.0018, 6, 4),
        perModel('little', 0.000007, 3, 2),
        perModel('unheard-of', 0, 3, 2, 1),
      ],
    },
  ],
  [`/global/spend/report?${range}&model=big`]: [
    {
      group_by_day: '2027-01-15T00:00:00+00:00',
      teams: [
        {
          team_name: 'red',
          total_spend: 0.0009,
          metadata: [{ model: 'big', spend: 0.0009, total_tokens: 5, api_key: ann }],
        },
      ],
    },
    {
      group_by_day: '2027-01-16T00:00:00+00:00',
      teams: [
        {
          team_name: 'red',
          total_spend: 0.0009,
          metadata: [{ model: 'big', spend: 0.0009, total_tokens: 5, api_key: ann }],
        },
      ],
    },
  ],
  [`/global/spend/report?${range}&group_by=customer&end_user=dave`]: [
    {
      group_by_day: '2027-01-15T00:00:00+00:00',
      customers: [
        {
          customer: 'dave',
          total_spend: 0.000007,
          metadata: [{ model: 'little', spend: 0.000007, total_tokens: 5, api_key: bob }],
        },
      ],
    },
  ],
  '/spend/logs?start_date=2027-01-16&end_date=2027-01-16': [
    {
      startTime: '2027-01-16',
      spend: 0.000907,
      users: { ann: 0.0009, '': 0.000007, bob: 0 },
      models: { big: 0.0009, little: 0.000007, free: 0 },
      [ann]: 0.0009,
      [master]: 0.000007,
      [bob]: 0,
    },
  ],
};

for (const [path, body] of Object.entries(pinned)) {
  test(`GET ${path.replace(ann, '(hash)')} keeps its body`, async () => {
    const told = await reported.get(path);
    assert.equal(told.status, 200, told.text);
    assert.deepEqual(told.json, body);
  });
}

const logFields = [
  ...['request_id', 'call_type', 'api_key', 'spend', 'total_tokens', 'prompt_tokens', 'completion_tokens', 'startTime'],
  ...['endTime', 'completionStartTime', 'model', 'model_id', 'model_group', 'custom_llm_provider', 'api_base', 'user'],
  ...['metadata', 'cache_hit', 'cache_key', 'request_tags', 'team_id', 'organization_id', 'end_user'],
  ...['requester_ip_address', 'messages', 'response', 'session_id', 'status', 'mcp_namespaced_tool_name', 'agent_id'],
  'proxy_server_request',
];

test('a spend log keeps the columns of LiteLLM_SpendLogs (contracts 2.1), and says when its price is unknown', async () => {
  const { json } = await reported.get(`/spend/logs/v2?${range}&model_group=odd`);
  const { data, ...paging } = json as { data: Record<string, unknown>[] };
  assert.deepEqual(paging, { total: 1, page: 1, page_size: 50, total_pages: 1 });
  const [log = {}] = data;
  assert.deepEqual(Object.keys(log), logFields);
  const { request_id: id, metadata, ...rest } = log;
  assert.equal(typeof id, 'string');
  assert.deepEqual(metadata, {
    status: 'success',
    user_api_key: ann,
    user_api_key_user_id: 'ann',
    user_api_key_team_id: 'red',
    litellm_overhead_time_ms: 0,
    additional_usage_values: { cache_read_input_tokens: 0, cache_creation_input_tokens: 0, reasoning_tokens: 0 },
    outcome: 'success',
    unpriced: true,
  });
  assert.deepEqual(
    [rest.call_type, rest.spend, rest.total_tokens, rest.startTime, rest.status, rest.request_tags, rest.messages],
    ['acompletion', 0, 5, '2027-01-15T08:00:00.000Z', 'success', [], {}],
  );
});

const metricFields = [
  ...['spend', 'prompt_tokens', 'completion_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'],
  ...['total_tokens', 'successful_requests', 'failed_requests', 'api_requests', 'unpriced_requests'],
];
const totalFields = [
  ...['total_spend', 'total_prompt_tokens', 'total_completion_tokens', 'total_cache_read_input_tokens'],
  ...['total_cache_creation_input_tokens', 'total_tokens', 'total_successful_requests', 'total_failed_requests'],
  ...['total_api_requests', 'total_unpriced_requests', 'page', 'total_pages', 'has_more'],
];

/** What of a daily activity is read, whatever the figures. */
interface Activity {
  readonly results: {
    readonly date: string;
    readonly metrics: Record<string, number>;
    readonly breakdown: Record<string, Record<string, Entry>>;
  }[];
  readonly metadata: Record<string, unknown>;
}
interface Entry {
  readonly metrics: Record<string, number>;
  readonly metadata: Record<string, unknown>;
  readonly api_key_breakdown?: Record<string, Entry>;
}

for (const [path, entity] of [
  ['/user/daily/activity', 'ann'],
  ['/user/daily/activity/aggregated', 'ann'],
  ['/team/daily/activity', 'red'],
  ['/customer/daily/activity', 'carol'],
  ['/end_user/daily/activity', 'carol'],
  ['/tag/daily/activity', 'nightly'],
]) {
  test(`GET ${path} keeps its days, metrics and breakdowns`, async () => {
    const { results, metadata } = (await reported.get(`${path}?${range}`)).json as Activity;
    const first = results.at(-1);
    assert.ok(first !== undefined && entity !== undefined);
    assert.deepEqual(Object.keys(metadata), totalFields);
    assert.deepEqual(Object.keys(first), ['date', 'metrics', 'breakdown']);
    assert.deepEqual(Object.keys(first.metrics), metricFields);
    const breakdowns = ['mcp_servers', 'models', 'model_groups', 'providers', 'entities', 'api_keys'];
    assert.deepEqual(Object.keys(first.breakdown), breakdowns);
    const entry = first.breakdown.entities?.[entity];
    assert.deepEqual(Object.keys(entry ?? {}), ['metrics', 'metadata', 'api_key_breakdown']);
    assert.deepEqual(entry?.api_key_breakdown?.[ann]?.metadata, { key_alias: 'ann', team_id: 'red' });
    assert.deepEqual(first.breakdown.api_keys?.[ann]?.metadata, { key_alias: 'ann', team_id: 'red' });
    assert.deepEqual(Object.keys(first.breakdown.api_keys?.[ann]?.metrics ?? {}), metricFields);
  });
}
