import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../core/json.ts';
import { durationMs, retryAfterMs } from './retry-after.ts';

const date = 'Mon, 23 Nov 2026 10:00:00 GMT';
const dateMs = Date.parse(date);

const waits: readonly (readonly [
  says: string,
  headers: Record<string, string>,
  body: JsonValue,
  ms: number | undefined,
])[] = [
  ['nothing said', {}, null, undefined],
  ['retry-after in seconds', { 'retry-after': '3' }, null, 3_000],
  ['retry-after as a fraction', { 'retry-after': '0.25' }, null, 250],
  ['retry-after-ms before retry-after', { 'retry-after-ms': '120', 'retry-after': '1' }, null, 120],
  ['a date, measured against the Date header', { 'retry-after': 'Mon, 23 Nov 2026 10:00:07 GMT', date }, null, 7_000],
  ['a date in the past', { 'retry-after': 'Mon, 23 Nov 2026 09:00:00 GMT', date }, null, 0],
  ['a date without a Date header', { 'retry-after': 'Mon, 23 Nov 2026 10:00:07 GMT' }, null, undefined],
  ['nonsense', { 'retry-after': 'soon' }, null, undefined],
  [
    'the limit that is used up',
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '149',
      'x-ratelimit-reset-tokens': '9h',
    },
    null,
    360_000,
  ],
  [
    'limits with something left',
    { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '1s' },
    null,
    undefined,
  ],
  [
    "OpenRouter's moment in milliseconds",
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(dateMs + 1_500), date },
    null,
    1_500,
  ],
  [
    'a moment in seconds',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(dateMs / 1_000 + 2), date },
    null,
    2_000,
  ],
  [
    "Anthropic's ISO date",
    { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2026-11-23T10:00:04Z', date },
    null,
    4_000,
  ],
  ["Google's RetryInfo", {}, { error: { details: [{ x: 1 }, { retryDelay: '34.4s' }] } }, 34_400],
  ["Groq's words", {}, { error: { message: 'Please try again in 7.66s. Need more?' } }, 7_660],
  ["OpenAI's words", {}, { error: { message: 'Please try again in 1m3s.' } }, 63_000],
];

for (const [says, headers, body, ms] of waits) {
  test(`a wait is read from ${says}`, () => {
    assert.equal(retryAfterMs(429, headers, body), ms);
  });
}

test('a refusal that waiting cannot mend has no wait', () => {
  assert.equal(retryAfterMs(400, { 'retry-after': '3' }, null), undefined);
});

test('durations are read as vendors write them', () => {
  assert.deepEqual(['20s', '6m0s', '120ms', '1h2m3s', '7', '1.5s', '', 's', '-1s', '1x'].map(durationMs), [
    20_000,
    360_000,
    120,
    3_723_000,
    7_000,
    1_500,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
