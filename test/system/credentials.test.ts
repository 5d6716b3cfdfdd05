import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { completion, openHouse, question } from './house.ts';

const sealer = openSealer(new Secret('salt-of-the-test-house'));
const sealed = (name: string, field: string, text: string) =>
  sealer.seal(new Secret(text), `credentials/${name}/${field}`);

test('a deployment is called with its own credential, its secret headers included, and the client’s key stays here', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', credential: 'ours', parameters: { headers: { 'x-team': 'blue' } } }],
    credentials: [
      {
        name: 'ours',
        owner: 'file',
        sealed: {
          api_key: sealed('ours', 'api_key', 'sk-upstream'),
          'header:x-gate': sealed('ours', 'header:x-gate', 'open'),
        },
      },
    ],
    upstream: () => ({ body: completion('fine') }),
  });
  assert.equal((await house.ask('/v1/chat/completions', question)).status, 200);
  const headers = house.received[0]?.headers ?? {};
  assert.equal(headers.authorization, 'Bearer sk-upstream');
  assert.equal(headers['x-gate'], 'open');
  assert.equal(headers['x-team'], 'blue');
});

test('a credential sealed for another place or under another salt key takes its deployment out of service, and only that', async () => {
  const other = openSealer(new Secret('another salt')).seal(new Secret('x'), 'credentials/lost/api_key');
  const house = openHouse({
    deployments: [{ alias: 'chat', credential: 'lost' }, { alias: 'chat', credential: 'moved' }, { alias: 'chat' }],
    credentials: [
      { name: 'lost', owner: 'file', sealed: { api_key: other } },
      { name: 'moved', owner: 'file', sealed: { api_key: sealed('elsewhere', 'api_key', 'y') } },
    ],
    upstream: () => ({ body: completion('fine') }),
  });
  const reply = await house.ask('/v1/chat/completions', question);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['x-plumbline-deployment'], 'd3');
});

test('a stored reference is looked up here; one that leads nowhere takes its deployment out of service, and its words go nowhere', async () => {
  const reference = (name: string, text: string) => ({
    name,
    owner: 'api' as const,
    sealed: { api_key: sealed(name, 'api_key', text) },
  });
  const house = openHouse({
    deployments: [
      { alias: 'found', credential: 'found' },
      { alias: 'lost', credential: 'lost' },
      { alias: 'ours', credential: 'ours' },
    ],
    credentials: [
      reference('found', 'os.environ/THE_KEY'),
      reference('lost', 'env:NOWHERE'),
      reference('ours', 'env:PLUMBLINE_MASTER_KEY'),
    ],
    variables: { THE_KEY: 'sk-of-variable', PLUMBLINE_MASTER_KEY: 'sk-master' },
    upstream: () => ({ body: completion('fine') }),
  });
  const ask = (model: string) => house.ask('/v1/chat/completions', { ...question, model });
  assert.equal((await ask('found')).status, 200);
  assert.notEqual((await ask('lost')).status, 200);
  assert.notEqual((await ask('ours')).status, 200);
  assert.deepEqual(
    house.received.map(({ headers }) => headers.authorization),
    ['Bearer sk-of-variable'],
  );
});
