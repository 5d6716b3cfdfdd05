import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AwsKeys, awsIdentity, BorrowedKeys } from './aws-identity.ts';
import { Secret } from './secret.ts';

const minute = 60_000;

/** Keys that end at the given minutes, handed out one by one; null: refused. */
function lender(ends: readonly (number | null)[]): { borrow: () => Promise<AwsKeys>; asked: () => number } {
  let asked = 0;
  const borrow = async (): Promise<AwsKeys> => {
    const end = ends[asked++] ?? null;
    if (end === null) throw new Error('refused');
    return { accessKeyId: `until ${end}`, secretAccessKey: 's', expiration: new Date(end * minute) };
  };
  return { borrow, asked: () => asked };
}

/** Everything that waits for nothing but its turn has had it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('borrowed keys are asked for once, however many ask', async () => {
  const { borrow, asked } = lender([60]);
  const keys = new BorrowedKeys(borrow);
  const got = await Promise.all([keys.at(0), keys.at(0), keys.at(0)]);
  assert.deepEqual(new Set(got.map(({ accessKeyId }) => accessKeyId)), new Set(['until 60']));
  assert.equal(asked(), 1);
});

test('keys near their end serve on while new ones are fetched', async () => {
  const { borrow, asked } = lender([60, 120]);
  const keys = new BorrowedKeys(borrow);
  await keys.at(0);
  assert.equal((await keys.at(54 * minute)).accessKeyId, 'until 60');
  assert.equal(asked(), 1);
  assert.equal((await keys.at(56 * minute)).accessKeyId, 'until 60');
  assert.equal((await keys.at(56 * minute)).accessKeyId, 'until 120');
  assert.equal(asked(), 2);
});

test('a renewal that fails is tried again, and fails a request only in the old keys’ last minute', async () => {
  const { borrow, asked } = lender([60, null, null, 180]);
  const keys = new BorrowedKeys(borrow);
  await keys.at(0);
  assert.equal((await keys.at(58 * minute)).accessKeyId, 'until 60');
  await settled();
  await assert.rejects(keys.at(59.5 * minute), /refused/);
  assert.equal((await keys.at(61 * minute)).accessKeyId, 'until 180');
  assert.equal(asked(), 4);
});

test('keys without an end are borrowed once', async () => {
  let asked = 0;
  const keys = new BorrowedKeys(async () => ({ accessKeyId: `${++asked}`, secretAccessKey: 's' }));
  await keys.at(0);
  assert.equal((await keys.at(1e15)).accessKeyId, '1');
});

test('keys that are given are taken as they are', async () => {
  const given = { accessKeyId: new Secret('A'), secretAccessKey: new Secret('B'), sessionToken: new Secret('C') };
  assert.deepEqual(await awsIdentity({ region: 'r', ...given })(0), {
    accessKeyId: 'A',
    secretAccessKey: 'B',
    sessionToken: 'C',
  });
});

test('without keys Amazon’s own order is followed: a profile of the shared file, or the environment', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-aws-'));
  const before = { ...process.env };
  context.after(() => {
    process.env = before;
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'credentials');
  writeFileSync(file, '[team]\naws_access_key_id = FILED\naws_secret_access_key = s\naws_session_token = t\n');
  const hermetic = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: join(folder, 'none') };
  process.env = { PATH: before['PATH'], ...hermetic, AWS_SHARED_CREDENTIALS_FILE: file };
  const filed = await awsIdentity({ region: 'us-east-1', profile: 'team' })(0);
  assert.deepEqual([filed.accessKeyId, filed.sessionToken], ['FILED', 't']);
  await assert.rejects(awsIdentity({ region: 'us-east-1' })(0), /Could not load credentials/);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'IN-ENVIRONMENT', AWS_SECRET_ACCESS_KEY: 's' });
  assert.equal((await awsIdentity({ region: 'us-east-1' })(0)).accessKeyId, 'IN-ENVIRONMENT');
});
