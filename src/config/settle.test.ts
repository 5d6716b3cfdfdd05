import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../kit/secret.ts';
import type { FileSettings } from './litellm-boot.ts';
import { loadConfig } from './load.ts';
import type { Config } from './options.ts';
import { settle } from './settle.ts';

const settings: FileSettings = {
  masterKey: { value: new Secret('sk-file'), at: 'c.yaml:1:1 general_settings.master_key' },
  bodyLimit: { value: 1_048_576, at: 'c.yaml:2:1 general_settings.max_request_size_mb' },
};

function loaded(environment: Readonly<Record<string, string>>): Config {
  const result = loadConfig({ environment: { HOME: '/home/mia', PLUMBLINE_CONFIG: 'c.yaml', ...environment } });
  assert.ok('config' in result, JSON.stringify(result));
  return result.config;
}

function settled(environment: Readonly<Record<string, string>>): Config {
  const result = settle(loaded(environment), settings);
  assert.ok('config' in result, JSON.stringify(result));
  return result.config;
}

const cases = [
  ['the file wins over the default', {}, 'sk-file', 'file'],
  ["the file wins over LiteLLM's variable", { LITELLM_MASTER_KEY: 'sk-theirs' }, 'sk-file', 'file'],
  ['our variable wins over the file', { PLUMBLINE_MASTER_KEY: 'sk-ours' }, 'sk-ours', 'environment'],
] as const;

for (const [name, environment, key, from] of cases) {
  test(name, () => {
    const config = settled(environment);
    assert.ok(config.masterKey?.equals(new Secret(key)));
    assert.equal(config.sources.masterKey.from, from);
  });
}

test('a settled config says which line of the file a value came from, and is frozen', () => {
  const config = settled({});
  assert.deepEqual(config.sources.bodyLimit, { from: 'file', name: 'c.yaml:2:1 general_settings.max_request_size_mb' });
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.sources));
});

test('a master key in the file opens the way beyond loopback; without one the start is refused', () => {
  settled({ HOST: '0.0.0.0' });
  const refused = settle(loaded({ HOST: '0.0.0.0' }), {});
  assert.ok('complaints' in refused);
  assert.equal(refused.complaints[0]?.option, 'host');
});
