// Rules about who may import whom: arrows point down, never sideways, and never in a circle.
import { dirname, relative } from 'node:path/posix';
import type { House, Import, Source } from './house.ts';
import type { Rule } from './rule.ts';
import { exportNameOf, floors, roomOf, type Shelf, shelves } from './shelves.ts';

/** A room that is handed what it needs, and may not fetch it although it stands below. */
const handed: Readonly<Record<string, readonly string[]>> = { gateway: ['store', 'config'] };

function inSource(house: House): readonly Source[] {
  return house.sources.filter(({ path }) => path.startsWith('src/'));
}

/** Sources whose imports count: tests stand beside the house. */
function inHouse(house: House): readonly Source[] {
  return inSource(house).filter(({ isTest }) => !isTest);
}

export const floorsHold: Rule = {
  name: 'a file imports from lower floors and from its own room only',
  faults: (house) => inSource(house).flatMap((source) => source.imports.flatMap((found) => floorFault(source, found))),
  plants: [
    {
      files: {
        'src/kit/log.ts': "// Logs.\nimport { errors } from '../core/errors.ts';\nexport const log = errors;\n",
      },
      says: 'src/kit/log.ts:2 imports src/core/errors.ts, but kit (floor 0) may not look up to core (floor 1)',
    },
    {
      files: {
        'src/store/open.ts':
          "// Opens.\nimport type { Provider } from '../providers/provider.ts';\nexport type P = Provider;\n",
      },
      says: 'src/store/open.ts:2 imports src/providers/provider.ts, but store and providers stand on the same floor and are blind to each other',
    },
    {
      files: {
        'src/gateway/resolve.ts':
          "// Resolves.\nimport { open } from '../store/index.ts';\nexport const resolve = open;\n",
      },
      says: 'src/gateway/resolve.ts:2 imports src/store/index.ts, but gateway is handed what it needs of store as Parts',
    },
    {
      files: {
        'src/lonely/thing.ts': '// A thing.\nexport const thing = 1;\n',
        'src/core/uses.ts': "// Uses.\nimport { thing } from '../lonely/thing.ts';\nexport const uses = thing;\n",
      },
      says: 'src/core/uses.ts:2 imports src/lonely/thing.ts, but lonely has no floor; give it one in test/house/shelves.ts and ARCHITECTURE.md',
    },
    {
      files: {
        'src/core/fake.ts': "// Fakes.\nimport { fake } from '../../test/fake.ts';\nexport const real = fake;\n",
      },
      says: 'src/core/fake.ts:2 imports test/fake.ts, which stands outside the house',
    },
  ],
};

function floorFault(source: Source, { target, line }: Import): readonly string[] {
  if (!target.includes('/') || target.startsWith('@') || (source.isTest && target.startsWith('test/'))) return [];
  const where = `${source.path}:${line} imports ${target}`;
  if (!target.startsWith('src/')) return [`${where}, which stands outside the house`];
  const [from, to] = [roomOf(source.path), roomOf(target)];
  if (from === to) return [];
  const [own, other] = [floors[from], floors[to]];
  const homeless = own === undefined ? from : to;
  if (own === undefined || other === undefined) {
    return [`${where}, but ${homeless} has no floor; give it one in test/house/shelves.ts and ARCHITECTURE.md`];
  }
  if (other > own) return [`${where}, but ${from} (floor ${own}) may not look up to ${to} (floor ${other})`];
  if (other === own) return [`${where}, but ${from} and ${to} stand on the same floor and are blind to each other`];
  if (handed[from]?.includes(to)) return [`${where}, but ${from} is handed what it needs of ${to} as Parts`];
  return [];
}

export const noLoops: Rule = {
  name: 'no file imports itself by way of others',
  faults: (house) =>
    loops(new Map(inHouse(house).map(({ path, imports }) => [path, imports.map(({ target }) => target)]))),
  plants: [
    {
      files: {
        'src/core/a.ts': "// A.\nimport { b } from './b.ts';\nexport const a = b;\n",
        'src/core/b.ts': "// B.\nimport { a } from './a.ts';\nexport const b = a;\n",
      },
      says: 'src/core/a.ts → src/core/b.ts → src/core/a.ts is a loop; what they share belongs below them',
    },
  ],
};

