import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, marked, read } from './reading.ts';

const entry = '{model_name: a, litellm_params: {model: ollama/x}}';

/** § marks the place that the notice must name. */
const faults = [
  ['a tab for indentation', 'model_list:\n§\t- x\n', 'error : a tab is used for indentation'],
  [
    'a quote that is not closed',
    `model_list: [${entry}]\ngeneral_settings: {master_key: "sk§`,
    'error : a character is missing here, such as a closing quote, bracket, colon or comma',
  ],
  [
    'a key given twice',
    `model_list: [${entry}]\nlitellm_settings: {drop_params: true, §drop_params: false}`,
    'error litellm_settings.drop_params: this key is given twice, first at config.yaml:2:20',
  ],
  [
    'a section given twice',
    `model_list: [${entry}]\n§model_list: []`,
    'error model_list: this key is given twice, first at config.yaml:1:1',
  ],
  ['an alias without an anchor', `model_list: [§*none]`, 'error : this alias (*name) has no anchor (&name) before it'],
  ['a second document', `model_list: [${entry}]\n§---\nx: 1\n`, 'error : a second document begins here'],
  [
    'a tag',
    `model_list: [${entry}]\ngeneral_settings: {master_key: §!secret x}`,
    'error : this tag (!name) is not understood',
  ],
  ['a list for a key', `model_list: [${entry}]\n? §[a]\n: b\n`, 'error : a list or a dictionary cannot be a key'],
  ['a text instead of a dictionary', '§hello', 'error : expected a dictionary, found a scalar'],
  [
    'a merge of something else',
    `model_list: [{model_name: a, litellm_params: {<<: §7, model: ollama/x}}]`,
    'error model_list[0].litellm_params: only a dictionary can be merged',
  ],
  ['an empty file', '§', 'warning : the file is empty'],
] as const;

for (const [what, line, expected] of faults) {
  test(`${what} is reported in its place`, () => {
    const { text, at } = marked(line);
    assert.ok(brief(read(text).notices).includes(`${at} ${expected}`), brief(read(text).notices).join('\n'));
  });
}

test('anchors, merge keys and PyYAML words read as LiteLLM reads them', () => {
  const text = `
shared: &shared {api_base: "http://a.test", tpm: 1_000_000, drop_params: Yes}
model_list:
  - model_name: a
    litellm_params: {<<: *shared, model: openai/x, api_key: k}
  - model_name: b
    litellm_params: {<<: [{rpm: 1}, *shared], api_base: "http://b.test", model: openai/y, api_key: k}
`;
  const { declaration, notices } = read(text);
  assert.deepEqual(brief(notices), ['2:1 error shared: unknown key shared']);
  assert.deepEqual(
    declaration.deployments.map(({ baseUrl, parameters }) => [baseUrl, parameters]),
    [
      ['http://a.test', { tpm: 1_000_000, dropParameters: true }],
      ['http://b.test', { rpm: 1, tpm: 1_000_000, dropParameters: true }],
    ],
  );
});

test('JSON is read too, and a byte order mark does not matter', () => {
  const text = `\uFEFF${JSON.stringify({ model_list: [{ model_name: 'a', litellm_params: { model: 'ollama/x' } }] })}`;
  const { declaration, notices } = read(text);
  assert.deepEqual(notices, []);
  assert.equal(declaration.deployments.length, 1);
});

test('no complaint of the parser quotes the file', () => {
  for (const text of [
    'a: "sk-swordfish',
    'a: sk-swordfish: b',
    '}sk-swordfish{',
    '- sk-swordfish\nb: 1',
    '%sk-swordfish\n---\n',
  ])
    assert.doesNotMatch(JSON.stringify(read(text).notices), /swordfish/);
});

const bombs = [
  ['an alias inside its own anchor', 'model_list: &a [*a, *a]'],
  [
    'a billion laughs',
    [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefghi'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`),
    ].join('\n'),
  ],
  ['a hostile nesting', `model_list: ${'['.repeat(20_000)}`],
  ['a closed hostile nesting', `model_list: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
] as const;

for (const [what, text] of bombs) {
  test(`${what} is an error, not a crash`, () => {
    assert.ok(read(text).notices.some(({ severity }) => severity === 'error'));
  });
}
