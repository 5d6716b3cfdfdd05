import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAuthorities } from '../../src/config/read-authorities.ts';

test('a file of authorities holds certificates, with anything between them; one without is refused by its name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const path = join(folder, 'ca.pem');
  const one = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
  writeFileSync(path, `# ours\n${one}\n\n# theirs\n${one}\n`);
  assert.deepEqual(readAuthorities(path), [one, one]);
  writeFileSync(path, 'nothing');
  assert.throws(() => readAuthorities(path), /ca\.pem holds no certificate in PEM/);
  assert.throws(() => readAuthorities(join(folder, 'absent')), /ENOENT/);
  rmSync(folder, { recursive: true });
});
