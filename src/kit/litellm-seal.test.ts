import assert from 'node:assert/strict';
import { createCipheriv, hash, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import fc from 'fast-check';
import { LitellmOpener } from './litellm-seal.ts';
import { Secret } from './secret.ts';

const salt = 'sk-salt-for-tests-1234';
const plaintext = 'sk-upstream-secret';
// Made apart from this code, from the formats' description: signing key, plaintext, nonces 0, 1, 2 … and 100, 101 ….
const once = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXBo7kPQodVNRT5G9TOtQRJsbm7WdOOJlPlPV785ERcfF1Bg==';
const twice =
  'ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7eGZbQFXOyZLfNO3mvHhb8cYud_rDpx7q5FjhwRqkFSYYLpZbYANdckYdtcPxWywiUjfsqmVl-NN0wwZVMWXuF5CYj20d1NJIgfUQGMlX-Qr3UII-Ch4nAIfGSPz4srsr';
const v2 = 'v2:gcm:AAECAwQFBgcICQoLMWOAGMB7St91yNjCe_k3OabK5tJhha6R9cCKisKxuEW7pQ==';
const v3 = 'v3:gcm:AAECAwQFBgcICQoLlyOccX_f1YCnWRlbnUVx_059HMgTdSAaVEviiW0rF79V_g==';

const opener = new LitellmOpener([{ name: 'salt', key: new Secret(salt) }]);
const opened = (text: string, by = opener) => by.open(text);

test('every form opens under its key, one layer each, and two layers where there are two', () => {
  for (const text of [once, v2, v3]) {
    assert.deepEqual(opened(text), { text: plaintext, layers: 1, keys: ['salt'], looksSealed: false });
  }
  assert.deepEqual(opened(twice), { text: plaintext, layers: 2, keys: ['salt', 'salt'], looksSealed: false });
});

test('the older alphabet, lost padding and a line end are read too', () => {
  const standard = twice.replaceAll('-', '+').replaceAll('_', '/');
  assert.notEqual(standard, twice);
  for (const text of [standard, once.replace(/=+$/, ''), `${once}\n`]) assert.equal(opened(text).text, plaintext);
});

test('under another key nothing opens, and what is left is said to be sealed', () => {
  const wrong = new LitellmOpener([{ name: 'wrong', key: new Secret('another') }]);
  for (const text of [once, twice, v2, v3]) {
    assert.deepEqual(opened(text, wrong), { text, layers: 0, keys: [], looksSealed: true });
  }
});

test('a changed bit, a cut text and a mark on the wrong form do not open', () => {
  for (const text of [`${once.slice(0, 60)}X${once.slice(61)}`, once.slice(0, 52), v2.replace('v2', 'v3')])
    assert.equal(opened(text).layers, 0, text);
});

test('plain texts stay as they are and are not taken for sealed ones', () => {
  const texts = [
    '',
    '*',
    'openai/gpt-4o',
    'os.environ/OPENAI_API_KEY',
    'http://localhost:11434',
    'sk-proj-AbCdEfGh0123456789_-AbCdEfGh0123456789AbCdEfGh0123456789AbCdEfGh01234567',
    'a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0a3f0',
    '{"type":"service_account","private_key":"-----BEGIN"}',
  ];
  for (const text of texts) assert.deepEqual(opened(text), { text, layers: 0, keys: [], looksSealed: false });
});

function sealBox(text: string, key: string, nonce: Uint8Array): string {
  const box = xsalsa20poly1305(Buffer.from(hash('sha256', key, 'hex'), 'hex'), nonce).encrypt(Buffer.from(text));
  return Buffer.concat([nonce, box]).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function sealGcm(mark: 'v2' | 'v3', text: string, key: string, nonce: Uint8Array): string {
  const stretched = Buffer.from(hkdfSync('sha256', key, '', 'litellm-at-rest-v3', 32));
  const bytes = mark === 'v2' ? Buffer.from(hash('sha256', key, 'hex'), 'hex') : stretched;
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce);
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${mark}:gcm:${sealed.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;
}

test('property: whatever was sealed, in whatever forms and under whichever of the keys, all layers come off', () => {
  const both = new LitellmOpener([
    { name: 'salt', key: new Secret(salt) },
    { name: 'master', key: new Secret('sk-master') },
  ]);
  const layer = fc.record({
    form: fc.constantFrom('box', 'v2', 'v3'),
    key: fc.constantFrom('salt', 'master'),
    nonce: fc.uint8Array({ minLength: 24, maxLength: 24 }),
  });
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(layer, { maxLength: 4 }), (text, layers) => {
      const sealed = layers.reduce((inner, { form, key, nonce }) => {
        const signing = key === 'salt' ? salt : 'sk-master';
        if (form === 'box') return sealBox(inner, signing, nonce);
        return sealGcm(form === 'v2' ? 'v2' : 'v3', inner, signing, nonce.subarray(0, 12));
      }, text);
      const result = opened(sealed, both);
      assert.equal(result.text, text);
      assert.deepEqual(result.keys, layers.map(({ key }) => key).reverse());
    }),
  );
});
