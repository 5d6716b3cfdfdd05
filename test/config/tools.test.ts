// mcp_servers of a config.yaml, as they are stored: what is secret is kept apart, and what could not be told apart is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeclaredToolServer } from '../../src/core/records.ts';
import { brief, marked, type ReadingInput, read } from './reading.ts';

const models = 'model_list: [{model_name: chat, litellm_params: {model: ollama/a}}]\n';

function serversOf(text: string, input: ReadingInput = {}): readonly DeclaredToolServer[] {
  const { declaration, notices } = read(models + text, input);
  assert.deepEqual(
    notices.filter(({ severity }) => severity === 'error'),
    [],
  );
  return declaration.toolServers;
}

const secretsOf = (server: DeclaredToolServer | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(server?.secrets ?? {}).map(([field, secret]) => [field, secret.reveal()]));

test('a server by its address, with its defaults', () => {
  assert.deepEqual(serversOf('mcp_servers: {web search: {url: "https://x.test/mcp/"}}'), [
    {
      name: 'web_search',
      alias: null,
      transport: 'http',
      url: 'https://x.test/mcp/',
      command: null,
      arguments: [],
      auth: 'none',
      settings: {},
      secrets: {},
    },
  ]);
});

test('what its name says is secret, what was looked up, and an address with a query are kept apart', () => {
  const environment = { KEY: 'key-canary', PLACE: 'https://x.test/path-canary/mcp', ARG: 'argument-canary' };
  const text = `mcp_servers:
  one:
    url: https://x.test/mcp?key=query-canary
    auth_type: api_key
    auth_value: env:KEY
    client_secret: os.environ/KEY
    static_headers: {Authorization: literal-canary, X-Plain: text, X-Looked-Up: os.environ/KEY}
  two: {url: os.environ/PLACE, authentication_token: cred:token}
  three: {url: "file:/run/place"}
  four: {command: npx, args: [-y, os.environ/ARG, --api-key, flag-canary, --token=token-canary, --key, -v], env: {A_TOKEN: token-canary, PLAIN: 1, OTHER: os.environ/KEY}}
`;
  const credentials = { CREDENTIALS_DIRECTORY: '/run/credentials' };
  const [one, two, three, four] = serversOf(text, {
    environment: { ...environment, ...credentials },
    files: { '/run/credentials/token': 'credential-canary', '/run/place': 'https://y.test/file-canary' },
  });
  assert.deepEqual(
    [one, two, three].map((server) => server?.url),
    ['https://x.test', 'https://x.test', 'https://y.test'],
  );
  assert.deepEqual(secretsOf(one), {
    url: 'https://x.test/mcp?key=query-canary',
    auth_value: 'key-canary',
    client_secret: 'key-canary',
    'header:Authorization': 'literal-canary',
    'header:X-Looked-Up': 'key-canary',
  });
  assert.deepEqual(secretsOf(two), { url: environment.PLACE, auth_value: 'credential-canary' });
  assert.deepEqual(secretsOf(three), { url: 'https://y.test/file-canary' });
  assert.deepEqual(secretsOf(four), {
    'argument:1': 'argument-canary',
    'argument:3': 'flag-canary',
    'argument:4': '--token=token-canary',
    'env:A_TOKEN': 'token-canary',
    'env:OTHER': 'key-canary',
  });
  assert.deepEqual(
    [four?.transport, four?.arguments, four?.settings],
    ['stdio', ['-y', null, '--api-key', null, null, '--key', '-v'], { env: { PLAIN: '1' } }],
  );
  assert.doesNotMatch(JSON.stringify([one, two, three, four]), /canary/);
});

test('mcp_aliases name servers, the first counts, and an alias of their own goes before', () => {
  const text = `mcp_servers: {one: {url: "http://x"}, two: {url: "http://y", alias: own}}
litellm_settings: {mcp_aliases: {first: one, second: one, other: two, lost: oen}}
`;
  const { declaration, notices } = read(models + text);
  assert.deepEqual(
    declaration.toolServers.map(({ alias }) => alias),
    ['first', 'own'],
  );
  const warnings = notices.filter(({ severity }) => severity === 'warning').map(({ says, mend }) => `${says}; ${mend}`);
  assert.deepEqual(warnings, [
    'one has an alias already; the first counts; keep one',
    'there is no MCP server oen; did you mean one?',
  ]);
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['mcp_servers: {§web-search: {url: "http://x"}}', /error mcp_servers\.web-search: "-" ends a server's name/],
  ['mcp_servers: {a: {url: "http://x", alias: §b-c}}', /error mcp_servers\.a\.alias: "-" ends/],
  ['mcp_servers: {§a: {description: x}}', /error mcp_servers\.a: url is missing/],
  ['mcp_servers: {§a: {transport: stdio}}', /error mcp_servers\.a: command is missing/],
  ['mcp_servers: {a: {command: §npx, url: "http://x"}}', /by http has no command/],
  ['mcp_servers: {a: {url: §ftp://x}}', /error mcp_servers\.a\.url: expected an address/],
  ['mcp_servers: {a: {url: §"http://me:canary@x"}}', /error mcp_servers\.a\.url: the address carries a user name/],
  [
    'mcp_servers: {a: {url: "http://x", auth_type: §bearer}}',
    /error mcp_servers\.a\.auth_type: unknown auth_type bearer/,
  ],
  ['mcp_servers: {a: {url: "http://x", §allowed_tool: [b]}}', /error mcp_servers\.a\.allowed_tool: unknown key/],
  ['mcp_servers: {a: {url: "http://x", auth_value: §os.environ/NONE}}', /error .*: the variable NONE is not set/],
  [
    'mcp_servers: {a b: {url: "http://x"}, §a_b: {url: "http://y"}}',
    /error mcp_servers\.a_b: another MCP server is called a_b too/,
  ],
  ['mcp_servers: {a: {url: "http://x"}, §b: {url: "http://y", alias: a}}', /another MCP server is called a too/],
];
for (const [written, says] of wrong) {
  test(`refused where it stands: ${written}`, () => {
    const { text, at } = marked(models + written);
    const { notices } = read(text);
    const found = brief(notices.filter(({ severity }) => severity === 'error'));
    assert.match(found[0] ?? '', says);
    assert.equal(found[0]?.split(' ')[0], at);
    assert.equal(found.length, 1);
    assert.doesNotMatch(JSON.stringify(notices), /canary/);
  });
}
