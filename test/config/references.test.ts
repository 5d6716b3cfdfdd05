// Secrets that a config.yaml names instead of holding: found in one place, or told by name; their words never stand for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveStored } from '../../src/config/references.ts';
import { Secret } from '../../src/kit/secret.ts';
import { modelsOf, read } from './reading.ts';

const environment = { THE_KEY: 'sk-of-variable', CREDENTIALS_DIRECTORY: '/run/credentials/plumbline' };
const files = { '/etc/keys/one': 'sk-of-file\n', '/run/credentials/plumbline/two': 'sk-of-systemd' };

const forms: Readonly<Record<string, string>> = {
  'os.environ/THE_KEY': 'sk-of-variable',
  'env:THE_KEY': 'sk-of-variable',
  'file:/etc/keys/one': 'sk-of-file',
  'cred:two': 'sk-of-systemd',
};

for (const [form, secret] of Object.entries(forms)) {
  test(`${form} is a key, a header, a value of credential_list and the master key`, () => {
    const text = `
general_settings: {master_key: "${form}"}
credential_list:
  - credential_name: named
    credential_values: {api_key: "${form}"}
model_list:
  - model_name: a
    litellm_params: {model: openai/a, api_key: "${form}", extra_headers: {x-auth-token: "${form}"}}
`;
    const { declaration, masterKey, notices } = read(text, { environment, files });
    assert.deepEqual(
      notices.filter(({ severity }) => severity === 'error'),
      [],
    );
    assert.ok(masterKey?.equals(new Secret(secret)));
    const values = declaration.credentials.flatMap((credential) => Object.values(credential.values));
    assert.equal(values.length, 3);
    for (const value of values) assert.ok(value.equals(new Secret(secret)), 'a value is not the secret');
  });
}

const unresolved: Readonly<Record<string, RegExp>> = {
  'os.environ/NOWHERE': /the variable NOWHERE is not set/,
  'env:NOWHERE': /the variable NOWHERE is not set/,
  'file:/etc/keys/none': /file:\/etc\/keys\/none cannot be read \(ENOENT\)/,
  'file:keys/one': /file:keys\/one is no path from the root/,
  'file:/etc/keys/empty': /file:\/etc\/keys\/empty is empty/,
  'cred:none': /cred:none cannot be read \(ENOENT\)/,
  'cred:../../etc/keys/one': /is no name of a credential/,
  'env:CHAIN': /env:CHAIN leads to another reference/,
};

for (const [form, says] of Object.entries(unresolved)) {
  test(`${form} is an error that names it, and nothing is declared in its place`, () => {
    const input = {
      environment: { ...environment, CHAIN: 'env:THE_KEY' },
      files: { ...files, '/etc/keys/empty': ' \n' },
    };
    const { declaration, notices } = read(modelsOf(`model: openai/a, api_key: "${form}"`), input);
    const errors = notices.filter(({ severity }) => severity === 'error');
    assert.equal(errors.length, 1);
    assert.match(errors[0]?.says ?? '', says);
    assert.deepEqual(declaration.credentials, []);
  });
}

test('without systemd a credential of it is an error that says what to do', () => {
  const { notices } = read(modelsOf('model: openai/a, api_key: "cred:two"'), { files });
  const [error] = notices.filter(({ severity }) => severity === 'error');
  assert.match(`${error?.says}; ${error?.mend}`, /CREDENTIALS_DIRECTORY is not set; start as a systemd service/);
});

test('where no secret stands, a text may read like one of our references', () => {
  const { declaration, notices } = read(modelsOf('model: openai/a, api_key: k, tags: ["env:production", "file:x"]'));
  assert.deepEqual(
    notices.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.deepEqual(declaration.deployments[0]?.parameters.tags, ['env:production', 'file:x']);
});

test('a stored reference is looked up when it is needed; files and the gateway’s own secrets are out of its reach', () => {
  const variables = { ...environment, PLUMBLINE_MASTER_KEY: 'm', DATABASE_URL: 'd', LITELLM_SALT_KEY: 's', EMPTY: '' };
  const sources = { variables, readText: (path: string) => files[path as keyof typeof files] };
  const open = (text: string) => resolveStored(new Secret(text), sources);
  assert.ok(open('env:THE_KEY').equals(new Secret('sk-of-variable')));
  assert.ok(open('cred:two').equals(new Secret('sk-of-systemd')));
  assert.ok(open('sk-plain').equals(new Secret('sk-plain')));
  assert.throws(() => open('env:NOWHERE'), /the variable NOWHERE is not set/);
  assert.throws(() => open('env:EMPTY'), /env:EMPTY is empty/);
  assert.throws(() => open('file:/etc/keys/one'), /files are read for the configuration file only/);
  for (const name of ['PLUMBLINE_MASTER_KEY', 'DATABASE_URL', 'LITELLM_SALT_KEY'])
    for (const form of ['env:', 'os.environ/']) assert.throws(() => open(form + name), /secret of the gateway itself/);
});

test('property: what a stored reference opens to is never the reference', () => {
  const prefixes = fc.constantFrom('os.environ/', 'env:', 'cred:', 'file:');
  fc.assert(
    fc.property(prefixes, fc.string(), fc.string(), (prefix, name, text) => {
      const written = prefix + name;
      const sources = { variables: { [name.trim()]: text, CREDENTIALS_DIRECTORY: '/c' }, readText: () => text };
      let opened: Secret | undefined;
      try {
        opened = resolveStored(new Secret(written), sources);
      } catch (thrown) {
        assert.ok(thrown instanceof Error && thrown.message.includes(name.trim()));
      }
      assert.ok(opened === undefined || opened.reference() === undefined);
    }),
  );
});
