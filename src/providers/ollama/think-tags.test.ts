import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Split, ThinkTags } from './think-tags.ts';

function split(pieces: readonly string[]): Split {
  const tags = new ThinkTags();
  const parts = [...pieces.map((piece) => tags.push(piece)), tags.end()];
  return {
    reasoning: parts.map((part) => part.reasoning).join(''),
    content: parts.map((part) => part.content).join(''),
  };
}

test('thinking at the very start is parted from the answer', () => {
  assert.deepEqual(split(['<think>\nHmm, 2 < 3.\n</think>\n\nYes.']), { reasoning: 'Hmm, 2 < 3.', content: 'Yes.' });
});

test('tags further on are the text of the answer', () => {
  const text = 'Write <think>this</think> to think.';
  assert.deepEqual(split([text]), { reasoning: '', content: text });
});

test('a second pair of tags is the text of the answer', () => {
  assert.deepEqual(split(['<think>a</think>b<think>c</think>']), { reasoning: 'a', content: 'b<think>c</think>' });
});

test('a closing tag in the same piece as the answer ends the thinking', () => {
  assert.deepEqual(split(['<think>a', ' b</think>c']), { reasoning: 'a b', content: 'c' });
});

test('thinking that is cut short is all thinking, with the beginnings of its tag', () => {
  assert.deepEqual(split(['<think>a </thi']), { reasoning: 'a </thi', content: '' });
});

test('white space before an answer without tags is kept', () => {
  assert.deepEqual(split([' \n', ' <thing>']), { reasoning: '', content: ' \n <thing>' });
  assert.deepEqual(split([' <thi']), { reasoning: '', content: ' <thi' });
});

test('what cannot be a tag is given at once', () => {
  const tags = new ThinkTags();
  assert.deepEqual(tags.push('Hello'), { reasoning: '', content: 'Hello' });
  const thinking = new ThinkTags();
  thinking.push('<think>');
  assert.deepEqual(thinking.push('word'), { reasoning: 'word', content: '' });
});

test('property: where the text is cut makes no difference', () => {
  const word = fc.constantFrom('<think>', '</think>', '<', '</thi', 'nk>', ' ', '\n', 'a', 'grün', '🙂');
  const text = fc.array(word, { maxLength: 14 }).map((words) => words.join(''));
  fc.assert(
    fc.property(text, fc.boolean(), fc.array(fc.nat({ max: 60 })), (random, opened, places) => {
      const whole = opened ? `<think>${random}` : random;
      const marks = [
        0,
        ...places.map((place) => Math.min(place, whole.length)).toSorted((a, b) => a - b),
        whole.length,
      ];
      const pieces = marks.slice(1).map((mark, at) => whole.slice(marks[at], mark));
      assert.deepEqual(split(pieces), split([whole]));
      assert.deepEqual(split([...whole]), split([whole]));
    }),
    { numRuns: 2_000 },
  );
});
