import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import { brief, read } from './reading.ts';

const entry = (name: string): string => `  - {model_name: ${name}, litellm_params: {model: ollama/${name}}}\n`;
const main = `include: [models.yaml]\nmodel_list:\n${entry('a')}`;

function notices(text: string, files: Readonly<Record<string, string>>): string[] {
  return read(text, { files }).notices.map((notice) => `${notice.file}:${brief([notice])[0]}`);
}

test('lists of an included file are joined to those of the first, and its other keys stand for themselves', () => {
  const files = { 'models.yaml': `model_list:\n${entry('b')}router_settings: {cooldown_time: 9}\n` };
  const reading = read(main, { files });
  assert.deepEqual(reading.notices, []);
  assert.deepEqual(
    reading.declaration.aliases.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(reading.declaration.router, { cooldownMs: 9000 });
  assert.deepEqual(reading.files, ['config.yaml', 'models.yaml']);
});

test('a dictionary of an included file replaces that of the first, with a warning', () => {
  const text = `${main}router_settings: {cooldown_time: 1, num_retries: 1}\n`;
  const files = { 'models.yaml': 'router_settings: {cooldown_time: 9}' };
  assert.deepEqual(read(text, { files }).declaration.router, { cooldownMs: 9000 });
  assert.deepEqual(notices(text, files), [
    'models.yaml:1:1 warning router_settings: this replaces the whole of router_settings at config.yaml:4:1; the two are not merged',
  ]);
});

const faults = [
  [
    'a fault in an included file names that file',
    main,
    { 'models.yaml': 'router_settings: {coldown_time: 1}' },
    'models.yaml:1:19 error router_settings.coldown_time: unknown key coldown_time',
  ],
  [
    'an included file cannot include',
    main,
    { 'models.yaml': 'include: [x.yaml]' },
    'models.yaml:1:1 error include: an included file cannot include another',
  ],
  [
    'an included file that is not there',
    main,
    {},
    'config.yaml:1:11 error include[0]: cannot read models.yaml: ENOENT',
  ],
  [
    'a text for the list',
    main.replace('[models.yaml]', 'models.yaml'),
    {},
    'config.yaml:1:10 error include: expected a list, found a text of 11 letters and digits',
  ],
  [
    'a file included twice',
    main.replace('[models.yaml]', '[models.yaml, models.yaml]'),
    { 'models.yaml': 'model_list: []' },
    'config.yaml:1:24 error include[1]: models.yaml is included twice, or includes itself',
  ],
  [
    'a file that includes itself',
    main.replace('models.yaml', 'config.yaml'),
    {},
    'config.yaml:1:11 error include[0]: config.yaml is included twice, or includes itself',
  ],
] as const;

for (const [name, text, files, expected] of faults) {
  test(name, () => assert.deepEqual(notices(text, files), [expected]));
}

test('paths are relative to the including file, absolute ones stand as they are', () => {
  const { files } = read('include: [b.yaml, /etc/c.yaml]', { path: 'a/config.yaml' });
  assert.deepEqual(files, ['a/config.yaml', 'a/b.yaml', '/etc/c.yaml']);
});

test('a file that is not there is an error at its name', () => {
  const options = { environment: {}, knownProviders: [], resolveProvider: () => undefined };
  const { notices } = readConfigurationFile('/nowhere/config.yaml', options);
  assert.deepEqual(brief(notices), ['1:1 error : cannot read /nowhere/config.yaml: ENOENT']);
});
