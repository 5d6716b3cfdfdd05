// Rules about doors: for each way out of the house (environment, network, processes, database, packages) the files that may use it.
import { Visitor } from 'rolldown/utils';
import type { House, Source } from './house.ts';
import type { Rule } from './rule.ts';

/** Package or built-in module → the files or folders of src/ that may import it. A package not named here has not been argued for. */
const doors: Readonly<Record<string, readonly string[]>> = {
  undici: ['src/kit/opener.ts', 'src/kit/http2-lane.ts'],
  pg: ['src/store/'],
  '@electric-sql/pglite': ['src/store/'],
  yaml: ['src/config/', 'src/adopt/'],
  commander: ['src/cli/'],
  zod: ['src/admin/', 'src/config/', 'src/adopt/'],
  '@noble/ciphers': ['src/kit/litellm-seal.ts'],
  '@opentelemetry/api': ['src/telemetry/'],
  '@opentelemetry/sdk-trace': ['src/telemetry/'],
  '@opentelemetry/resources': ['src/telemetry/'],
  '@opentelemetry/otlp-transformer': ['src/telemetry/'],
  '@smithy/signature-v4': ['src/kit/aws-signature.ts'],
  '@aws-sdk/credential-providers': ['src/kit/aws-identity.ts'],
  'google-auth-library': ['src/kit/google-identity.ts'],
  'gpt-tokenizer': ['src/gateway/', 'src/core/', 'src/kit/'],
  'node:cluster': ['src/cli/crew/'],
  'node:child_process': ['src/store/', 'src/tools/mcp.ts'],
  'node:http': ['src/http/response.ts'],
  'node:https': [],
  'node:http2': [],
  'node:net': [
    'src/http/server.ts',
    'src/http/free-port.ts',
    'src/http/landed.ts',
    'src/kit/address-block.ts',
    'src/kit/address-guard.ts',
  ],
  'node:tls': ['src/kit/opener.ts'],
  'node:dgram': [],
  'node:process': [],
};

function ordinary(house: House): readonly Source[] {
  return house.sources.filter(({ path, isTest }) => path.startsWith('src/') && !isTest);
}

function isAmong(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || (place.endsWith('/') && path.startsWith(place)));
}

function listed(places: readonly string[]): string {
  return places.length === 0 ? 'nobody' : places.join(', ');
}

export const packagesHaveDoors: Rule = {
  name: 'each package and each way out is imported only where it belongs',
  faults: (house) =>
    ordinary(house).flatMap(({ path, imports }) =>
      imports.flatMap(({ target, isTypeOnly, line }) => {
        const places = doors[target];
        const isPackage = !target.startsWith('node:') && (target.startsWith('@') || !/[/]|\.json$/.test(target));
        if (places === undefined) {
          return isPackage
            ? [
                `${path}:${line} imports ${target}, a package nobody has argued for; see CONTRIBUTING.md, then test/house/doors.ts`,
              ]
            : [];
        }
        const isFree = isTypeOnly && target.startsWith('node:');
        return isFree || isAmong(path, places) ? [] : [`${path}:${line} imports ${target}; only ${listed(places)} may`];
      }),
    ),
  plants: [
    {
      files: { 'src/providers/groq.ts': "// Groq.\nimport { Pool } from 'undici';\nexport const groq = Pool;\n" },
      says: 'src/providers/groq.ts:2 imports undici; only src/kit/opener.ts, src/kit/http2-lane.ts may',
    },
    {
      files: { 'src/kit/clock.ts': "// Time.\nimport { connect } from 'node:net';\nexport const clock = connect;\n" },
      says: 'src/kit/clock.ts:2 imports node:net; only src/http/server.ts, src/http/free-port.ts, src/http/landed.ts, src/kit/address-block.ts, src/kit/address-guard.ts may',
    },
    {
      files: { 'src/kit/clock.ts': "// Time.\nimport days from 'left-pad/deep';\nexport const clock = days;\n" },
      says: 'src/kit/clock.ts:2 imports left-pad, a package nobody has argued for; see CONTRIBUTING.md, then test/house/doors.ts',
    },
    {
      files: {
        'src/core/errors.ts': "// Errors.\nimport { spawn } from 'node:child_process';\nexport const errors = spawn;\n",
      },
      says: 'src/core/errors.ts:2 imports node:child_process; only src/store/, src/tools/mcp.ts may',
    },
  ],
};

