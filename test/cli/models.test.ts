// models, aliases, credentials and config, as a person types them beside a gateway that runs. Nothing here changes anything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { openServer, type Server } from '../../src/http/server.ts';
import { UpstreamFault } from '../../src/kit/incoming.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { type House, masterKey, openHouse } from '../system/house.ts';
import { scratch } from './running.ts';
import { type Said, typed } from './typed.ts';

const { folder, remove } = scratch();
let house: House;
let server: Server;

const sealed = openSealer(new Secret('salt-of-the-test-house')).seal(
  new Secret('sk-provider-canary'),
  credentialPlace('mine', 'api_key'),
);

const claude = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'pong' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
};

before(async () => {
  const loaded = loadConfig({
    environment: { HOME: folder, PLUMBLINE_MASTER_KEY: masterKey, PLUMBLINE_LOG_LEVEL: 'warn' },
    flags: { port: 4711 },
  });
  assert.ok('config' in loaded);
  house = openHouse({
    deployments: [
      { alias: 'chat', provider: 'anthropic', model: 'claude-sonnet-4-5', baseUrl: null, credential: 'mine' },
      { alias: 'local', provider: 'ollama', model: 'qwen3', baseUrl: 'http://ollama.test', owner: 'api' },
      { alias: 'odd\u001b[31m', credential: 'missing' },
    ],
    aliases: [
      { name: 'chat', fallbacks: ['local'] },
      { name: 'short', target: 'chat', hidden: true },
    ],
    credentials: [{ name: 'mine', owner: 'file', sealed: { api_key: sealed } }],
    router: { timeoutMs: 45_000 },
    options: loaded.config,
    upstream: ({ origin }) => {
      if (origin.includes('ollama')) throw new UpstreamFault('unreachable');
      return { body: claude };
    },
    settings: [{ name: 'router.timeoutMs', owner: 'file' }],
    toolServers: [
      {
        name: 'exa',
        owner: 'file',
        alias: null,
        transport: 'http',
        url: 'https://mcp.exa.test',
        command: null,
        arguments: [],
        auth: 'api_key',
        settings: {},
        sealed: { auth_value: sealed },
      },
    ],
  });
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 100_000, keepAliveMs: 1_000, pingMs: 15_000 };
  server = await openServer(options, house.site.routes, house.site.edge);
});
after(async () => {
  await server.drain(0);
  remove();
});

const type = (words: string): Promise<Said> =>
  typed(words.split(' '), { HOME: folder, PLUMBLINE_URL: server.url, PLUMBLINE_KEY: masterKey });

test('models list shows a deployment a line, what is unknown as a question mark, and no control character', async () => {
  const { code, output } = await type('models list');
  assert.equal(code, 0);
  assert.equal(
    output,
    `NAME      MODEL                        OWNER  STATE       CONTEXT  $/1M IN  $/1M OUT
chat      anthropic/claude-sonnet-4-5  file   served      200,000        3        15
local     ollama/qwen3                 api    away              ?        0         0
odd\ufffd[31m  openai/upstream-model        file   not served        ?        ?         ?
`,
  );
});

test('models show says where each figure comes from, by the name that clients call or by id', async () => {
  const { output } = await type('models show chat');
  assert.match(output, /^context +200,000 in, 64,000 out \(table\)$/m);
  assert.match(output, /^price +\$3 in, \$15 out per million tokens \(table\)$/m);
  assert.match(output, /^credential +mine$/m);
  assert.equal((await type('models show d1')).output, output);
  const unknown = await type('models show nobody');
  assert.equal(unknown.code, 1);
  assert.match(unknown.errors, /no model has the name or id nobody/);
});

test('models test makes a call that fits each deployment, and tells what came of it in words', async () => {
  const { code, output } = await type('models test');
  assert.equal(code, 1);
  assert.match(output, /^NAME +DEPLOYMENT +CALL +TOOK +RESULT$/m);
  assert.match(output, /^local +d2 +chat +0 ms +The provider could not be reached/m);
  assert.match(output, /^chat +d1 +chat +0 ms +well$/m);
  assert.equal((await type('models test chat')).code, 0);
  assert.equal(JSON.parse((await type('models test chat --json')).output).healthy_endpoints[0].latency_ms, 0);
  assert.match((await type('models test nobody')).errors, /nothing that is served has the name nobody/);
});

test('aliases list shows what each name leads to, hidden ones too', async () => {
  const { output } = await type('aliases list');
  assert.match(output, /^chat +file +1 deployment +served +in-order +local$/m);
  assert.match(output, /^short +file +chat +served, hidden +in-order +-$/m);
  const shown = await type('aliases show short --json');
  assert.deepEqual([JSON.parse(shown.output).target, JSON.parse(shown.output).deployments], ['chat', ['d1']]);
  assert.match((await type('aliases show nobody')).errors, /there is no alias nobody/);
});

test('credentials are shown by name and field, never by value', async () => {
  const list = await type('credentials list');
  assert.equal(list.output, `NAME  OWNER  FIELDS   USED BY\nmine  file   api_key  1\n`);
  const shown = await type('credentials show mine --json');
  assert.deepEqual(JSON.parse(shown.output)[0].credential_values, { api_key: '[secret]' });
  for (const { output } of [list, shown]) assert.doesNotMatch(output, /canary|pl1:/);
  const unknown = await type('credentials show nobody');
  assert.match(unknown.errors, /There is no such credential: nobody/);
});

test('config shows each option with its source, and of a secret whether it is set', async () => {
  const { code, output } = await type('config');
  assert.equal(code, 0);
  assert.match(output, /^port +4711 +--port$/m);
  assert.match(output, /^logLevel +warn +PLUMBLINE_LOG_LEVEL$/m);
  assert.match(output, /^masterKey +set +PLUMBLINE_MASTER_KEY$/m);
  assert.match(output, /^databaseUrl +not set +default$/m);
  assert.match(output, /^router\.timeoutMs +45000 +table, of the file$/m);
  assert.match(output, /^router\.retries +2 +default$/m);
  const exa = '{"url":"https://mcp.exa.test","auth_type":"api_key","auth_value":"[secret]"}';
  assert.match(output, /^TOOL SERVER, STORED ONLY +VALUE +FROM$/m);
  assert.ok(output.split('\n').some((line) => line.startsWith('exa ') && line.includes(`${exa}  table, of the file`)));
  assert.doesNotMatch(output, new RegExp(masterKey));
  const changed = JSON.parse((await type('config --changed --json')).output) as Record<string, { name: string }[]>;
  assert.deepEqual(
    changed['settings']?.map(({ name }) => name),
    ['router.timeoutMs'],
  );
  assert.deepEqual(
    changed['options']?.map(({ name }) => name),
    ['port', 'masterKey', 'logLevel'],
  );
});

test('used wrongly, each ends with 2 and says what there is', async () => {
  for (const [words, says] of [
    ['models', /missing required argument/],
    ['models paint', /there is no `plumbline models paint`/],
    ['models show', /plumbline models show needs a name/],
    ['aliases show', /needs a name/],
    ['credentials peek mine', /`plumbline credentials list`/],
  ] as const) {
    const { code, errors } = await type(words);
    assert.equal(code, 2, words + errors);
    assert.match(errors, says);
  }
});
