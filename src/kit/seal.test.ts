import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSealed, openSealer } from './seal.ts';
import { Secret } from './secret.ts';

const sealer = openSealer(new Secret('salt'));

test('property: what is sealed opens again at its place, and reads nothing like what it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 8 }).filter((text) => !isSealed(text)),
      fc.string(),
      (text, place) => {
        const sealed = sealer.seal(new Secret(text), place);
        assert.ok(isSealed(sealed) && !sealed.includes(text));
        assert.equal(sealer.unseal(sealed, place).reveal(), text);
      },
    ),
  );
});

test('sealing twice is refused', () => {
  const once = sealer.seal(new Secret('x'), 'here');
  assert.throws(() => sealer.seal(new Secret(once), 'here'), /sealed already/);
});

test('a sealed text opens at no other place, under no other salt, and not when a bit was changed', () => {
  const sealed = sealer.seal(new Secret('x'), 'credentials/a/api_key');
  assert.throws(() => sealer.unseal(sealed, 'credentials/b/api_key'));
  assert.throws(() => openSealer(new Secret('other')).unseal(sealed, 'credentials/a/api_key'), /another salt key/);
  const last = sealed.at(-1) === 'A' ? 'B' : 'A';
  assert.throws(() => sealer.unseal(sealed.slice(0, -2) + last + sealed.slice(-1), 'credentials/a/api_key'));
});
