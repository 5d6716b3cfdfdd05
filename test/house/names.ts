// Rules about names and exports: a name says what a thing holds, and every name is written out.
import { Visitor } from 'rolldown/utils';
import type { Source } from './house.ts';
import type { Rule } from './rule.ts';
import { shelves } from './shelves.ts';

/** Names that say nothing of what is inside. */
const hollow = /^(utils?|helpers?|common|misc|base|manager|service|processor|v2|new)$/;

/** Files whose name holds such a word with a meaning of its own, and which. */
const meant: Readonly<Record<string, string>> = {
  'src/audit/checks/service-unit.ts': "systemd's word for what it checks",
};

export const fileNames: Rule = {
  name: 'a file is named in kebab-case after what it holds',
  faults: ({ sources }) =>
    sources
      .filter(({ path }) => meant[path] === undefined)
      .flatMap(({ path }) => {
        const parts = path.replace(/\.(test\.)?(ts|js)$/, '').split('/');
        if (parts.some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))) return [`${path} is not in kebab-case`];
        const empty = parts.flatMap((part) => part.split('-')).find((word) => hollow.test(word));
        return empty === undefined ? [] : [`${path} has "${empty}" in its name, which does not say what it holds`];
      }),
  plants: [
    {
      files: { 'test/fakes/http-helpers.ts': '// Help.\n' },
      says: 'test/fakes/http-helpers.ts has "helpers" in its name, which does not say what it holds',
    },
    { files: { 'scripts/makeDocs.ts': '// Makes.\n' }, says: 'scripts/makeDocs.ts is not in kebab-case' },
  ],
};

/** Short forms and the words they stand for. */
const whole: Readonly<Record<string, string>> = {
  req: 'request',
  res: 'response',
  resp: 'response',
  msg: 'message',
  cfg: 'config',
  ctx: 'context',
  opts: 'options',
  err: 'error',
  str: 'text',
  idx: 'index',
  cb: 'what it does',
};

export const wholeWords: Rule = {
  name: 'names are whole words',
  faults: ({ sources }) =>
    sources.flatMap((source) => {
      const found: string[] = [];
      const note = (pattern: unknown): void => {
        for (const { name, start } of bound(pattern)) {
          const word = Object.hasOwn(whole, name) ? whole[name] : undefined;
          if (word !== undefined)
            found.push(`${source.path}:${source.lineAt(start)} calls something ${name}; say ${word}`);
        }
      };
      new Visitor({
        VariableDeclarator: ({ id }) => note(id),
        FunctionDeclaration: ({ params }) => params.forEach(note),
        FunctionExpression: ({ params }) => params.forEach(note),
        ArrowFunctionExpression: ({ params }) => params.forEach(note),
        CatchClause: ({ param }) => note(param),
      }).visit(source.program);
      return found;
    }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport const errors = (req: string) => req;\n' },
      says: 'src/core/errors.ts:2 calls something req; say request',
    },
    {
      files: { 'src/core/errors.ts': '// Errors.\nconst { a: [msg] } = { a: [1] };\nexport const errors = msg;\n' },
      says: 'src/core/errors.ts:2 calls something msg; say message',
    },
  ],
};

interface Bound {
  readonly name: string;
  readonly start: number;
}

/** Takes a binding pattern of the syntax tree; returns the names it binds. */
function bound(pattern: unknown): readonly Bound[] {
  if (typeof pattern !== 'object' || pattern === null || !('type' in pattern)) return [];
  if (pattern.type === 'Identifier' && 'name' in pattern && 'start' in pattern) {
    return [{ name: String(pattern.name), start: Number(pattern.start) }];
  }
  const inner = ['properties', 'elements', 'value', 'left', 'argument', 'parameter'];
  return Object.entries(pattern)
    .filter(([field]) => inner.includes(field))
    .flatMap(([, value]) => (Array.isArray(value) ? value.flatMap(bound) : bound(value)));
}

export const namedExports: Rule = {
  name: 'exports are named, and only a catalogue gathers what other files export',
  faults: ({ sources }) =>
    sources.flatMap((source) => {
      const found: string[] = [];
      const at = (start: number): string => `${source.path}:${source.lineAt(start)}`;
      new Visitor({
        ExportDefaultDeclaration: ({ start }) => void found.push(`${at(start)} has a default export; name it`),
        ExportAllDeclaration: ({ start }) =>
          void found.push(`${at(start)} exports whatever another file exports; name it`),
      }).visit(source.program);
      const isCatalogue = shelves.some(({ catalogue }) => catalogue === source.path);
      if (!isCatalogue && gathersOnly(source))
        found.push(`${source.path} only gathers exports; import them where they live`);
      return found;
    }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport default 1;\n' },
      says: 'src/core/errors.ts:2 has a default export; name it',
    },
    {
      files: {
        'src/core/all.ts': "// All.\nexport { errors } from './errors.ts';\nexport { kinds } from './kinds.ts';\n",
      },
      says: 'src/core/all.ts only gathers exports; import them where they live',
    },
    {
      files: { 'src/core/all.ts': "// All.\nexport * from './errors.ts';\nexport const all = 1;\n" },
      says: 'src/core/all.ts:2 exports whatever another file exports; name it',
    },
  ],
};

/** A barrel: nothing in the file but exports of our own other files. */
function gathersOnly({ program }: Source): boolean {
  const passesOn = (statement: (typeof program.body)[number]): boolean =>
    statement.type === 'ExportNamedDeclaration' && statement.source?.value.startsWith('.') === true;
  return program.body.length > 0 && program.body.every(passesOn);
}
