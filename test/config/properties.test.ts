import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileReading } from '../../src/config/file-reading.ts';
import {
  generalSettings,
  type KeyTable,
  litellmParams,
  litellmSettings,
  requestParameters,
  routerSettings,
  toolServerKeys,
  topKeys,
} from '../../src/config/litellm-keys.ts';
import { renderNotices } from '../../src/config/notices.ts';
import {
  aliasWords,
  deploymentParts,
  deploymentWords,
  routerWords,
  toolWords,
  topWords,
} from '../../src/config/plumbline-words.ts';
import { read } from './reading.ts';

const sections: Readonly<Record<string, KeyTable>> = {
  litellm_settings: litellmSettings,
  router_settings: routerSettings,
  general_settings: generalSettings,
};

const models = 'model_list: [{model_name: chat, litellm_params: {model: ollama/a}}]\n';

/** Holds of every reading, whatever was read. */
function checkSound({ notices, declaration }: FileReading, text: string): void {
  const lines = text.split('\n').length;
  for (const { line, column, says } of notices) {
    assert.ok(line >= 1 && line <= lines && column >= 1 && says !== '', `${line}:${column} ${says}`);
  }
  assert.equal(renderNotices(notices).split('\n').length, notices.length + 1);
  const aliases = new Set(declaration.aliases.map(({ name }) => name));
  for (const { alias, credential } of declaration.deployments) {
    assert.ok(aliases.has(alias));
    assert.ok(credential === null || declaration.credentials.some(({ name }) => name === credential));
  }
  const ids = declaration.deployments.map(({ id }) => id);
  const isUnique = new Set(ids).size === ids.length;
  assert.ok(isUnique || notices.some(({ severity }) => severity === 'error'));
}

const keys = [...Object.keys(topKeys), ...Object.keys(litellmParams), ...Object.values(sections).flatMap(Object.keys)];
const words = fc.constantFrom(
  'chat',
  '*',
  'openai/*',
  'ollama/a',
  'os.environ/X',
  'os.environ/',
  '',
  'yes',
  '1',
  'a.b',
  '__proto__',
);
const leaf = fc.oneof(words, fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...keys, 'model_name', 'litellm_params', 'model_info', '__proto__'), fc.string()),
      tie('tree'),
      { maxKeys: 5 },
    ),
  ),
}));

test('any JSON reads without throwing, and what it declares hangs together', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const text = JSON.stringify(value);
      checkSound(read(text), text);
    }),
    { numRuns: 300 },
  );
});

test('sections that look right but hold anything read without throwing', () => {
  const entry = fc.record(
    {
      model_name: fc.oneof(words, tree),
      litellm_params: fc.dictionary(fc.constantFrom(...Object.keys(litellmParams)), tree),
      model_info: tree,
    },
    { requiredKeys: [] },
  );
  const section = (table: KeyTable) => fc.dictionary(fc.constantFrom(...Object.keys(table)), tree, { maxKeys: 8 });
  const file = fc.record(
    {
      model_list: fc.array(entry, { maxLength: 4 }),
      credential_list: tree,
      guardrails: tree,
      include: tree,
      environment_variables: tree,
      mcp_servers: fc.dictionary(words, fc.dictionary(fc.constantFrom(...Object.keys(toolServerKeys)), tree)),
      ...Object.fromEntries(Object.entries(sections).map(([name, table]) => [name, section(table)])),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(file, (value) => {
      const text = JSON.stringify(value, null, 1);
      checkSound(read(text, { environment: { X: '7' } }), text);
    }),
    { numRuns: 300 },
  );
});

test('a file in our own form that holds anything reads without throwing, and is told of in our own words', () => {
  const of = (keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), tree, { maxKeys: 8 });
  const deployment = of([...Object.keys(deploymentWords), ...deploymentParts]);
  const model = fc.oneof(
    tree,
    deployment,
    fc.array(deployment, { maxLength: 3 }),
    of([...Object.keys(aliasWords), ...Object.keys(deploymentWords)]),
  );
  const file = fc.record(
    {
      plumbline: fc.oneof(fc.constant(1), tree),
      models: fc.oneof(tree, fc.dictionary(words, model, { maxKeys: 4 })),
      credentials: fc.oneof(tree, fc.dictionary(words, tree, { maxKeys: 3 })),
      tool_servers: fc.oneof(tree, fc.dictionary(words, of(Object.keys(toolWords)), { maxKeys: 3 })),
      router: fc.oneof(tree, of(Object.keys(routerWords))),
    },
    { requiredKeys: ['models'] },
  );
  fc.assert(
    fc.property(file, (value) => {
      const text = JSON.stringify(value, null, 1);
      const reading = read(text, { environment: { X: '7' } });
      checkSound(reading, text);
      const theirs = /model_list|model_name|litellm_\w+|credential_list|mcp_servers|api_base|api_key|auth_type/g;
      for (const { says, mend } of reading.notices)
        for (const [word] of `${says} ${mend}`.matchAll(theirs)) assert.ok(text.includes(word), `${says}; ${mend}`);
    }),
    { numRuns: 300 },
  );
});

