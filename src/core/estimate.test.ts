import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateTokens } from './estimate.ts';
import type { JsonObject } from './json.ts';

const texts: Readonly<Record<string, string>> = {
  english:
    'The lighthouse keeper had not spoken to anyone for eleven days, and when the boat finally came he found that he had ' +
    'nothing to say. He carried the crates up the steps, counted the oil, signed the receipt, and went back to his lamp.',
  terse:
    'fix tests; rm dead code; don’t touch api. repro: npm t -- -g "sse split" (fails 1/20). see #4121, #3998, PR 77.',
  german:
    'Sehr geehrte Damen und Herren, hiermit möchten wir Ihnen mitteilen, dass die Überweisung ordnungsgemäß ausgeführt wurde.',
  french: "Nous avons décidé d'aller nous promener au parc, où les enfants jouaient déjà depuis longtemps.",
  russian: 'Сегодня прекрасная погода, и мы решили пойти гулять в парк всей семьёй.',
  chinese: '今天天气怎么样？我想去公园散步，然后吃一顿好吃的午饭。请给我一些建议。',
  japanese: '今日はとても天気がいいので、家族みんなで公園に散歩に行くことにしました。',
  korean: '오늘은 날씨가 매우 좋아서 가족과 함께 공원에 산책하러 가기로 했습니다.',
  arabic: 'الطقس جميل اليوم وقررنا الذهاب إلى الحديقة مع العائلة',
  emoji: '😀🎉🚀🔥✨💡📦🧪🇩🇪👍🏽',
  typescript: `export function endOfEvent(buffer: Buffer, from: number): number {
  let at = buffer.indexOf(lf, from);
  while (at !== -1) {
    const next = buffer[at + 1];
    if (next === lf) return at + 2;
    at = buffer.indexOf(lf, at + 1);
  }
  return -1;
}`,
  python: `def tokens_of(self, request: dict[str, Any]) -> int:
    """Count what is asked."""
    total = 0
    for message in request.get("messages", []):
        total += len(self.encoding.encode(message["content"] or "")) + 4
    return total`,
  shell: 'set -euo pipefail; for f in $(ls -1 *.log); do grep -c "ERROR" "$f" | awk \'{s+=$1} END {print s}\'; done',
  table:
    '| model | p50 ms | p99 ms | req/s |\n| --- | --- | --- | --- |\n| a-1 | 41.2 | 180.9 | 18230 |\n| b-2 | 77.0 | 310.4 | 9120 |',
};

const overhead = 8 + 4 + 2 * 3;

for (const [name, text] of Object.entries(texts)) {
  test(`an estimate of ${name} is not below o200k's count, and not wild`, () => {
    const long = Array.from({ length: 20 }, () => text).join('\n');
    const counted = encode(long).length;
    const estimated = estimateTokens({ messages: [{ role: 'user', content: long }] }) - overhead;
    assert.ok(estimated >= counted * 0.95, `${estimated} for ${counted}`);
    assert.ok(estimated <= counted * 2, `${estimated} for ${counted}`);
  });
}

const tool: JsonObject = {
  name: 'get_weather',
  description: 'Get the current weather in a given location. Call it once a place.',
  input_schema: {
    type: 'object',
    properties: {
      location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'], description: 'The unit of temperature' },
      days: { type: 'integer', minimum: 1, maximum: 14 },
    },
    required: ['location'],
    additionalProperties: false,
  },
};

test('an estimate of tool schemas is not below the count of their JSON', () => {
  const tools = Array.from({ length: 30 }, (_, index) => ({ ...tool, name: `get_weather_${index}` }));
  const counted = encode(JSON.stringify(tools)).length;
  assert.ok(estimateTokens({ tools }) >= counted * 0.95, `${estimateTokens({ tools })} for ${counted}`);
});

test('an image costs the same however large its base64, a document grows with its size', () => {
  const image = (length: number): JsonObject => ({
    messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', data: 'A'.repeat(length) } }] }],
  });
  const document = (length: number): JsonObject => ({
    messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', data: 'A'.repeat(length) } }] }],
  });
  assert.equal(estimateTokens(image(10)), estimateTokens(image(5_000_000)));
  assert.ok(estimateTokens(image(10)) > 1600);
  assert.ok(estimateTokens(document(1_000_000)) > estimateTokens(document(1000)) * 5);
});

test('both dialects of the same picture cost the same, and cache marks and signatures cost nothing', () => {
  const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(9000)}` } }];
  assert.ok(estimateTokens({ messages: [{ role: 'user', content }] }) < 1700);
  const plain = { type: 'text', text: 'hello' };
  const marked = { ...plain, cache_control: { type: 'ephemeral' }, signature: 'x'.repeat(500) };
  const of = (part: JsonObject): number => estimateTokens({ messages: [{ role: 'user', content: [part] }] });
  assert.equal(of(plain), of(marked));
});

test('a request of nothing is still at least one token', () => {
  assert.ok(estimateTokens({}) >= 1);
});
