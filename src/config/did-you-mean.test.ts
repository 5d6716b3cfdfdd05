import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { didYouMean, nearMiss, suggestion } from './did-you-mean.ts';
import { generalSettings, litellmSettings, routerSettings } from './litellm-keys.ts';

const keys = ['cooldown_time', 'num_retries', 'timeout', 'stream_timeout', 'fallbacks'];

const cases = [
  ['coldown_time', 'cooldown_time', 'a letter left out'],
  ['cooldown_tmie', 'cooldown_time', 'two letters swapped'],
  ['cooldown-time', 'cooldown_time', 'a dash for an underscore'],
  ['cooldownTime', 'cooldown_time', 'camel case'],
  ['FALLBACKS', 'fallbacks', 'capitals'],
  ['timout', 'timeout', 'the nearest of two'],
  ['zebra', undefined, 'nothing near'],
  ['', undefined, 'nothing at all'],
] as const;

for (const [word, meant, why] of cases) {
  test(`${why}: ${word || 'an empty word'} means ${meant ?? 'nothing known'}`, () => {
    assert.equal(didYouMean(word, keys), meant);
  });
}

test('a known word is not suggested for itself', () => {
  assert.equal(didYouMean('timeout', ['timeout']), undefined);
});

test('where any word may stand, only a slip of one letter is a mistake', () => {
  assert.equal(nearMiss('temperatur', ['temperature']), 'temperature');
  assert.equal(nearMiss('num_gpus', ['num_ctx']), undefined);
  assert.equal(nearMiss('n', ['m']), undefined);
});

test('a suggestion is a question, or nothing', () => {
  assert.equal(suggestion('timout', keys), 'did you mean timeout?');
  assert.equal(suggestion('zebra', keys), '');
});

for (const [name, table] of Object.entries({ litellmSettings, routerSettings, generalSettings })) {
  test(`a key of ${name} with one letter changed is recognised`, () => {
    const known = Object.keys(table);
    const slips = fc
      .constantFrom(...known)
      .chain((key) => fc.tuple(fc.constant(key), fc.nat(key.length - 1), fc.constantFrom('x', 'q', '')));
    fc.assert(
      fc.property(slips, ([key, at, letter]) => {
        const slip = key.slice(0, at) + letter + key.slice(at + 1);
        fc.pre(!known.includes(slip) && slip.length > 3);
        const meant = didYouMean(slip, known);
        assert.ok(meant !== undefined, `nothing was suggested for ${slip}`);
        assert.ok(meant === key || oneStep(meant, slip), `${meant} was suggested for ${slip}, not ${key}`);
      }),
    );
  });
}

/** True when the words differ in one letter at most: then either is a fair guess. */
function oneStep(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const tails = [one.slice(start), other.slice(start)] as const;
  return [0, 1].some((cut) => [0, 1].some((otherCut) => tails[0].slice(cut) === tails[1].slice(otherCut)));
}
