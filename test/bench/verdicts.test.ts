// What the bench says of its figures: the guard, the targets, the tables, the words it takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWords } from '../../bench/command.ts';
import { gateways } from '../../bench/gateways/index.ts';
import { complaints, ratios, unmeasured } from '../../bench/guard.ts';
import { wholePlan } from '../../bench/measure.ts';
import { reasonOf } from '../../bench/packages.ts';
import { latency, plain, requestBytes, throughput } from '../../bench/requests.ts';
import type { Entry, Results } from '../../bench/results.ts';
import { fill, page } from '../../bench/table.ts';
import { judge, notLed } from '../../bench/targets.ts';

test('the guard holds our CPU against that of nginx in the same run', () => {
  const [ours, nginx] = [{ 'chat-1k.cpuMicros': 60, 'burst.cpuMicros': 900 }, { 'chat-1k.cpuMicros': 20 }];
  assert.deepEqual(ratios(ours, nginx, throughput), { 'chat-1k': 3 });
});

test('the guard lets 15 percent pass, and names what is worse, missing or not stored', () => {
  assert.deepEqual(complaints({ a: 2 }, { a: 2.3 }), []);
  assert.deepEqual(complaints({ a: 2 }, { a: 1 }), []);
  assert.deepEqual(complaints({ a: 2 }, { a: 2.32 }), ["a costs 2.32 times nginx's CPU, 16 % more than the stored 2"]);
  assert.deepEqual(complaints({ a: 2 }, {}), ['a could not be measured']);
  assert.match(complaints({}, { a: 2 })[0] ?? '', /a has no stored ratio/);
});

test('ratios of some of the rows are not kept in place of those of all', () => {
  assert.deepEqual(unmeasured({ 'chat-1k': 3 }, throughput.slice(0, 2)), [
    'chat-20k could not be measured, so nothing is kept',
  ]);
  assert.deepEqual(unmeasured({ 'chat-1k': 3, 'chat-20k': 5 }, throughput.slice(0, 2)), []);
});

const figures = {
  'chat-1k.perSecond': 16_000,
  'chat-20k.perSecond': 8000,
  'fixed.addedP99': 500,
  'stream.chunkMicros': 12.5,
  'idle.mb': 100,
  'soak.growth': 0.2,
};
const board = {
  ours: figures,
  nginx: { 'chat-1k.perSecond': 50_000, 'fixed.addedP99': 1 },
  portkey: { 'chat-1k.perSecond': 2000, 'fixed.addedP99': 9000, 'stream.chunkMicros': 40 },
  ferro: { 'chat-1k.perSecond': 9000, 'fixed.addedP99': 400, 'stream.chunkMicros': 20 },
  direct: { 'chat-1k.perSecond': 90_000 },
};

function verdict(title: string) {
  const found = judge(board).find((one) => one.title.startsWith(title));
  assert.ok(found, `there is a target ${title}`);
  return [found.measured, found.isReached];
}

test('a target is a ratio within the run, and is reached or missed', () => {
  assert.deepEqual(verdict("1 KB chat, of nginx's"), ['0.32', true]);
  assert.deepEqual(verdict('20 KB chat'), ['0.50', false]);
  assert.deepEqual(verdict('SSE chunks'), ['80,000', true]);
  assert.deepEqual(verdict("requests a second, of the TypeScript peer's"), ['8.00', true]);
  assert.deepEqual(verdict('100-chunk streams a second of one core'), ['1.60', true]);
  assert.deepEqual(verdict('p99 added'), ['1.25', false]);
  assert.deepEqual(verdict('memory between'), ['20.0 %', false]);
});

test('a target that was not measured is not reached', () => {
  assert.deepEqual(verdict('memory of the gateway process after load'), [null, false]);
});

test('neither nginx nor the bare upstream is a peer, and each figure some peer leads is named', () => {
  assert.deepEqual(notLed(board), ['fixed.addedP99']);
});

