import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureKeys, type Keys, keyFile } from '../../src/config/keys-on-disk.ts';
import { complaintLine } from '../../src/config/rules.ts';
import { Secret } from '../../src/kit/secret.ts';

const none = { masterKey: null, saltKey: null };

/** A folder of this test's own; the data folder in it is not made yet. */
function dataDir(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-keys-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'data');
}

function keysOf(folder: string): Keys {
  const keys = ensureKeys(folder, none);
  assert.ok('made' in keys, JSON.stringify(keys));
  return keys;
}

function refusal(folder: string): string {
  const result = ensureKeys(folder, none);
  assert.ok('complaints' in result, 'the keys were accepted');
  return result.complaints.map(complaintLine).join('\n');
}

test("the first start makes both keys, for the owner's eyes only, and the second finds the same", (context) => {
  const folder = dataDir(context);
  const first = keysOf(folder);
  assert.deepEqual(first.made, [keyFile(folder, 'masterKey'), keyFile(folder, 'saltKey')]);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const path of first.made) assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(keyFile(folder, 'masterKey'), 'utf8'), /^sk-[\w-]{43}\n$/);
  const second = keysOf(folder);
  assert.deepEqual(second.made, []);
  assert.ok(second.masterKey.equals(first.masterKey) && second.saltKey.equals(first.saltKey));
  assert.deepEqual(readdirSync(folder).sort(), ['master-key', 'salt-key']);
});

test('two houses get different keys', (context) => {
  assert.ok(!keysOf(dataDir(context)).saltKey.equals(keysOf(dataDir(context)).saltKey));
});

test('with both keys configured the disk is not touched', (context) => {
  const folder = dataDir(context);
  const [masterKey, saltKey] = [new Secret('sk-1'), new Secret('salt')];
  assert.deepEqual(ensureKeys(folder, { masterKey, saltKey }), { masterKey, saltKey, otherSaltKeys: [], made: [] });
  assert.ok(!existsSync(folder));
});

test('with one key configured only the other is made', (context) => {
  const folder = dataDir(context);
  const keys = ensureKeys(folder, { masterKey: new Secret('sk-1'), saltKey: null });
  assert.ok('made' in keys);
  assert.deepEqual(keys.made, [keyFile(folder, 'saltKey')]);
});

test('a key file that others may read is refused, with the command that mends it', (context) => {
  const folder = dataDir(context);
  const path = keyFile(folder, 'masterKey');
  keysOf(folder);
  chmodSync(path, 0o644);
  assert.ok(refusal(folder).endsWith(`others may read or write this key; chmod 600 ${path}`));
});

test('a data folder that others may write to is refused, with the command that mends it', (context) => {
  const folder = dataDir(context);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  assert.match(refusal(folder), /others may write to the data folder; chmod 700 /);
  assert.deepEqual(readdirSync(folder), []);
});

const damages = [
  ['empty', '', /the key file is empty/],
  ['cut short', 'salt-abc', /the key file is damaged/],
  ['of another kind', `sk-${'a'.repeat(43)}`, /the key file is damaged/],
] as const;

for (const [what, text, says] of damages) {
  test(`a salt key file that is ${what} stops the start and is left as it is`, (context) => {
    const folder = dataDir(context);
    keysOf(folder);
    writeFileSync(keyFile(folder, 'saltKey'), text);
    assert.match(refusal(folder), says);
    assert.match(refusal(folder), /sealed credentials can be read with that key only/);
    assert.equal(readFileSync(keyFile(folder, 'saltKey'), 'utf8'), text);
  });
}

test('both faults are named at once', (context) => {
  const folder = dataDir(context);
  keysOf(folder);
  for (const name of ['masterKey', 'saltKey'] as const) writeFileSync(keyFile(folder, name), '');
  assert.equal(refusal(folder).split('\n').length, 2);
});

test('a data folder that cannot be made names the ways out', (context) => {
  const folder = dataDir(context);
  writeFileSync(folder, 'a file, not a folder');
  assert.match(
    refusal(join(folder, 'inside')),
    /cannot be used: ENOTDIR; set PLUMBLINE_DATA_DIR .* PLUMBLINE_SALT_KEY/,
  );
});
