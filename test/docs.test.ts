import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pages } from '../scripts/docs.ts';
import { errors } from '../src/core/errors.ts';

const docs = new URL('../docs/', import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

for (const [name, text] of pages()) {
  test(`docs/${name} says what the code says (else: npm run docs)`, () => {
    assert.ok(existsSync(new URL(name, docs)), `docs/${name} is missing`);
    const [written, expected] = [textOf(name).split('\n'), text.split('\n')];
    const line = expected.findIndex((one, index) => one !== written[index]);
    assert.equal(written[line], expected[line], `docs/${name}:${line + 1}`);
    assert.equal(written.length, expected.length);
  });
}

test('every error code is in docs/errors.md, and every code in docs/errors.md exists', () => {
  const written = [...textOf('errors.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(written, Object.keys(errors));
});

test('every error code that other documents name exists', () => {
  const named = ['litellm-differences.md'].flatMap((name) => [...textOf(name).matchAll(/error `(\w+)`/g)]);
  const unknown = named.map(([, code = '']) => code).filter((code) => !Object.hasOwn(errors, code));
  assert.deepEqual(unknown, []);
});
