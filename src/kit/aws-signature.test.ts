// Against what Amazon publishes: the worked examples of its general reference and its Signature Version 4 test suite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AwsKeys, awsIdentity } from './aws-identity.ts';
import { AwsSigner, type Signable } from './aws-signature.ts';
import { Secret } from './secret.ts';

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const example = {
  region: 'us-east-1',
  accessKeyId: new Secret('AKIDEXAMPLE'),
  secretAccessKey: new Secret(secretAccessKey),
};

async function signed(service: string, request: Partial<Signable>, at: string): Promise<Record<string, string>> {
  const signer = new AwsSigner(awsIdentity(example), { region: 'us-east-1', service });
  const whole = {
    method: 'POST',
    path: '/',
    headers: {},
    body: Buffer.alloc(0),
    origin: 'https://example.amazonaws.com',
  };
  return shown(await signer.sign({ ...whole, ...request }, Date.parse(at)));
}

function shown(headers: Readonly<Record<string, string | Secret>>): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

interface Published {
  readonly name: string;
  readonly service: string;
  readonly request: Partial<Signable>;
  readonly at: string;
  readonly names: string;
  readonly signature: string;
}

const published: readonly Published[] = [
  {
    name: 'the worked example of 2015 (IAM ListUsers by GET)',
    service: 'iam',
    request: {
      method: 'GET',
      origin: 'https://iam.amazonaws.com',
      path: '/?Action=ListUsers&Version=2010-05-08',
      headers: form,
    },
    at: '2015-08-30T12:36:00Z',
    names: 'content-type;host;x-amz-date',
    signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
  {
    name: 'the worked example of 2011 (IAM ListUsers by POST)',
    service: 'iam',
    request: {
      origin: 'http://iam.amazonaws.com',
      headers: form,
      body: Buffer.from('Action=ListUsers&Version=2010-05-08'),
    },
    at: '2011-09-09T23:36:00Z',
    names: 'content-type;host;x-amz-date',
    signature: 'ced6826de92d2bdeed8f846f0bf508e8559e98e4b0199114b84c54174deb456c',
  },
  {
    name: 'get-vanilla of the test suite',
    service: 'service',
    request: { method: 'GET' },
    at: '2015-08-30T12:36:00Z',
    names: 'host;x-amz-date',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'post-vanilla of the test suite',
    service: 'service',
    request: {},
    at: '2015-08-30T12:36:00Z',
    names: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-x-www-form-urlencoded of the test suite',
    service: 'service',
    request: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from('Param1=value1') },
    at: '2015-08-30T12:36:00Z',
    names: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
];

for (const { name, service, request, at, names, signature } of published) {
  test(`the signature is Amazon’s: ${name}`, async () => {
    const headers = await signed(service, request, at);
    const stamp = at.replace(/[-:]/g, '');
    const scope = `${stamp.slice(0, 8)}/us-east-1/${service}/aws4_request`;
    const credential = `Credential=AKIDEXAMPLE/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    assert.deepEqual(headers, {
      ...request.headers,
      'x-amz-date': stamp,
      authorization: `AWS4-HMAC-SHA256 ${credential}`,
    });
  });
}

test('a session token is signed and sent, and neither it nor the signature prints itself', async () => {
  const identity = awsIdentity({ ...example, sessionToken: new Secret('borrowed') });
  const signer = new AwsSigner(identity, { region: 'us-east-1', service: 'bedrock' });
  const request = { method: 'POST', origin: 'https://a.test', path: '/', headers: {}, body: Buffer.from('{}') };
  const headers = await signer.sign(request, 0);
  assert.equal(String(headers['x-amz-security-token']), '[secret]');
  assert.equal(String(headers['authorization']), '[secret]');
  assert.equal(shown(headers)['x-amz-security-token'], 'borrowed');
  assert.match(shown(headers)['authorization'] ?? '', /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});

test('the body, the path and the moment are part of the signature', async () => {
  const signatures = await Promise.all([
    signed('bedrock', {}, '2026-01-01T00:00:00Z'),
    signed('bedrock', { body: Buffer.from('{}') }, '2026-01-01T00:00:00Z'),
    signed('bedrock', { path: '/model/a%3A0/converse' }, '2026-01-01T00:00:00Z'),
    signed('bedrock', {}, '2026-01-01T00:00:01Z'),
  ]);
  assert.equal(new Set(signatures.map(({ authorization }) => authorization)).size, 4);
});

test('other keys are used as soon as the identity gives them', async () => {
  const keys: AwsKeys[] = [
    { accessKeyId: 'FIRST', secretAccessKey },
    { accessKeyId: 'SECOND', secretAccessKey },
  ];
  const signer = new AwsSigner((now) => Promise.resolve(keys[now] as AwsKeys), { region: 'r', service: 's' });
  const request = { method: 'POST', origin: 'https://a.test', path: '/', headers: {}, body: Buffer.alloc(0) };
  for (const [now, name] of ['FIRST', 'SECOND', 'SECOND'].entries()) {
    const headers = shown(await signer.sign(request, Math.min(now, 1)));
    assert.match(headers['authorization'] ?? '', new RegExp(`Credential=${name}/`));
  }
});
