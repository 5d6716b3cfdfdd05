import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../core/errors.ts';
import { failureInStream, garbled, maskCredentials, upstreamFailure } from './upstream-failure.ts';

const json = (body: unknown): string => JSON.stringify(body);

const refusals: readonly (readonly [says: string, status: number, body: string, code: ErrorCode])[] = [
  ['a plain 400', 400, json({ error: { message: 'messages is empty' } }), 'upstream_bad_request'],
  ['401', 401, json({ error: { message: 'no' } }), 'upstream_unauthorized'],
  ['402, out of money', 402, json({ error: { message: 'Insufficient Balance' } }), 'upstream_forbidden'],
  ['403', 403, json({ error: 'no' }), 'upstream_forbidden'],
  ['404', 404, json({ error: { message: 'no such model' } }), 'upstream_not_found'],
  ['408', 408, '', 'upstream_timeout'],
  ['413 without a reason', 413, '<html><body>Too large</body></html>', 'upstream_bad_request'],
  ['418', 418, '', 'upstream_bad_request'],
  ['422', 422, json({ detail: [{ loc: ['body', 'n'], msg: 'too big' }] }), 'upstream_unprocessable'],
  ['429', 429, json({ error: { message: 'slow down', code: 'rate_limit_exceeded' } }), 'upstream_busy'],
  ['500', 500, 'Internal Server Error', 'upstream_failed'],
  ['502', 502, '', 'upstream_bad_gateway'],
  ['503', 503, '', 'upstream_unavailable'],
  ['504', 504, '', 'upstream_timeout'],
  ['521 of Cloudflare', 521, '', 'upstream_bad_gateway'],
  ['529 of Anthropic', 529, json({ type: 'error', error: { type: 'overloaded_error' } }), 'upstream_unavailable'],
  ['599', 599, '', 'upstream_failed'],
  ['a redirect', 301, '', 'upstream_not_found'],
  [
    "Groq's 413 is a rate limit",
    413,
    json({ error: { message: 'Request too large on tokens per minute', type: 'tokens', code: 'rate_limit_exceeded' } }),
    'upstream_busy',
  ],
  [
    'OpenAI: too long, by code',
    400,
    json({ error: { message: 'no', code: 'context_length_exceeded' } }),
    'upstream_context_window',
  ],
  [
    'OpenAI, vLLM: too long, by words',
    400,
    json({ error: { message: "This model's maximum context length is 8192 tokens." } }),
    'upstream_context_window',
  ],
  [
    'Anthropic: too long',
    400,
    json({ type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 > 200000' } }),
    'upstream_context_window',
  ],
  [
    'Gemini: too long',
    400,
    json([{ error: { message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).' } }]),
    'upstream_context_window',
  ],
  [
    'Mistral: too long',
    400,
    json({ object: 'error', message: 'Prompt contains 40 tokens, too large for model with 32 maximum context length' }),
    'upstream_context_window',
  ],
  [
    'llama.cpp: too long',
    400,
    json({ error: { code: 400, message: 'too much', type: 'exceed_context_size_error' } }),
    'upstream_context_window',
  ],
  [
    'Together, Hugging Face: too long',
    422,
    json({ error: { message: '`inputs` tokens + `max_new_tokens` must be <= 4097' } }),
    'upstream_context_window',
  ],
  ['Ollama: too long', 400, json({ error: 'the input length exceeds the context length' }), 'upstream_context_window'],
  [
    'xAI: too long',
    400,
    json({ code: 'x', error: "This model's maximum prompt length is 131072 but the request contains 200000" }),
    'upstream_context_window',
  ],
  [
    'Azure: filtered',
    400,
    json({ error: { message: 'The response was filtered', code: 'content_filter', status: 400 } }),
    'upstream_content_policy',
  ],
  [
    'OpenAI: refused by the safety system',
    400,
    json({ error: { message: 'Your request was rejected as a result of our safety system.' } }),
    'upstream_content_policy',
  ],
  [
    'OpenRouter: moderated',
    403,
    json({ error: { code: 403, message: 'requires moderation and your input was flagged' } }),
    'upstream_content_policy',
  ],
  ['DeepSeek: refused', 400, json({ error: { message: 'Content Exists Risk' } }), 'upstream_content_policy'],
  ['DashScope: refused', 400, json({ error: { code: 'data_inspection_failed' } }), 'upstream_content_policy'],
  [
    'words that a complaint only echoes do not count',
    422,
    json({ detail: [{ loc: ['body', 'messages'], msg: 'Input should be a list', input: 'prompt is too long' }] }),
    'upstream_unprocessable',
  ],
];

for (const [says, status, body, code] of refusals) {
  test(`${says} is ${code}`, () => {
    assert.equal(upstreamFailure('acme', status, {}, body).code, code);
  });
}

const sentences: readonly (readonly [says: string, body: string, sentence: string])[] = [
  ['error.message', json({ error: { message: 'one' } }), 'one'],
  ['a text as error', json({ error: 'two' }), 'two'],
  ['message', json({ message: 'three', request_id: 'x' }), 'three'],
  ['detail', json({ detail: 'four' }), 'four'],
  [
    "FastAPI's list",
    json({
      detail: [
        { loc: ['body', 'n', 0], msg: 'five' },
        { loc: [], msg: 'six' },
      ],
    }),
    'body.n.0: five; : six',
  ],
  ["Mistral's nested message", json({ message: { detail: [{ loc: ['body'], msg: 'seven' }] } }), 'body: seven'],
  ['a list with an error', json([{ error: { message: 'eight' } }]), 'eight'],
  ['a bare text', json('nine'), 'nine'],
  [
    "OpenRouter's quoted answer",
    json({ error: { message: 'Provider returned error', metadata: { raw: '{"error":{"message":"ten"}}' } } }),
    'Provider returned error: ten',
  ],
  ['plain words', 'upstream connect error', 'upstream connect error'],
  ['HTML without its markup', '<html><style>p{}</style><h1>502</h1>\n<p>Bad Gateway</p></html>', '502 Bad Gateway'],
  ['nothing at all', '', 'status 502'],
];

for (const [says, body, sentence] of sentences) {
  test(`the sentence of ${says} goes on to the client`, () => {
    const { message } = upstreamFailure('acme', 502, {}, body);
    assert.equal(message.slice(message.indexOf('AcmeException - ') + 'AcmeException - '.length), sentence);
  });
}

test("a failure's message has LiteLLM's class and provider in it", () => {
  const failure = upstreamFailure('openai', 429, {}, json({ error: { message: 'slow down' } }));
  assert.match(failure.message, /litellm\.RateLimitError: RateLimitError: OpenAIException - slow down$/);
  assert.match(upstreamFailure('groq', 404, {}, '').message, /litellm\.NotFoundError: NotFoundError: GroqException - /);
});

test('a long sentence is shortened', () => {
  const { message } = upstreamFailure('acme', 500, {}, json({ error: { message: 'word '.repeat(5_000) } }));
  assert.ok(message.length < 1_200);
});

const secrets: readonly string[] = [
  'sk-proj-abcdefghijklmnop',
  'sk-ant-api03-abcdefghijkl',
  'sk-or-v1-0123456789abcdef',
  'sk-abcde***************wxyz',
  'gsk_abcdefghijklmnopqrst',
  'AIzaSyA-abcdefghijklmnop',
  'xai-abcdefghijklmnop',
  'hf_abcdefghijklmnop',
  'nvapi-abcdefghijklmnop',
  'pplx-abcdefghijklmnop',
  'csk-abcdefghijklmnop',
  'abcdef0123456789abcdef0123456789',
];

for (const secret of secrets) {
  test(`${secret.slice(0, 5)}… never reaches the client`, () => {
    const body = json({
      error: { message: `Incorrect API key provided: ${secret}. Find your key at https://example.com.` },
    });
    const { message } = upstreamFailure('acme', 401, {}, body);
    assert.ok(!message.includes(secret), message);
    assert.ok(message.includes('[masked]') && message.includes('Find your key'), message);
  });
}

test('words that are no credentials are not masked', () => {
  const text =
    'Model meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 (request 6f1c2b7e-0d1f-4f7e-9f57-0c8c1f0e6b11): API key: required, task-specific key-value';
  assert.equal(maskCredentials(text), text);
});

test('an error inside a stream has the code its own words give it', () => {
  assert.equal(failureInStream('acme', { message: 'x', code: 429 }).code, 'upstream_busy');
  assert.equal(failureInStream('acme', { message: 'x', code: '503' }).code, 'upstream_unavailable');
  assert.equal(failureInStream('acme', { type: 'overloaded_error', message: 'x' }).code, 'upstream_unavailable');
  assert.equal(failureInStream('acme', { type: 'invalid_request_error', message: 'x' }).code, 'upstream_bad_request');
  assert.equal(failureInStream('acme', { error: { message: 'x', code: 'rate_limit_exceeded' } }).code, 'upstream_busy');
  assert.equal(
    failureInStream('acme', { message: 'x', code: 'context_length_exceeded' }).code,
    'upstream_context_window',
  );
  assert.equal(failureInStream('acme', 'went wrong').code, 'upstream_failed');
  assert.match(failureInStream('acme', 'went wrong').message, /AcmeException - went wrong$/);
});

test('an answer that cannot be understood says what was wrong', () => {
  assert.equal(garbled('acme', 'a chunk is not JSON').code, 'upstream_garbled');
  assert.match(garbled('acme', 'a chunk is not JSON').message, /AcmeException - a chunk is not JSON$/);
});
