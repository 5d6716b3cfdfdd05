import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../kit/secret.ts';
import { type LoadInput, loadConfig, readEnvironment } from './load.ts';
import { type Config, optionNames, optionRow, ourVariable } from './options.ts';
import { type Complaint, complaintLine } from './rules.ts';

const home = { HOME: '/home/mia' };

function configOf(input: LoadInput): Config {
  const loaded = loadConfig(input);
  assert.ok('config' in loaded, JSON.stringify(loaded));
  return loaded.config;
}

function complaintsOf(input: LoadInput): readonly Complaint[] {
  const loaded = loadConfig(input);
  assert.ok('complaints' in loaded, 'there was no complaint');
  return loaded.complaints;
}

test('with nothing given every option has its default and says so', () => {
  const config = configOf({ environment: home });
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 4000);
  assert.equal(config.masterKey, null);
  assert.equal(config.dataDir, '/home/mia/.local/share/plumbline');
  for (const name of optionNames) assert.equal(config.sources[name].from, 'default', name);
});

test('the data folder follows XDG_DATA_HOME when that is absolute', () => {
  assert.equal(configOf({ environment: { ...home, XDG_DATA_HOME: '/data' } }).dataDir, '/data/plumbline');
  const relative = configOf({ environment: { ...home, XDG_DATA_HOME: 'data' } });
  assert.equal(relative.dataDir, '/home/mia/.local/share/plumbline');
});

test("a flag wins over our variable, ours over LiteLLM's, and an empty one does not count", () => {
  const environment = { ...home, PORT: '3', PLUMBLINE_PORT: '2' };
  const flag = configOf({ environment, flags: { port: 1 } });
  assert.deepEqual([flag.port, flag.sources.port], [1, { from: 'flag', name: '--port' }]);
  const ours = configOf({ environment });
  assert.deepEqual([ours.port, ours.sources.port], [2, { from: 'environment', name: 'PLUMBLINE_PORT' }]);
  const theirs = configOf({ environment: { ...environment, PLUMBLINE_PORT: '' } });
  assert.deepEqual([theirs.port, theirs.sources.port], [3, { from: 'environment', name: 'PORT' }]);
});

const values = [
  ['PLUMBLINE_BODY_LIMIT', '8mb', 'bodyLimit', 8 * 1024 * 1024],
  ['PLUMBLINE_BODY_LIMIT', '2048', 'bodyLimit', 2048],
  ['PLUMBLINE_GRACE_MS', '10s', 'graceMs', 10_000],
  ['PLUMBLINE_GRACE_MS', '1500', 'graceMs', 1500],
  ['PLUMBLINE_DISCOVER', 'no', 'discover', false],
  ['PLUMBLINE_DISCOVER', 'TRUE', 'discover', true],
  ['LITELLM_LOG', 'WARNING', 'logLevel', 'warn'],
  ['HOST', '::1', 'host', '::1'],
  ['HOST', 'localhost', 'host', 'localhost'],
  ['CONFIG_FILE_PATH', '/etc/litellm/config.yaml', 'config', '/etc/litellm/config.yaml'],
] as const;

for (const [variable, text, option, value] of values) {
  test(`${variable}=${text} sets ${option} to ${String(value)}`, () => {
    assert.equal(configOf({ environment: { ...home, [variable]: text } })[option], value);
  });
}

test('names are separated by commas or blanks', () => {
  const environment = { ...home, PLUMBLINE_CONFIG: 'c.yaml', PLUMBLINE_ACCEPT_NOT_YET: 'a.b, c' };
  assert.deepEqual(configOf({ environment }).acceptNotYet, ['a.b', 'c']);
});

test('a secret is a Secret from the moment it is read', () => {
  const { masterKey } = configOf({ environment: { ...home, LITELLM_MASTER_KEY: 'sk-1234' } });
  assert.ok(masterKey instanceof Secret);
  assert.ok(masterKey.equals(new Secret('sk-1234')));
});

test('every secret has a FILE twin, whose line end is not part of it', () => {
  const readText = (path: string): string => `from ${path}\n`.replaceAll(' ', '-');
  const environment = { ...home, LITELLM_MASTER_KEY_FILE: 'a', PLUMBLINE_SALT_KEY_FILE: 'b' };
  const config = configOf({ environment, readText });
  assert.ok(config.masterKey?.equals(new Secret('from-a')));
  assert.deepEqual(config.sources.saltKey, { from: 'environment', name: 'PLUMBLINE_SALT_KEY_FILE', path: 'b' });
  const flagged = configOf({ environment: home, flags: { masterKey: 'c' }, readText });
  assert.deepEqual(flagged.sources.masterKey, { from: 'flag', name: '--master-key-file', path: 'c' });
});

test('the config is frozen to the bottom', () => {
  const config = configOf({ environment: home });
  for (const part of [config, config.sources, config.sources.port, config.acceptNotYet])
    assert.ok(Object.isFrozen(part));
});

test('all complaints come at once, each with its option, source, the shape of the value and the mend', () => {
  const environment = {
    ...home,
    PLUMBLINE_PORT: 'eighty',
    HOST: 'x86_64-conda-linux-gnu',
    LITELLM_LOG: 'loud',
    PLUMBLINE_BODY_LIMIT: '12',
    DATABASE_URL: 'mysql://mia:swordfish@db/x',
  };
  const lines = complaintsOf({ environment }).map(complaintLine);
  assert.deepEqual(lines, [
    'HOST (host: host): expected an address or a host name, found 22 letters and digits; set PLUMBLINE_HOST or --host, for example 127.0.0.1',
    'PLUMBLINE_PORT (port: whole): expected a whole number, found 6 letters and digits; set PLUMBLINE_PORT or --port, for example 4000',
    'DATABASE_URL (databaseUrl: secret): expected a text that begins with postgresql:// or postgres://, found 26 characters; set PLUMBLINE_DATABASE_URL, or PLUMBLINE_DATABASE_URL_FILE to the path of a file that holds it',
    'LITELLM_LOG (logLevel: choice): expected one of debug, info, warn, error, found 4 letters and digits; set PLUMBLINE_LOG_LEVEL or --log-level, for example info',
    'PLUMBLINE_BODY_LIMIT (bodyLimit: bytes): expected 1024 to 1073741824, found 12; set PLUMBLINE_BODY_LIMIT or --body-limit, for example 67108864',
  ]);
});

