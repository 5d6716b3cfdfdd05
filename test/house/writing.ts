// Rules about what is written in a file: its opening, its comments, its types, its size, and words that may not stand anywhere.
import { Visitor } from 'rolldown/utils';
import type { Source } from './house.ts';
import type { Rule } from './rule.ts';

const longest = 400;

/** Files that may be longer, and why they are still one thing. */
const long: Readonly<Record<string, string>> = {
  'src/providers/compatible-providers.ts': 'one row a provider',
  'src/providers/price-table.ts': 'one row a model',
};

export const size: Rule = {
  name: `a file of more than ${longest} lines has become two things`,
  faults: ({ sources }) =>
    sources
      .filter(({ path, isTest }) => !isTest && long[path] === undefined)
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > longest)
      .map(({ path, lines }) => `${path} has ${lines} lines; has it become two things?`),
  plants: [
    {
      files: { 'src/core/errors.ts': `// Errors.\n${'\n'.repeat(400)}` },
      says: 'src/core/errors.ts has 401 lines; has it become two things?',
    },
  ],
};

export const opensWithComment: Rule = {
  name: 'a file opens with a comment: what it is, and its invariant; x.test.ts is the test of x',
  faults: ({ sources }) =>
    sources
      .filter(({ path, text }) => !path.endsWith('.test.ts') && !/^(#!.*\n)?(\/\/ \S|\/\*)/.test(text))
      .map(({ path }) => `${path} does not open with a comment that says what it is`),
  plants: [
    {
      files: { 'src/core/errors.ts': 'export const errors = 1;\n' },
      says: 'src/core/errors.ts does not open with a comment that says what it is',
    },
  ],
};

export const exportsExplained: Rule = {
  name: 'an exported function says what it takes and returns',
  faults: ({ sources }) =>
    sources
      .filter(({ path, isTest }) => path.startsWith('src/') && !isTest)
      .flatMap((source) => {
        const found: string[] = [];
        new Visitor({
          ExportNamedDeclaration({ start, declaration }) {
            const name = functionName(declaration);
            if (name === undefined || isExplained(source, start)) return;
            found.push(`${source.path}:${source.lineAt(start)} exports ${name} without a doc comment`);
          },
        }).visit(source.program);
        return found;
      }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport function errors() {}\n' },
      says: 'src/core/errors.ts:2 exports errors without a doc comment',
    },
    {
      files: {
        'src/core/errors.ts': '// Errors.\n\n/** Something else. */\nconst a = 1;\nexport const errors = () => a;\n',
      },
      says: 'src/core/errors.ts:5 exports errors without a doc comment',
    },
  ],
};

interface Declaration {
  readonly type: string;
  readonly id?: unknown;
  readonly declarations?: readonly { readonly id: unknown; readonly init: { readonly type: string } | null }[];
}

/** Takes what an export declares; returns its name when it is a function, else undefined. */
function functionName(declaration: Declaration | null): string | undefined {
  if (declaration?.type === 'FunctionDeclaration') return nameOf(declaration.id);
  const first = declaration?.declarations?.[0];
  return /^(ArrowFunction|Function)Expression$/.test(first?.init?.type ?? '') ? nameOf(first?.id) : undefined;
}

function nameOf(id: unknown): string {
  return typeof id === 'object' && id !== null && 'name' in id ? String(id.name) : 'a function';
}

function isExplained({ comments, text }: Source, start: number): boolean {
  const before = comments.findLast(({ end }) => end <= start);
  return before?.type === 'Block' && before.value.startsWith('*') && text.slice(before.end, start).trim() === '';
}

/** Places where a rule is set aside, as `path: the comment`, and why. */
const setAside: Readonly<Record<string, string>> = {};

export const typesHold: Rule = {
  name: 'no any, and no check is set aside',
  faults: ({ sources }) =>
    sources.flatMap((source) => {
      const found: string[] = [];
      new Visitor({
        TSAnyKeyword: ({ start }) =>
          void found.push(`${source.path}:${source.lineAt(start)} says any; narrow unknown instead`),
      }).visit(source.program);
      const silenced = source.comments.filter(
        ({ value }) =>
          /^\s*(@ts-|biome-ignore|eslint-disable)/.test(value) &&
          setAside[`${source.path}: ${value.trim()}`] === undefined,
      );
      return [
        ...found,
        ...silenced.map(({ start }) => `${source.path}:${source.lineAt(start)} sets a check aside; mend the cause`),
      ];
    }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport const errors: any = 1;\n' },
      says: 'src/core/errors.ts:2 says any; narrow unknown instead',
    },
    {
      files: { 'src/core/errors.ts': '// Errors.\n// @ts-expect-error\nexport const errors: number = "1";\n' },
      says: 'src/core/errors.ts:2 sets a check aside; mend the cause',
    },
  ],
};

