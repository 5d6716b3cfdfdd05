// The house as the rules see it: every text file by path, and every source file parsed once.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseResult, parseSync } from 'rolldown/utils';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Path from the root of the repository → text. Tests of the rules build small ones in memory. */
export type Texts = ReadonlyMap<string, string>;

export interface Import {
  /** A path from the root (`src/core/errors.ts`), or a package or built-in module as written. */
  readonly target: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: ParseResult['program'];
  readonly comments: ParseResult['comments'];
  readonly imports: readonly Import[];
  readonly isTest: boolean;
  /** Takes an offset in the text; returns its line, from 1. */
  lineAt(offset: number): number;
}

export interface House {
  readonly texts: Texts;
  readonly sources: readonly Source[];
}

const readable = /\.(ts|js|json|md|sql|yaml|yml|toml|txt|sh)$|(^|\/)(LICENSE|NOTICE|\.npmrc|\.gitignore)$|^\.ci\//;
const ours = ['src', 'test', 'scripts', 'bin', 'bench', 'docs', 'changes', '.ci'];

/** Reads every text file of the repository, installed and built things left out. */
export function readTexts(): Texts {
  const found = globSync(['*', '.*', ...ours.map((folder) => `${folder}/**/*`)], {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist|\.git|\.plumbline)$/.test(path),
  });
  const paths = found.filter((path) => readable.test(path)).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Takes texts; returns the house with its TypeScript and JavaScript parsed. Throws when one does not parse. */
export function openHouse(texts: Texts): House {
  const sources = [...texts].filter(([path]) => /\.(ts|js)$/.test(path)).map(([path, text]) => openSource(path, text));
  return { texts, sources };
}

function openSource(path: string, text: string): Source {
  const { program, comments, errors, module } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const targetOf = (written: string): string =>
    written.startsWith('.') ? posix.join(dirname(path), written) : written.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1');
  const still = module.staticImports.map(({ start, end, moduleRequest, entries }) => ({
    target: targetOf(moduleRequest.value),
    isTypeOnly:
      /^import\s+type\b/.test(text.slice(start, end)) || (entries.length > 0 && entries.every((e) => e.isType)),
    line: lineAt(start),
  }));
  const passedOn = module.staticExports.flatMap(({ start, end, entries }) => {
    const from = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (from === null || from === undefined) return [];
    const isTypeOnly = /^export\s+type\b/.test(text.slice(start, end));
    return [{ target: targetOf(from.value), isTypeOnly, line: lineAt(start) }];
  });
  const lazy = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const written = /^(['"])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    return written === undefined
      ? []
      : [{ target: targetOf(written), isTypeOnly: false, line: lineAt(moduleRequest.start) }];
  });
  const imports = [...still, ...passedOn, ...lazy];
  return {
    path,
    text,
    program,
    comments,
    imports,
    isTest: path.startsWith('test/') || path.endsWith('.test.ts'),
    lineAt,
  };
}
