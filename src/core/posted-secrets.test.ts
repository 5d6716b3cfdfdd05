import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../kit/secret.ts';
import { isMark, secretChanges, shownSecrets } from './posted-secrets.ts';

const field = fc.constantFrom('api_key', 'token', 'header:x-auth', 'aws_secret_access_key');
const mark = fc.constantFrom(
  '[secret]',
  '****',
  '********',
  'sk-1****************cdef',
  'sk-...cdef',
  '••••••••',
  'REDACTED',
  '',
);
const plain = fc
  .string({ minLength: 1 })
  .filter((text) => !isMark(text) && !/^(pl1:|os\.environ\/|env:|file:|cred:)/.test(text));

test('property: a form posted back as it was shown changes nothing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(field), (stored) => {
      assert.deepEqual(secretChanges(shownSecrets(stored), stored), { set: {}, removed: [] });
    }),
  );
});

test('property: exactly the fields with a new secret change, exactly those posted as null go', () => {
  const posts = fc.dictionary(field, fc.oneof(mark, plain, fc.constant(null)));
  fc.assert(
    fc.property(posts, (posted) => {
      const stored = ['api_key', 'token', 'header:x-auth', 'aws_secret_access_key'];
      const { set, removed } = secretChanges(posted, stored);
      for (const [name, text] of Object.entries(posted)) {
        assert.equal(removed.includes(name), text === null);
        const isNew = text !== null && text !== '' && !isMark(text);
        assert.equal(Object.hasOwn(set, name), isNew);
        if (isNew) assert.ok(set[name]?.equals(new Secret(text)));
      }
      assert.equal(Object.keys(set).length + removed.length <= Object.keys(posted).length, true);
    }),
  );
});

test('property: a mark where nothing is stored is refused, not stored', () => {
  fc.assert(
    fc.property(field, mark, (name, text) => {
      assert.throws(() => secretChanges({ [name]: text }, []), { code: 'field_invalid', field: name });
    }),
  );
});

test('a ciphertext, a file and a secret of the gateway itself are refused; other references are taken as they are', () => {
  const post = (text: string) => () => secretChanges({ api_key: text }, ['api_key']);
  for (const text of ['pl1:0badf00d:AAAA', 'file:/etc/shadow', 'env:PLUMBLINE_MASTER_KEY', 'os.environ/DATABASE_URL'])
    assert.throws(post(text), { code: 'field_invalid', field: 'api_key' }, text);
  for (const text of ['env:OPENAI_API_KEY', 'os.environ/OPENAI_API_KEY', 'cred:openai'])
    assert.ok(post(text)().set['api_key']?.equals(new Secret(text)));
});

test('keys of real providers are no marks', () => {
  for (const key of ['sk-proj-abc...def0123456789', 'AIzaSyA-1234567890', 'x', 'a*b', 'gsk_0123456789abcdef****'])
    assert.equal(isMark(key), false, key);
});
