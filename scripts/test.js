// What `npm test` runs: installs what is missing, builds what has changed, then runs the tests on the pinned Node.
// npm test -- src/kit test/cli narrows to folders, files or patterns.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chooseNode } from '../bin/pinned-node.js';
import { ensureInstalled, root, say } from './install.js';

function run(node, ...parts) {
  const result = spawnSync(node, parts, { cwd: root, stdio: 'inherit' });
  if (result.error) throw result.error;
  return result.status ?? 3;
}

function test() {
  ensureInstalled();
  const node = chooseNode();
  if (existsSync(`${root}src/main.ts`)) {
    const status = run(node, 'scripts/build.ts', '--if-changed');
    if (status !== 0) return status;
  }
  return run(node, 'scripts/run-tests.ts', ...process.argv.slice(2));
}

try {
  process.exitCode = test();
} catch (error) {
  say(`error: ${error.message}`);
  process.exitCode = 3;
}