test('any text reads without throwing', () => {
  const token = fc.constantFrom(
    'model_list',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '<<',
    '"',
    "'",
    '#',
    '|',
    '\t',
    '---',
    '!t ',
    '? ',
    ',',
    '\u0000',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.oneof(token, fc.string({ maxLength: 3 })), { maxLength: 40 }).map((parts) => parts.join('')),
      ),
      (text) => {
        checkSound(read(text), text);
      },
    ),
    { numRuns: 500 },
  );
});

test('an unknown key is reported where it stands, in whatever section and line', () => {
  const name = fc.stringMatching(/^[a-z]{3,8}_[a-z]{3,8}$/);
  const quiet = ['# a line of comment', '', 'telemetry: false'];
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(sections)),
      name,
      fc.nat(4),
      fc.nat(6),
      (section, key, above, indent) => {
        fc.pre(!Object.hasOwn(sections[section] ?? {}, key));
        const pad = ' '.repeat(indent + 1);
        const filler = Array.from({ length: above }, (_, line) => quiet[line % 2] ?? '');
        const text = `${models}${section}:\n${filler.map((line) => pad + line).join('\n')}\n${pad}${key}: 1\n`;
        const found = read(text).notices.filter(({ says }) => says === `unknown key ${key}`);
        const line = text.split('\n').findIndex((one) => one.trim() === `${key}: 1`) + 1;
        assert.deepEqual(
          found.map((notice) => [notice.severity, notice.line, notice.column, notice.path]),
          [['error', line, indent + 2, `${section}.${key}`]],
        );
      },
    ),
  );
});

test('a known parameter of a deployment with a letter missing is an error that names a known one', () => {
  const known = [...Object.keys(litellmParams), ...requestParameters];
  const long = known.filter((key) => key.length > 4);
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), (key, seed) => {
      const at = seed % key.length;
      const slip = key.slice(0, at) + key.slice(at + 1);
      fc.pre(!known.includes(slip));
      const { notices } = read(
        `model_list:\n- model_name: a\n  litellm_params:\n    model: ollama/x\n    ${slip}: 1\n`,
      );
      const notice = notices.find(({ line, column }) => line === 5 && column === 5);
      assert.equal(notice?.severity, 'error', slip);
      const meant = /did you mean (\w+)\?/.exec(notice?.mend ?? '')?.[1] ?? '';
      assert.ok(known.includes(meant) && Math.abs(meant.length - slip.length) <= 1, `${meant} for ${slip}`);
    }),
  );
});

test('a value from the environment never shows in a notice, whatever key it stands under', () => {
  const environment = { CANARY: 'swordfish and more' };
  const everywhere = Object.entries({ ...sections, top: topKeys }).flatMap(([section, table]) =>
    Object.keys(table).map((key) => (section === 'top' ? `${key}: ` : `${section}:\n  ${key}: `)),
  );
  const inEntry = Object.keys(litellmParams).map(
    (key) => `model_list:\n- model_name: a\n  litellm_params:\n    ${key}: `,
  );
  const inTools = Object.keys(toolServerKeys).map((key) => `mcp_servers:\n  one:\n    ${key}: `);
  const inOurs = [
    ...Object.keys(topWords).map((key) => `plumbline: 1\n${key}: `),
    ...[...Object.keys(aliasWords), ...Object.keys(deploymentWords), ...deploymentParts].map(
      (key) => `models:\n  a:\n    ${key}: `,
    ),
    ...Object.keys(routerWords).map((key) => `plumbline: 1\nrouter:\n  ${key}: `),
    ...Object.keys(toolWords).map((key) => `plumbline: 1\ntool_servers:\n  a:\n    ${key}: `),
    'plumbline: 1\ncredentials:\n  a: ',
    'plumbline: 1\ncredentials:\n  a:\n    key: ',
  ];
  for (const start of [...everywhere, ...inEntry, ...inTools, ...inOurs]) {
    for (const value of [
      'os.environ/CANARY',
      '[os.environ/CANARY]',
      '{os.environ/CANARY: os.environ/CANARY, model: os.environ/CANARY}',
    ]) {
      const reading = read(start + value, { environment });
      assert.doesNotMatch(JSON.stringify(reading.notices), /swordfish/, start + value);
    }
  }
});