export const catchesSpeak: Rule = {
  name: 'an empty catch needs a sentence',
  faults: ({ sources }) =>
    sources.flatMap((source) => {
      const found: string[] = [];
      new Visitor({
        CatchClause({ body }) {
          const isSaid = source.comments.some(({ start, end }) => start > body.start && end < body.end);
          if (body.body.length === 0 && !isSaid)
            found.push(`${source.path}:${source.lineAt(body.start)} has an empty catch; say why`);
        },
      }).visit(source.program);
      return found;
    }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\ntry {\n} catch {}\n' },
      says: 'src/core/errors.ts:3 has an empty catch; say why',
    },
  ],
};

export const nothingUnfinished: Rule = {
  name: 'nothing is left unfinished in a comment',
  faults: ({ sources }) =>
    sources.flatMap((source) =>
      source.comments
        .filter(({ value }) => /\b(TODO|FIXME|XXX|HACK|temporarily)\b/.test(value))
        .map(
          ({ start }) => `${source.path}:${source.lineAt(start)} leaves something unfinished; do it, or write an issue`,
        ),
    ),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\n// TODO: more of them\n' },
      says: 'src/core/errors.ts:2 leaves something unfinished; do it, or write an issue',
    },
  ],
};

export const testsRun: Rule = {
  name: 'no test is left alone or left out without a reason',
  faults: ({ sources }) =>
    sources
      .filter(({ isTest }) => isTest)
      .flatMap((source) => {
        const found: string[] = [];
        const say = (start: number, what: string): void =>
          void found.push(`${source.path}:${source.lineAt(start)} ${what}`);
        new Visitor({
          CallExpression({ callee, arguments: given, start }) {
            const called = source.text.slice(callee.start, callee.end);
            if (/^(test|it|describe|suite)\.only$/.test(called)) say(start, 'runs one test alone');
            if (/^(test|it|describe|suite)\.(skip|todo)$/.test(called))
              say(start, 'leaves a test out; give { skip: reason }');
            if (/\.skip$/.test(called) && given.length === 0) say(start, 'skips without a reason');
          },
          Property({ key, value, start }) {
            const written = `${source.text.slice(key.start, key.end)}: ${source.text.slice(value.start, value.end)}`;
            if (written === 'only: true') say(start, 'runs one test alone');
            if (written === 'skip: true') say(start, 'skips without a reason');
          },
        }).visit(source.program);
        return found;
      }),
  plants: [
    { files: { 'test/a.test.ts': "// A.\ntest.only('a', () => {});\n" }, says: 'test/a.test.ts:2 runs one test alone' },
    {
      files: { 'test/a.test.ts': "// A.\ntest('a', { skip: true }, () => {});\n" },
      says: 'test/a.test.ts:2 skips without a reason',
    },
    {
      files: { 'test/a.test.ts': "// A.\ntest('a', (t) => t.skip());\n" },
      says: 'test/a.test.ts:2 skips without a reason',
    },
    {
      files: { 'test/a.test.ts': "// A.\ntest.todo('a');\n" },
      says: 'test/a.test.ts:2 leaves a test out; give { skip: reason }',
    },
  ],
};

/** Places of the machines this is written on, and hosts that packages come from: neither means anything elsewhere. */
const foreign: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a path of one machine', pattern: /(^|[^a-zA-Z.\w])\/(work|farm|root)\// },
  {
    what: 'a registry',
    pattern: /registry\.(npmjs\.org|yarnpkg\.com|npmmirror\.com)|\b(pypi|pythonhosted)\.org\b|deb\.debian\.org/,
  },
  { what: 'a registry', pattern: /"resolved": *"https?:|^ *(@[a-z-]+:)?registry *=|index[-]url/m },
];

export const nothingForeign: Rule = {
  name: 'no file names a path of one machine or a registry',
  faults: ({ texts }) =>
    [...texts].flatMap(([path, text]) =>
      foreign.flatMap(({ what, pattern }) => {
        const at = text.search(pattern);
        return at < 0 ? [] : [`${path}:${text.slice(0, at + 1).split('\n').length} names ${what}`];
      }),
    ),
  plants: [
    { files: { 'docs/a.md': `see ${['', 'work', 'x'].join('/')}\n` }, says: 'docs/a.md:1 names a path of one machine' },
    {
      files: { 'docs/a.md': `\nfrom ${['registry', 'npmjs', 'org'].join('.')}\n` },
      says: 'docs/a.md:2 names a registry',
    },
  ],
};

export const gettersInClasses: Rule = {
  name: 'a getter stands in a class: V8 gives every literal with one a hidden class of its own, and keeps it',
  faults: ({ sources }) =>
    sources
      .filter(({ path, isTest }) => path.startsWith('src/') && !isTest)
      .flatMap((source) => {
        const found: string[] = [];
        new Visitor({
          ObjectExpression({ properties }) {
            const getter = properties.find((property) => property.type === 'Property' && property.kind === 'get');
            if (getter === undefined) return;
            found.push(
              `${source.path}:${source.lineAt(getter.start)} has a getter in an object literal; make it a class`,
            );
          },
        }).visit(source.program);
        return found;
      }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport const errors = { get one() { return 1; } };\n' },
      says: 'src/core/errors.ts:2 has a getter in an object literal; make it a class',
    },
  ],
};