const machine = { cpu: 'Some CPU', cores: 2, memoryGb: 8, kernel: '6', system: 'Debian', node: 'v26', isVirtual: true };
const here: Entry = {
  name: 'ours',
  setting: 'everything on',
  version: '1.0',
  missing: null,
  rounds: [{ figures, faults: ['chat, 200 KB: 5 of 9 failed'], others: 0.1, stolen: 0.02 }],
  median: figures,
};
const absent: Entry = { name: 'bifrost', setting: '', version: null, missing: 'no toolchain', rounds: [], median: {} };
const results: Results = {
  day: '2026-11-23',
  machine,
  core: 0,
  toolsCore: 1,
  seconds: 5,
  rounds: 1,
  direct: {},
  entries: [here, absent],
};

test('the page has a column for each gateway, also for one that is not here, and says why', () => {
  const text = page(results);
  assert.match(text, /^\| +\| ours \| bifrost \| no gateway \|$/m);
  assert.match(text, /^\| chat, 1 KB: answers a second \| 16,000 \| – \| – \|$/m);
  assert.match(text, /^- \*\*bifrost\*\*: not here: no toolchain$/m);
  assert.match(text, /^ {2}- chat, 200 KB: 5 of 9 failed$/m);
  assert.match(text, /ours 0\.10\+0\.02/);
  assert.doesNotMatch(text, /embeddings, .*answers a second/, 'a row that nobody has is left out');
});

test('a page is filled in between its marks, again and again', () => {
  const text = 'before\n<!-- a -->\nold\n<!-- /a -->\nafter';
  const once = fill(text, 'a', 'new');
  assert.equal(once, 'before\n<!-- a -->\n\nnew\n\n<!-- /a -->\nafter');
  assert.equal(fill(once, 'a', 'new'), once);
  assert.throws(() => fill(text, 'b', 'new'), /no place for b/);
});

test('a reason holds no address of a registry and no path of this machine', () => {
  const said = 'go ended with 1: reading https://some.host/a/@v/list: 403\n  in /home/somebody/x and github.com/a/b@v1';
  assert.equal(reasonOf(said), 'go ended with 1: reading (address) 403 in (path) and github.com/a/b@v1');
});

const names = gateways.map(({ name }) => name);

test('a whole run measures everything, keeps it and watches our memory; a part of it does neither', () => {
  const whole = readWords([], names);
  assert.deepEqual([whole.only, whole.isKept, whole.soaked, whole.rounds], [names, true, ['ours'], 3]);
  const part = readWords(['--only', 'ours,ferro', '--rounds', '5'], names);
  assert.deepEqual([part.only, part.isKept, part.soaked, part.rounds], [['ours', 'ferro'], false, [], 5]);
  assert.deepEqual(readWords(['--quick'], names).only, ['ours', 'nginx']);
});

test('an unknown gateway, option or number is an error', () => {
  assert.throws(() => readWords(['--only', 'kong'], names), /there is no gateway "kong"; there are ours, nginx/);
  assert.throws(() => readWords(['--fast'], names), /fast/);
  assert.throws(() => readWords(['--rounds', 'many'], names), /--rounds wants a number above 0/);
  assert.throws(() => readWords(['--cores', '0'], names), /--cores wants whole numbers/);
});

test('a request is of the size of its row and whole to the byte', () => {
  for (const ask of [...throughput, ...latency]) {
    const bytes = requestBytes(ask, { path: '/v1/x', model: 'some-model', headers: { authorization: 'Bearer b' } }, 80);
    const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
    assert.match(head, /^POST \/v1\/x HTTP\/1\.1\r\n/);
    assert.equal(Number(/content-length: (\d+)/i.exec(head)?.[1]), Buffer.byteLength(body));
    assert.ok(Math.abs(Buffer.byteLength(body) - ask.size) < ask.size * 0.1 + 60, `${ask.name} has ${body.length}`);
    assert.equal(JSON.parse(body).model, 'some-model');
  }
});

test('a row of few requests is measured for so long that ten of them lie beyond its 99th percentile', () => {
  const { asks, pace } = wholePlan(5);
  for (const { name, rate, stretch } of asks)
    if (rate !== null) assert.ok(rate * pace.seconds * stretch >= 1000, `${name} has ${rate * pace.seconds * stretch}`);
});

test('a gateway’s own header takes the place of the client’s, however it is written', () => {
  const text = requestBytes(plain, { path: '/', model: 'm', headers: { authorization: 'Bearer b' } }, 80).toString();
  assert.deepEqual(text.match(/^authorization: .*$/gim), ['authorization: Bearer b']);
});
