// No route gives a secret back: not in the clear, not sealed, not by halves. Every route there is, asked with the master key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { completion, openHouse } from './house.ts';

const plain = 'sk-upstream-0123456789abcdef';
const sealed = openSealer(new Secret('salt-of-the-test-house')).seal(new Secret(plain), 'credentials/ours/api_key');

test('no route answers with a stored secret or its ciphertext, whatever it is asked', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat', credential: 'ours' }],
    credentials: [{ name: 'ours', owner: 'api', sealed: { api_key: sealed } }],
    upstream: () => ({ body: completion('fine') }),
  });
  const bodies = [{}, { model: 'chat', messages: [{ role: 'user', content: 'hi' }] }, { key: 'ours' }];
  let asked = 0;
  for (const { method, paths } of house.site.routes) {
    for (const path of paths) {
      for (const body of method === 'GET' ? [undefined] : bodies) {
        const { text, headers } = await house.ask(path, body, { method });
        const told = text + JSON.stringify(headers);
        for (const secret of [plain, plain.slice(12), sealed, sealed.slice(13), 'pl1:'])
          assert.ok(!told.includes(secret), `${method} ${path} tells ${secret.slice(0, 6)}…`);
        asked++;
      }
    }
  }
  assert.ok(asked > 40, 'hardly a route was asked');
  assert.ok(house.received.some(({ headers }) => headers.authorization === `Bearer ${plain}`));
});
