// A folder for one test, that other accounts may pass through (run by root, the embedded PostgreSQL is another user's).
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns a fresh folder's path below the system's folder for temporary files, and how to remove it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'plumbline-life-'));
  chmodSync(root, 0o755);
  return { path: join(root, 'data'), remove: () => rmSync(root, { recursive: true, force: true }) };
}
