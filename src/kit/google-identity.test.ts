// Tokens of Google Cloud, with its token service played by the test: nothing leaves the process.
import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { googleIdentity } from './google-identity.ts';
import { Secret } from './secret.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const account = { type: 'service_account', client_email: 'us@house.iam.gserviceaccount.com', private_key: privateKey };

interface Asked {
  readonly url: string;
  readonly form: URLSearchParams;
}

/** A token service: hands out t1, t2, … for an hour each, and keeps what it was asked. */
function tokenService(status = 200): { asked: Asked[]; fetch: typeof fetch } {
  const asked: Asked[] = [];
  const serve = async (input: unknown, options?: { body?: unknown }): Promise<Response> => {
    asked.push({ url: String(input), form: new URLSearchParams(String(options?.body)) });
    const answer =
      status === 200
        ? { access_token: `t${asked.length}`, expires_in: 3600, token_type: 'Bearer' }
        : { error: 'invalid_grant', error_description: 'secret words' };
    return Response.json(answer, { status });
  };
  return { asked, fetch: serve as typeof fetch };
}

test('a service account signs for its token, and the token is kept', async () => {
  const service = tokenService();
  const identity = googleIdentity({ credentials: new Secret(JSON.stringify(account)), fetch: service.fetch });
  const now = Date.now();
  const tokens = await Promise.all([identity(now), identity(now), identity(now + 1000)]);
  assert.deepEqual(
    tokens.map((token) => token.reveal()),
    ['t1', 't1', 't1'],
  );
  assert.equal(service.asked.length, 1);
  const [first] = service.asked;
  assert.equal(first?.url, 'https://oauth2.googleapis.com/token');
  const [head = '', claims = '', signature = ''] = (first?.form.get('assertion') ?? '').split('.');
  const told: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
  assert.ok(typeof told === 'object' && told !== null && 'iss' in told && 'scope' in told);
  assert.deepEqual([told.iss, told.scope], [account.client_email, 'https://www.googleapis.com/auth/cloud-platform']);
  const signed = createVerify('RSA-SHA256').update(`${head}.${claims}`);
  assert.ok(signed.verify(publicKey, signature, 'base64url'));
});

test('a token near its end is renewed beside the requests, an ended one is waited for', async () => {
  const service = tokenService();
  const identity = googleIdentity({ credentials: new Secret(JSON.stringify(account)), fetch: service.fetch });
  const now = Date.now();
  await identity(now);
  assert.equal((await identity(now + 3_400_000)).reveal(), 't1');
  assert.equal((await identity(now + 3_600_000)).reveal(), 't2');
  assert.equal(service.asked.length, 2);
});

test('a key may be given as a file, and a user’s key is refreshed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-google-'));
  try {
    const file = join(folder, 'user.json');
    const user = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' };
    writeFileSync(file, JSON.stringify(user));
    const service = tokenService();
    const identity = googleIdentity({ credentials: new Secret(file), fetch: service.fetch });
    assert.equal((await identity(Date.now())).reveal(), 't1');
    assert.equal(service.asked[0]?.form.get('refresh_token'), 'r');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const flawed: readonly (readonly [credentials: string, says: RegExp])[] = [
  ['/nowhere/at/all.json', /^Error: its file cannot be read \(ENOENT\)$/],
  ['{"type": "service_account", "secret', /^Error: it is neither JSON nor a file with JSON$/],
  ['{"type": "service_account", "client_email": "a"}', /^Error: it has no private_key$/],
  [
    '{"type": "external_account", "credential_source": {"executable": {"command": "ls"}}}',
    /^Error: its source is a program, which is not run here$/,
  ],
  ['{"type": "other"}', /^Error: its type must be service_account, authorized_user or external_account$/],
];

for (const [credentials, says] of flawed) {
  test(`what is wrong with ${credentials} is told without its words`, async () => {
    await assert.rejects(googleIdentity({ credentials: new Secret(credentials) })(0), (thrown) => {
      assert.match(String(thrown), says);
      return true;
    });
  });
}

test('a refusal of the token service rejects, and the next request asks anew', async () => {
  const service = tokenService(400);
  const identity = googleIdentity({ credentials: new Secret(JSON.stringify(account)), fetch: service.fetch });
  await assert.rejects(identity(0));
  await assert.rejects(identity(0));
  assert.ok(service.asked.length >= 2);
});