/** What is reached through a global or a method, by the shape of the expression, and where it may be. */
const guarded: readonly { readonly what: string; readonly pattern: RegExp; readonly places: readonly string[] }[] = [
  { what: 'process.env', pattern: /^process\.env$/, places: ['src/config/load.ts'] },
  { what: 'process.exit', pattern: /^process\.(exit|exitCode|reallyExit|abort)$/, places: ['src/main.ts'] },
  {
    what: 'reveal()',
    pattern: /\.reveal$/,
    places: [
      'src/kit/aws-identity.ts',
      'src/kit/google-identity.ts',
      'src/kit/litellm-seal.ts',
      'src/kit/seal.ts',
      'src/kit/upstream.ts',
      'src/store/index.ts',
      'src/store/litellm/open-litellm.ts',
    ],
  },
];

export const guardedMembers: Rule = {
  name: 'only config/load.ts reads the environment, only main.ts exits, only sealing, calling out and the database connection reveal',
  faults: (house) =>
    ordinary(house).flatMap((source) =>
      memberExpressions(source).flatMap(({ text, line }) =>
        guarded
          .filter(({ pattern, places }) => pattern.test(text) && !isAmong(source.path, places))
          .map(({ what, places }) => `${source.path}:${line} uses ${what}; only ${listed(places)} may`),
      ),
    ),
  plants: [
    {
      files: { 'src/core/errors.ts': "// Errors.\nexport const errors = process.env['HOME'];\n" },
      says: 'src/core/errors.ts:2 uses process.env; only src/config/load.ts may',
    },
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport const errors = () => process.exit(1);\n' },
      says: 'src/core/errors.ts:2 uses process.exit; only src/main.ts may',
    },
    {
      files: {
        'src/core/errors.ts': '// Errors.\nexport const errors = (key: { reveal(): string }) => key\n  .reveal();\n',
      },
      says: 'src/core/errors.ts:2 uses reveal(); only src/kit/aws-identity.ts, src/kit/google-identity.ts, src/kit/litellm-seal.ts, src/kit/seal.ts, src/kit/upstream.ts, src/store/index.ts, src/store/litellm/open-litellm.ts may',
    },
  ],
};

function memberExpressions(source: Source): readonly { readonly text: string; readonly line: number }[] {
  const found: { text: string; line: number }[] = [];
  new Visitor({
    MemberExpression({ start, end }) {
      found.push({ text: source.text.slice(start, end).replace(/[\s?]/g, ''), line: source.lineAt(start) });
    },
  }).visit(source.program);
  return found;
}

const reachesOut = new Set(['fetch', 'WebSocket', 'EventSource']);

export const noWebClient: Rule = {
  name: 'nobody reaches out by the web globals; the way out is kit/upstream.ts',
  faults: (house) =>
    ordinary(house).flatMap((source) => {
      const found: string[] = [];
      const note = (callee: { readonly type: string; readonly start: number; readonly end: number }): void => {
        const name = source.text.slice(callee.start, callee.end);
        if (callee.type !== 'Identifier' || !reachesOut.has(name)) return;
        found.push(`${source.path}:${source.lineAt(callee.start)} calls ${name}; only kit/upstream.ts reaches out`);
      };
      new Visitor({ CallExpression: ({ callee }) => note(callee), NewExpression: ({ callee }) => note(callee) }).visit(
        source.program,
      );
      return found;
    }),
  plants: [
    {
      files: { 'src/providers/groq.ts': "// Groq.\nexport const groq = () => fetch('x');\n" },
      says: 'src/providers/groq.ts:2 calls fetch; only kit/upstream.ts reaches out',
    },
  ],
};

const sql =
  /\b(select\b[\s\S]+\bfrom\s+\w|insert\s+into\s+\w|update\s+[\w."]+\s+set\s+\w|delete\s+from\s+\w|(create|alter|drop)\s+(table|index|schema|type)\s)/i;

export const sqlInStore: Rule = {
  name: 'only store speaks SQL',
  faults: (house) =>
    ordinary(house)
      .filter(({ path }) => !path.startsWith('src/store/'))
      .flatMap((source) => {
        const found: string[] = [];
        const note = ({ start, end }: { readonly start: number; readonly end: number }): void => {
          if (!sql.test(source.text.slice(start, end))) return;
          found.push(`${source.path}:${source.lineAt(start)} holds SQL; only src/store/ speaks it`);
        };
        new Visitor({ Literal: (node) => typeof node.value === 'string' && note(node), TemplateLiteral: note }).visit(
          source.program,
        );
        return found;
      }),
  plants: [
    {
      files: { 'src/core/errors.ts': '// Errors.\nexport const errors = `select id\n  from keys`;\n' },
      says: 'src/core/errors.ts:2 holds SQL; only src/store/ speaks it',
    },
  ],
};
