import assert from 'node:assert/strict';
import type { lookup as lookUp } from 'node:dns';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressFlaw, guardedLookup, urlFlaw } from './address-guard.ts';

for (const address of [
  '169.254.169.254',
  '169.254.170.2',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  'fe80::1%eth0',
  '0.0.0.0',
  '::',
  '100.100.100.200',
  '168.63.129.16',
  '255.255.255.255',
]) {
  test(`${address} is called under no rule`, () => {
    assert.notEqual(addressFlaw(address, 'private-too'), null);
    assert.notEqual(addressFlaw(address, 'public'), null);
  });
}

for (const address of [
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.10',
  '::1',
  'fd12::1',
  '100.64.0.1',
  '::ffff:10.0.0.1',
]) {
  test(`${address} is called unless the rule is public`, () => {
    assert.equal(addressFlaw(address, 'private-too'), null);
    assert.notEqual(addressFlaw(address, 'public'), null);
  });
}

for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
  test(`${address} is public`, () => {
    assert.equal(addressFlaw(address, 'public'), null);
  });
}

for (const url of [
  'http://2852039166/latest/meta-data',
  'http://0xa9fea9fe',
  'http://0251.0376.0251.0376',
  'http://169.254.43518',
  'http://[::ffff:169.254.169.254]',
  'http://[fd00:ec2::254]/',
  'http://user@169.254.169.254',
  'file:///etc/passwd',
  'gopher://x',
  'nothing',
]) {
  test(`${url} may be no model's address`, () => {
    assert.notEqual(urlFlaw(url, 'private-too'), null);
  });
}

test('names of this machine are no public names', () => {
  for (const host of ['localhost', 'a.localhost', 'metadata.google.internal', 'printer.local', '127.1', '0x7f.1'])
    assert.notEqual(urlFlaw(`http://${host}:80`, 'public'), null, host);
  assert.equal(urlFlaw('https://api.openai.com/v1', 'public'), null);
  assert.equal(urlFlaw('http://localhost:11434', 'private-too'), null);
});

test('an IPv4 address in an IPv6 one is judged as itself', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      for (const rule of ['private-too', 'public'] as const) {
        assert.equal(addressFlaw(`::ffff:${address}`, rule) === null, addressFlaw(address, rule) === null);
      }
    }),
  );
});

/** A look-up that answers with these addresses, whatever is asked. */
const answering = (...addresses: readonly string[]): typeof lookUp =>
  ((_name: string, _options: unknown, answer: (error: null, all: unknown) => void) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as never;

test('what a name stands for at the moment of the call is what counts', async () => {
  const asked = (...addresses: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const look = guardedLookup('public', answering(...addresses));
      look('sly.test', { all: false }, (error, address) => resolve(error === null ? String(address) : error.message));
    });
  assert.equal(await asked('1.1.1.1'), '1.1.1.1');
  assert.match(await asked('10.0.0.1'), /sly\.test is not called: 10\.0\.0\.1 is not a public address/);
  assert.match(await asked('1.1.1.1', '169.254.169.254'), /169\.254\.169\.254 is a link-local/);
});
