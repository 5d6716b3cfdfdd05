import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyFor } from './proxy-choice.ts';

const https = new URL('http://proxy.test:3128');
const http = new URL('http://plain.test:3128');
const chosen = (origin: string, ...none: string[]): string | null =>
  proxyFor(origin, { https, http, none })?.hostname ?? null;

test('the scheme decides which proxy', () => {
  assert.equal(chosen('https://api.openai.com'), 'proxy.test');
  assert.equal(chosen('http://models.lan:8080'), 'plain.test');
  assert.equal(proxyFor('https://api.openai.com', { https: null, http, none: [] }), null);
});

test('this machine is never called by a proxy', () => {
  for (const host of ['localhost:11434', '127.0.0.1:11434', '127.1.2.3', '[::1]:8080'])
    assert.equal(chosen(`http://${host}`), null);
});

for (const [entry, origin, isDirect] of [
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://api.example.com', true],
  ['.example.com', 'https://api.example.com', true],
  ['*.example.com', 'https://api.example.com', true],
  ['example.com', 'https://badexample.com', false],
  ['example.com:8443', 'https://example.com:8443', true],
  ['example.com:8443', 'https://example.com', false],
  ['example.com:443', 'https://example.com', true],
  ['EXAMPLE.com', 'https://example.com', true],
  ['example.com.', 'https://example.com', true],
  ['10.0.0.7', 'http://10.0.0.7:9000', true],
  ['10.0.0.7:80', 'http://10.0.0.7:9000', false],
  ['10.0.0.0/8', 'http://10.200.0.7:9000', true],
  ['10.0.0.0/8', 'http://11.0.0.7', false],
  ['10.0.0.0/8', 'http://10.example.com', false],
  ['10.0.0.0/99', 'http://10.0.0.7', false],
  ['fd00::/8', 'http://[fd12::1]:8000', true],
  ['fd12::1', 'http://[fd12::1]:8000', true],
  ['[fd12::1]:8000', 'http://[fd12::1]:8000', true],
  ['[fd12::1]:8000', 'http://[fd12::1]', false],
  ['*', 'https://anything.test', true],
] as const) {
  test(`NO_PROXY=${entry}: ${origin} goes ${isDirect ? 'directly' : 'by the proxy'}`, () => {
    assert.equal(chosen(origin, entry) === null, isDirect);
  });
}
