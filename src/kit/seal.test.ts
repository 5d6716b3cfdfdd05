import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holdsSealed, isSealed, keyIdOf, openSealer } from './seal.ts';
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

test('with two keys the first seals and both open; either can be made the sealing one', () => {
  const both = openSealer(new Secret('new'), [new Secret('salt')]);
  const before = sealer.seal(new Secret('x'), 'here');
  const after = both.seal(new Secret('y'), 'here');
  assert.deepEqual([keyIdOf(before), keyIdOf(after)], [sealer.keyId, both.keyId]);
  assert.deepEqual([both.unseal(before, 'here').reveal(), both.unseal(after, 'here').reveal()], ['x', 'y']);
  assert.throws(() => sealer.unseal(after, 'here'), /another salt key/);
  const turned = both.under(sealer.keyId);
  assert.equal(keyIdOf(turned?.seal(new Secret('z'), 'here') ?? ''), sealer.keyId);
  assert.equal(turned?.unseal(after, 'here').reveal(), 'y');
  assert.equal(both.under('0badf00d'), undefined);
});

test('property: what is cut, lengthened or no envelope at all does not open', () => {
  const sealed = sealer.seal(new Secret('a secret of some length'), 'here');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.base64String({ minLength: 1, maxLength: 60 }), (length, tail) => {
      for (const text of [sealed.slice(0, length), sealed.slice(0, length) + tail, sealed + tail]) {
        if (text !== sealed) assert.throws(() => sealer.unseal(text, 'here'), text);
      }
    }),
  );
});

test('what opens to something sealed is seen', () => {
  assert.ok(holdsSealed(new Secret(sealer.seal(new Secret('x'), 'here'))));
  assert.ok(!holdsSealed(new Secret('sk-x')));
});