test('no complaint holds the value of a secret', () => {
  const secrets = {
    PLUMBLINE_MASTER_KEY: 'sk swordfish',
    DATABASE_URL: 'swordfish',
    PLUMBLINE_SALT_KEY: 'a swordfish',
  };
  const complaints = complaintsOf({ environment: { ...home, ...secrets } });
  assert.equal(complaints.length, 3);
  assert.doesNotMatch(JSON.stringify(complaints), /swordfish/);
});

test('a misspelt variable of ours is a complaint with the right name', () => {
  const [complaint] = complaintsOf({ environment: { ...home, PLUMBLINE_MASTERKEY: 'sk-1' } });
  assert.equal(complaint?.source, 'PLUMBLINE_MASTERKEY');
  assert.equal(complaint?.mend, 'did you mean PLUMBLINE_MASTER_KEY?');
});

test("the tests' and the client's variables, and other programs', are no complaint", () => {
  configOf({ environment: { ...home, PLUMBLINE_TEST_DATA: '/x', PLUMBLINE_URL: 'http://x', PLUMB_LINE: '1' } });
});

test('what Kubernetes sets beside a Service called plumbline is not taken for options', () => {
  const links = {
    PLUMBLINE_PORT: 'tcp://10.0.0.1:4000',
    PLUMBLINE_SERVICE_HOST: '10.0.0.1',
    PLUMBLINE_SERVICE_PORT_HTTP: '4000',
    PLUMBLINE_PORT_4000_TCP_ADDR: '10.0.0.1',
  };
  assert.equal(configOf({ environment: { ...home, ...links } }).port, 4000);
});

test('a secret given both in a variable and in its FILE twin is a complaint', () => {
  const environment = { ...home, PLUMBLINE_SALT_KEY: 'a', PLUMBLINE_SALT_KEY_FILE: 'b' };
  assert.match(complaintsOf({ environment })[0]?.says ?? '', /PLUMBLINE_SALT_KEY_FILE too/);
});

for (const [what, readText, says] of [
  ['missing', () => assert.fail(Object.assign(new Error('gone'), { code: 'ENOENT' })), /cannot read .* ENOENT/],
  ['empty', () => '\n', /the file it names is empty/],
] as const) {
  test(`a ${what} secret file is a complaint`, () => {
    const complaints = complaintsOf({ environment: { ...home, PLUMBLINE_MASTER_KEY_FILE: '/run/key' }, readText });
    assert.match(complaints[0]?.says ?? '', says);
  });
}

test('beyond loopback a configured key is demanded, within it not', () => {
  const [complaint] = complaintsOf({ environment: { ...home, PLUMBLINE_HOST: '0.0.0.0' } });
  assert.equal(complaint?.option, 'host');
  assert.match(complaint?.says ?? '', /no master key is configured/);
  configOf({ environment: { ...home, PLUMBLINE_HOST: '0.0.0.0', PLUMBLINE_MASTER_KEY: 'sk-1' } });
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    configOf({ environment: { ...home, PLUMBLINE_HOST: host } });
});

test('with a configuration file, which may hold the key, the combination rules wait', () => {
  configOf({ environment: { ...home, PLUMBLINE_HOST: '0.0.0.0', PLUMBLINE_CONFIG: 'c.yaml' } });
});

test("a collector's address and headers that cannot be read are complaints, which show nothing of them", () => {
  const endpoint = { ...home, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  configOf({ environment: { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x,X-Scope=y' } });
  for (const [environment, option] of [
    [{ ...home, PLUMBLINE_OTLP_ENDPOINT: 'collector:4317' }, 'otlpEndpoint'],
    [{ ...home, PLUMBLINE_OTLP_ENDPOINT: 'http://' }, 'otlpEndpoint'],
    [{ ...endpoint, PLUMBLINE_OTLP_HEADERS: 'a-token-alone' }, 'otlpHeaders'],
    [{ ...endpoint, PLUMBLINE_OTLP_HEADERS: 'authorization=a-token%' }, 'otlpHeaders'],
  ] as const) {
    const complaints = complaintsOf({ environment });
    assert.deepEqual(
      complaints.map((complaint) => complaint.option),
      [option],
    );
    assert.doesNotMatch(JSON.stringify(complaints), /a-token/);
  }
});

test('options that can have no effect are complaints', () => {
  const environment = { ...home, PLUMBLINE_ACCEPT_NOT_YET: 'x', PLUMBLINE_DATABASE_POOL: '5' };
  assert.deepEqual(
    complaintsOf({ environment }).map((complaint) => complaint.option),
    ['acceptNotYet', 'databasePool'],
  );
});

test('every option has a variable of ours, a sentence, and a default of its kind or a way to work it out', () => {
  for (const name of optionNames) {
    const row = optionRow(name);
    assert.match(ourVariable(name), /^PLUMBLINE_[A-Z0-9_]+$/);
    assert.match(row.says, /\.$/, name);
    assert.ok('default' in row || 'worksOut' in row, name);
  }
});

test('the environment that is read is a frozen copy', () => {
  assert.ok(Object.isFrozen(readEnvironment()));
});
