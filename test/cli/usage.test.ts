// plumbline usage as a person types it, beside a gateway with known traffic (test/system/reported-house.ts).
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/run.ts';
import { openServer, type Server } from '../../src/http/server.ts';
import { masterKey } from '../system/house.ts';
import { ann, hashes, openReportedHouse, type ReportedHouse } from '../system/reported-house.ts';
import { scratch, start } from './running.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const { folder, remove } = scratch();
interface Said {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

let reported: ReportedHouse;
let server: Server;

before(async () => {
  reported = await openReportedHouse();
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 100_000, keepAliveMs: 1_000, pingMs: 15_000 };
  server = await openServer(options, reported.house.site.routes, reported.house.site.edge);
});
after(async () => {
  await server.drain(0);
  remove();
});

/** Types the words after `plumbline usage`; the key is the master key unless the environment says otherwise. */
async function type(
  words: string,
  environment: Readonly<Record<string, string>> = { PLUMBLINE_KEY: masterKey },
): Promise<Said> {
  const said = { output: '', errors: '' };
  const code = await run(['usage', ...words.split(' ').filter((word) => word !== '')], {
    say: (text) => {
      said.output += `${text}\n`;
    },
    complain: (text) => {
      said.errors += `${text}\n`;
    },
    environment: { HOME: folder, PLUMBLINE_URL: server.url, ...environment },
    isInteractive: false,
    stopAsked: new Promise(() => undefined),
    onReloadAsked: () => undefined,
  });
  return { code, ...said };
}

test('usage runs as a process of its own, and its words are those of a terminal', async () => {
  const environment = { HOME: folder, PLUMBLINE_URL: server.url, PLUMBLINE_KEY: masterKey };
  const { code, output, errors } = await start(process.execPath, [main, 'usage'], environment).ended;
  assert.deepEqual({ code, output, errors }, await type(''));
});

test('usage shows a table with the total at the end, and marks what has no price', async () => {
  const { code, output, errors } = await type('--since 2027-01-15');
  assert.deepEqual([code, errors], [0, '']);
  assert.equal(
    output,
    `2027-01-15 to 2027-01-16 (UTC), by alias

alias          requests  failed  input  output        cost
deep                  2       0      6       4  $0.001800
fast                  3       0      9       6  $0.000021
broken                1       1      0       0  $0.000000
free                  1       0      3       2  $0.000000
no-such-model         1       1      0       0  $0.000000
odd                   1       0      3       2    unknown*
total                 9       2     21      14  $0.001821*

* 1 request has no known price and no part in the cost; the option priceFile sets prices
`,
  );
});

test('usage by day and key for one day, with keys by their names', async () => {
  const { output } = await type('--by day,key --since today --until today');
  assert.equal(
    output,
    `2027-01-16 (UTC), by day and key

day         key         requests  failed  input  output         cost
2027-01-16  ann                1       0      3       2  $0.0009000
2027-01-16  master key         1       0      3       2  $0.0000070
2027-01-16  sk-...ests         1       0      3       2  $0.0000000
total                          3       0      9       6  $0.0009070
`,
  );
});

test('usage --csv gives every group with a heading, and an unknown cost as an empty cell', async () => {
  const { code, output } = await type('--by alias,key --csv --model unheard-of,big');
  assert.equal(code, 0);
  const heading =
    'alias,key,key_name,requests,successes,failures,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost,unpriced_requests';
  assert.equal(
    output,
    `${heading}\r\ndeep,${hashes.ann},ann,2,2,0,6,4,0,0,0,0.0018,0\r\nodd,${hashes.ann},ann,1,1,0,3,2,0,0,0,,1\n`,
  );
});

test('usage --json gives the report as the gateway tells it', async () => {
  const { output } = await type('--json --by customer --customer carol');
  const { groups, total, more_groups: more } = JSON.parse(output);
  assert.deepEqual(
    [groups.length, groups[0].customer, groups[0].cost, total.requests, more],
    [1, 'carol', 0.000007, 1, 0],
  );
});

test('usage says how many groups a limit left out', async () => {
  const { output, errors } = await type('--limit 1');
  assert.match(output, /^deep .*\ntotal +9 /m);
  assert.equal(errors, '5 more groups are not shown; --limit 6 shows them all\n');
});

