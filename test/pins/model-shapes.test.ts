// What LiteLLM's clients read of the management of models, as literals: a red pin is told in changes/, not loosened.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { completion, type Received } from '../system/house.ts';
import { type ManagedHouse, openManagedHouse } from '../system/managed-house.ts';

let managed: ManagedHouse;
const id = 'the-id';

function upstream({ path }: Received): { body: object } {
  if (path.endsWith('/models')) return { body: { data: [{ id: 'm', max_model_len: 4096 }] } };
  return { body: completion('yes') };
}

before(async () => {
  managed = await openManagedHouse({ upstream });
});
after(() => managed.close());

async function told(method: string, path: string, body?: unknown): Promise<unknown> {
  const { status, json, text } = await managed.send(method, path, body);
  assert.equal(status, 200, text);
  return json;
}

const params = { model: 'hosted_vllm/m', api_base: 'http://vllm.test/v1', rpm: 60 };

test('POST /model/new and /model/update answer the row, without its secrets', async () => {
  const body = { model_name: 'chat', litellm_params: { ...params, api_key: 'sk-x' }, model_info: { id, mode: 'chat' } };
  const row = {
    model_id: id,
    model_name: 'chat',
    litellm_params: params,
    model_info: { mode: 'chat', id, db_model: true },
  };
  assert.deepEqual(await told('POST', '/model/new', body), { ...row, plumbline: { did: 'added', dry_run: false } });
  assert.deepEqual(await told('POST', '/model/new', body), {
    ...row,
    plumbline: { did: 'there-already', dry_run: false },
  });
  const change = { model_info: { id }, litellm_params: { rpm: 61 } };
  assert.deepEqual(await told('POST', '/model/update', change), {
    ...row,
    litellm_params: { ...params, rpm: 61 },
    plumbline: { did: 'changed', dry_run: false },
  });
  const back = { litellm_params: { rpm: 60 } };
  assert.deepEqual(await told('PATCH', `/model/${id}/update`, back), {
    ...row,
    plumbline: { did: 'changed', dry_run: false },
  });
});

const entry = {
  model_name: 'chat',
  litellm_params: params,
  model_info: {
    key: 'hosted_vllm/m',
    litellm_provider: 'hosted_vllm',
    mode: 'chat',
    max_input_tokens: 4096,
    max_output_tokens: null,
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    max_tokens: 4096,
    id,
    db_model: true,
    created_at: '2026-11-23T10:00:00.500Z',
    updated_at: '2026-11-23T11:00:00.000Z',
  },
  plumbline: {
    owner: 'api',
    credential: `deployment/${id}`,
    served: true,
    context_from: 'backend',
    price_from: 'table',
    backend: 'told',
    backend_asked_at: '2027-01-15T08:00:00.000Z',
  },
};

test('GET /model/info and /v2/model/info', async () => {
  await managed.database.query(
    "update plumbline.deployments set created_at = '2026-11-23 10:00:00.5+00', updated_at = '2026-11-23 11:00:00+00'",
  );
  assert.deepEqual(await told('GET', '/model/info'), { data: [entry] });
  assert.deepEqual(await told('GET', '/v1/model/info'), { data: [entry] });
  assert.deepEqual(await told('GET', '/v2/model/info'), {
    data: [entry],
    total_count: 1,
    current_page: 1,
    total_pages: 1,
    size: 50,
  });
});

test('GET /aliases', async () => {
  assert.deepEqual(await told('GET', '/aliases'), {
    data: [
      {
        name: 'chat',
        owner: 'api',
        target: null,
        hidden: false,
        strategy: null,
        fallbacks: [],
        context_window_fallbacks: [],
        content_policy_fallbacks: [],
        retry_policy: {},
        deployments: [id],
        served: true,
        stood_for_by: [],
      },
    ],
  });
});

test('GET /config', async () => {
  const { options, settings } = (await told('GET', '/config')) as Record<string, Record<string, unknown>[]>;
  assert.deepEqual(
    options?.find(({ name }) => name === 'port'),
    {
      name: 'port',
      value: 4000,
      secret: false,
      source: 'default',
      from: 'default',
      flag: '--port',
      variables: ['PLUMBLINE_PORT', 'PORT'],
      says: 'Port to listen on; 0 lets the system choose.',
    },
  );
  assert.deepEqual(
    settings?.find(({ name }) => name === 'router.retries'),
    { name: 'router.retries', value: 2, source: 'default', owner: null },
  );
});

test('POST /model/delete says what LiteLLM says, and /credentials is empty after it', async () => {
  assert.deepEqual(await told('POST', '/model/delete', { id }), {
    message: 'Model: the-id deleted successfully',
    plumbline: { did: 'deleted', dry_run: false, notes: ['the name chat went with it'] },
  });
  assert.deepEqual(await told('GET', '/credentials'), { success: true, credentials: [] });
});
