import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../system/house.ts';

/** Method, the dialect of its errors, and the paths that mean the same. */
const pinned = [
  'POST openai /v1/chat/completions /chat/completions',
  'POST openai /v1/completions /completions',
  'POST openai /v1/embeddings /embeddings',
  'POST openai /v1/rerank /rerank /v2/rerank',
  'POST openai /v1/moderations /moderations',
  'POST anthropic /v1/messages /messages',
  'POST anthropic /v1/messages/count_tokens /messages/count_tokens',
  'GET openai /v1/models /models',
  'GET openai /v1/models/* /models/*',
  'GET openai /health',
  'GET openai /healthz /health/liveliness /health/liveness',
  'OPTIONS openai /health/liveliness /health/liveness',
  'GET openai /readyz',
  'GET openai /health/readiness',
  'OPTIONS openai /health/readiness',
  'GET openai /metrics',
  'GET openai /',
  'POST openai /key/generate',
  'GET openai /key/info',
  'GET openai /key/list',
  'POST openai /key/delete',
  'GET openai /model/info /v1/model/info',
  'GET openai /v2/model/info',
  'GET openai /model_group/info',
  'GET openai /aliases',
  'GET openai /aliases/*',
  'GET openai /credentials',
  'GET openai /credentials/by_name/*',
  'GET openai /credentials/by_model/*',
  'GET openai /config',
  'GET openai /usage',
  'GET openai /spend/logs',
  'GET openai /spend/logs/v2 /spend/logs/ui /spend/logs/session/ui',
  'POST openai /global/spend/end_users',
  'GET openai /spend/keys',
  'GET openai /spend/users',
  'GET openai /spend/tags',
  'GET openai /global/spend',
  'GET openai /global/spend/logs',
  'GET openai /global/spend/keys',
  'GET openai /global/spend/models',
  'GET openai /global/spend/provider',
  'GET openai /global/spend/teams',
  'GET openai /global/spend/tags',
  'GET openai /global/spend/all_tag_names',
  'GET openai /global/spend/report',
  'GET openai /global/all_end_users',
  'GET openai /global/activity',
  'GET openai /global/activity/model',
  'GET openai /user/daily/activity',
  'GET openai /user/daily/activity/aggregated',
  'GET openai /team/daily/activity',
  'GET openai /customer/daily/activity /end_user/daily/activity',
  'GET openai /tag/daily/activity',
];

test('every route keeps its method, its paths and the dialect of its errors', () => {
  const actual = openHouse({}).site.routes.map(({ method, dialect, paths }) =>
    [method, dialect.name, ...paths].join(' '),
  );
  assert.deepEqual(actual.toSorted(), pinned.toSorted());
});
