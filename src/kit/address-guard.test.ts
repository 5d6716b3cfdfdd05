import assert from 'node:assert/strict';
import type { lookup as lookUp } from 'node:dns';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressFlaw, guardedLookup, urlFlaw } from './address-guard.ts';

const privateToo = { rule: 'private-too', listed: [] } as const;
const onlyPublic = { rule: 'public', listed: [] } as const;

for (const address of [
  '169.254.169.254',
  '169.254.170.2',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::ffff:0:a9fe:a9fe',
  '::a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '[fd00:ec2::254]',
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
  '64:ff9b::10.0.0.1',
  '2002:a00:1::',
  'fec0::1',
  '64:ff9b:1::1',
]) {
  test(`${address} is called unless the rule is public`, () => {
    assert.equal(addressFlaw(address, 'private-too'), null);
    assert.notEqual(addressFlaw(address, 'public'), null);
  });
}

for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8']) {
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
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://METADATA.google.internal.',
  'http://instance-data',
  'file:///etc/passwd',
  'gopher://x',
  'nothing',
]) {
  test(`${url} may be no model's address`, () => {
    assert.notEqual(urlFlaw(url, privateToo), null);
  });
}

test('names of this machine are no public names', () => {
  for (const host of ['localhost', 'a.localhost', 'metadata.google.internal', 'printer.local', '127.1', '0x7f.1'])
    assert.notEqual(urlFlaw(`http://${host}:80`, onlyPublic), null, host);
  assert.equal(urlFlaw('https://api.openai.com/v1', onlyPublic), null);
  assert.equal(urlFlaw('http://localhost:11434', privateToo), null);
});

test('an IPv4 address in an IPv6 one is judged as itself', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::ffff:0:', '64:ff9b::'), (address, carrier) => {
      for (const rule of ['private-too', 'public'] as const) {
        assert.equal(addressFlaw(carrier + address, rule) === null, addressFlaw(address, rule) === null);
      }
    }),
  );
});

test('however an IPv4 address is spelled in a URL, it is judged as itself', () => {
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const spellings: readonly ((value: number) => string)[] = [
    (value) => String(value),
    (value) => `0x${value.toString(16)}`,
    (value) => `0${value.toString(8)}`,
    (value) => dotted(value, (byte) => `0${byte.toString(8)}`),
    (value) => dotted(value, (byte) => `0x${byte.toString(16)}`),
    (value) => `${value >>> 24}.${value & 0xffffff}`,
    (value) => `${value >>> 24}.${(value >>> 16) & 0xff}.${value & 0xffff}`,
    (value) => `[::ffff:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}]`,
  ];
  fc.assert(
    fc.property(fc.oneof(number, fc.constantFrom(0xa9fea9fe, 0x7f000001, 0x0a000001)), (value) => {
      const plain = dotted(value, String);
      for (const guard of [privateToo, onlyPublic])
        for (const spell of spellings) {
          const url = `http://${spell(value)}:8080/v1`;
          assert.equal(urlFlaw(url, guard) === null, addressFlaw(plain, guard.rule) === null, url);
        }
    }),
  );
});

/** Takes an IPv4 address as a number, and how to write one of its bytes. */
function dotted(value: number, write: (byte: number) => string): string {
  return [24, 16, 8, 0].map((shift) => write((value >>> shift) & 0xff)).join('.');
}

test('a host on the list may be private under any rule; with `listed` no other may be called; metadata never', () => {
  const listed = ['models.lan', '10.1.0.0/16', 'localhost:11434', '169.254.169.254', '[fd12::1]:8000'];
  for (const rule of ['public', 'listed'] as const) {
    const guard = { rule, listed };
    for (const url of [
      'http://models.lan',
      'http://gpu.models.lan:8000/v1',
      'http://10.1.2.3',
      'http://localhost:11434',
      'http://[fd12::1]:8000',
    ])
      assert.equal(urlFlaw(url, guard), null, `${rule} ${url}`);
    for (const url of ['http://10.2.0.1', 'http://localhost:11435', 'http://169.254.169.254', 'http://[fd12::1]'])
      assert.notEqual(urlFlaw(url, guard), null, `${rule} ${url}`);
  }
  assert.match(urlFlaw('https://api.openai.com', { rule: 'listed', listed }) ?? '', /not on the list/);
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
