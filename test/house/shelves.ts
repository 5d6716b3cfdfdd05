// Where things stand: the floors, and the shelves with their contracts and catalogues. ARCHITECTURE.md draws the same.

export const floors: Readonly<Record<string, number>> = {
  kit: 0,
  core: 1,
  config: 2,
  store: 2,
  providers: 2,
  telemetry: 2,
  tools: 2,
  gateway: 3,
  access: 3,
  admin: 3,
  adopt: 3,
  audit: 3,
  http: 4,
  'app.ts': 5,
  cli: 6,
  'main.ts': 7,
};

export interface Shelf {
  readonly folder: string;
  readonly contract: string;
  readonly catalogue: string;
}

export const shelves: readonly Shelf[] = [
  shelf('src/providers', 'provider.ts'),
  shelf('src/tools', 'tool-source.ts'),
  shelf('src/gateway/dialects', 'dialect.ts'),
  shelf('src/gateway/strategies', 'strategy.ts'),
  shelf('src/gateway/guardrails', 'guardrail.ts'),
  { folder: 'src/store/tables/', contract: 'src/store/table.ts', catalogue: 'src/store/index.ts' },
  { folder: 'src/audit/checks/', contract: 'src/audit/check.ts', catalogue: 'src/audit/checks/index.ts' },
  { folder: 'src/cli/commands/', contract: 'src/cli/command.ts', catalogue: 'src/cli/commands/index.ts' },
];

function shelf(folder: string, contract: string): Shelf {
  return { folder: `${folder}/`, contract: `${folder}/${contract}`, catalogue: `${folder}/index.ts` };
}

/** Takes a path under src/; returns its room: the folder below src/, or the file itself when it stands at the top. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

/** Takes a file's path; returns the name its main export should have: `weighted-shuffle.ts` → `weightedShuffle`. */
export function exportNameOf(path: string): string {
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
  return stem.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