test("a virtual key sees its own usage only, and another's name is refused", async () => {
  const own = await type('--by key', { PLUMBLINE_KEY: ann });
  assert.match(own.output, /^total +4 /m);
  assert.doesNotMatch(own.output, /master/);
  const { code, errors } = await type(`--key ${hashes.bob}`, { PLUMBLINE_KEY: ann });
  assert.equal(code, 1);
  assert.equal(
    errors,
    'plumbline: error: A key may look at itself, not at others\nplumbline: hint: docs/errors.md explains info_forbidden\n',
  );
});

test('the key is found in the folder where the first start put it, or in a file that is named', async () => {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, 'master-key'), `${masterKey}\n`, { mode: 0o600 });
  assert.match((await type(`--data-dir ${data}`, {})).output, /^total +9 /m);
  const named = join(folder, 'named-key');
  writeFileSync(named, ann);
  chmodSync(named, 0o600);
  const environment = { PLUMBLINE_DATA_DIR: data, PLUMBLINE_KEY: 'sk-of-nobody' };
  assert.match((await type(`--master-key-file ${named}`, environment)).output, /^total +4 /m);
});

test('without a key it says where one is looked for', async () => {
  const { code, errors } = await type('', { HOME: join(folder, 'nowhere') });
  assert.equal(code, 1);
  assert.match(errors, /error: no key is configured, and .*\/plumbline\/master-key cannot be read \(ENOENT\)/);
  assert.match(errors, /hint: set PLUMBLINE_KEY, or name a file that holds the key with --master-key-file/);
});

test('a key that is refused is named by where it came from, and never printed', async () => {
  for (const [environment, from] of [
    [{ PLUMBLINE_KEY: 'sk-wrong-one' }, 'PLUMBLINE_KEY'],
    [{ LITELLM_MASTER_KEY: 'sk-wrong-one' }, 'LITELLM_MASTER_KEY'],
  ] as const) {
    const { code, output, errors } = await type('', environment);
    assert.equal(code, 1);
    assert.match(errors, new RegExp(`refused the key of ${from}: Authentication Error`));
    assert.match(errors, /hint: show another with PLUMBLINE_KEY or --master-key-file/);
    assert.doesNotMatch(output + errors, /wrong-one/);
  }
});

test('where no gateway answers, it says so and how to start one', async () => {
  const { code, errors } = await type('--url http://127.0.0.1:1');
  assert.equal(code, 1);
  assert.equal(
    errors,
    'plumbline: error: no gateway answers at http://127.0.0.1:1 (ECONNREFUSED)\n' +
      'plumbline: hint: start it with `plumbline serve`, or name another with --url or PLUMBLINE_URL\n',
  );
});

test('what answers and is no gateway is told apart from one', async () => {
  const other = createServer((_request, response) => response.writeHead(404).end('<html>'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = other.address() as AddressInfo;
    const { code, errors } = await type(`--url http://127.0.0.1:${port}`);
    assert.equal(code, 1);
    assert.match(errors, /\(status 404\) is no plumbline gateway, or another version/);
  } finally {
    other.close();
  }
});

test('used wrongly it ends with 2, asked wrongly with 1, and names what is wrong', async () => {
  for (const [words, code, names] of [
    ['--json --csv', 2, /--json and --csv exclude each other/],
    ['--url nowhere', 2, /nowhere is not the address of a gateway/],
    ['--colour', 2, /--colour/],
    ['--since lately', 1, /since must read like/],
    ['--by moon', 1, /by takes up to 3 of day, alias/],
    ['--key nobody', 1, /no key has the alias nobody/],
  ] as const) {
    const ended = await type(words);
    assert.equal(ended.code, code, words + ended.errors);
    assert.match(ended.errors, names);
  }
});

test('help shows every option and examples that work when pasted', async () => {
  const { code, output } = await type('--help');
  assert.equal(code, 0);
  for (const word of ['--by <names>', '--since <when>', '--csv', '--url <address>', 'Examples:'])
    assert.ok(output.includes(word));
  const examples = [...output.matchAll(/^ {2}plumbline usage(.*?)(?: > .*)?$/gm)].map(([, words = '']) => words);
  assert.equal(examples.length, 4);
  for (const words of examples.filter((one) => !one.includes('--key')))
    assert.equal((await type(words)).code, 0, words);
});