/** Takes file → imported files; returns one sentence for each loop, found by walking from each file in order. */
function loops(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const from = trail.indexOf(path);
    if (from >= 0) found.push([...trail.slice(from), path].join(' → '));
    if (from >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found.map((loop) => `${loop} is a loop; what they share belongs below them`);
}

/** The files of a shelf that its catalogue names. */
function membersOf(shelf: Shelf, house: House): ReadonlySet<string> {
  const catalogue = house.sources.find(({ path }) => path === shelf.catalogue);
  const named = (catalogue?.imports ?? []).filter(({ target }) => target.startsWith(shelf.folder));
  return new Set(named.map(({ target }) => target).filter((path) => path !== shelf.contract));
}

export const membersApart: Rule = {
  name: "a shelf's members do not import each other, and its contract imports none of them",
  faults: (house) =>
    shelves.flatMap((shelf) => {
      const members = membersOf(shelf, house);
      const bound = inHouse(house).filter(({ path }) => members.has(path) || path === shelf.contract);
      return bound.flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => members.has(target))
          .map(({ target, line }) =>
            path === shelf.contract
              ? `${path}:${line} imports ${target}, but a contract never imports a member`
              : `${path}:${line} imports ${target}, but members of a shelf do not import each other; what they share moves below them under its own name`,
          ),
      );
    }),
  plants: [
    {
      files: {
        'src/providers/index.ts':
          "// All.\nimport { groq } from './groq.ts';\nimport { xai } from './xai.ts';\nexport const providers = [groq, xai];\n",
        'src/providers/xai.ts': "// XAI.\nimport { groq } from './groq.ts';\nexport const xai = groq;\n",
      },
      says: 'src/providers/xai.ts:2 imports src/providers/groq.ts, but members of a shelf do not import each other; what they share moves below them under its own name',
    },
    {
      files: {
        'src/providers/provider.ts':
          "// The contract.\nimport type { groq } from './groq.ts';\nexport type Provider = typeof groq;\n",
        'src/providers/groq.ts': '// Groq.\nexport const groq = 1;\n',
      },
      says: 'src/providers/provider.ts:2 imports src/providers/groq.ts, but a contract never imports a member',
    },
  ],
};

/** Files that only tests import as yet, and why they stand in the house all the same. */
const waiting: Readonly<Record<string, string>> = {
  'src/store/schema.ts': 'schema.sql is written and checked with it; the audit will compare a live database by it',
};

export const nothingForgotten: Rule = {
  name: 'every file is used, and every member of a shelf stands in its catalogue',
  faults: (house) => {
    const used = new Set(inHouse(house).flatMap(({ imports }) => imports.map(({ target }) => target)));
    const isRoot = (path: string): boolean =>
      path === 'src/main.ts' || waiting[path] !== undefined || shelves.some(({ catalogue }) => catalogue === path);
    const forgotten = inHouse(house).filter(({ path }) => !isRoot(path) && !used.has(path));
    return forgotten.map(({ path }) => {
      const shelf = shelves.find(({ folder }) => path.startsWith(folder));
      if (shelf === undefined) return `${path} is imported by nothing; use it or delete it`;
      return `${path} is missing from its catalogue; add to ${shelf.catalogue}: ${catalogueLine(shelf, path)}`;
    });
  },
  plants: [
    {
      files: { 'src/providers/lost-one.ts': '// Lost.\nexport const lostOne = 1;\n' },
      says: "src/providers/lost-one.ts is missing from its catalogue; add to src/providers/index.ts: import { lostOne } from './lost-one.ts';",
    },
    {
      files: { 'src/core/unread.ts': '// Unread.\nexport const unread = 1;\n' },
      says: 'src/core/unread.ts is imported by nothing; use it or delete it',
    },
  ],
};

function catalogueLine(shelf: Shelf, path: string): string {
  return `import { ${exportNameOf(path)} } from './${relative(dirname(shelf.catalogue), path)}';`;
}

export const memberNames: Rule = {
  name: 'a member of a shelf exports its own name',
  faults: (house) =>
    shelves.flatMap((shelf) =>
      [...membersOf(shelf, house)].flatMap((path) => {
        const text = house.texts.get(path);
        const name = exportNameOf(path);
        const isThere =
          text === undefined || new RegExp(`export (const|function|async function|class) ${name}\\b`).test(text);
        return isThere ? [] : [`${path} does not export ${name}; the main export is the file's name in camelCase`];
      }),
    ),
  plants: [
    {
      files: {
        'src/providers/index.ts':
          "// All.\nimport { groq } from './groq.ts';\nimport { grok } from './xai.ts';\nexport const providers = [groq, grok];\n",
        'src/providers/xai.ts': '// XAI.\nexport const grok = 1;\n',
      },
      says: "src/providers/xai.ts does not export xai; the main export is the file's name in camelCase",
    },
  ],
};
