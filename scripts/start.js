// What `npm start` runs: installs what is missing, builds what has changed, then starts the gateway in this same process, so that
// signals and exit codes are the gateway's own. Arguments go on to it: npm start -- --port 5000
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chooseNode } from '../bin/pinned-node.js';
import { ensureInstalled, root, say } from './install.js';

function build() {
  const built = spawnSync(chooseNode(), ['scripts/build.ts', '--if-changed'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (built.error) throw built.error;
  if (built.status !== 0) throw new Error('the build failed; its own words stand above');
}

try {
  ensureInstalled();
  build();
} catch (error) {
  say(`error: ${error.message}`);
  process.exit(3);
}

const launcher = new URL('../bin/plumbline.js', import.meta.url);
process.argv.splice(1, 1, fileURLToPath(launcher), 'serve');
await import(launcher.href);
