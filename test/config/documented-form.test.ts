// The example of docs/config.md, applied: what a newcomer copies works.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { providerFacts } from '../../src/admin/read-file.ts';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import { silentLog } from '../../src/kit/log.ts';
import { migrate } from '../../src/store/index.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { sealer } from '../store/rows.ts';

const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');
const example = /## Our own form.*?```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';
const database = await pgliteDatabase({ log: silentLog });
after(() => database.close());

test('the example of our own form is applied without a word, and a second time there is nothing to do', async () => {
  const environment = { OPENAI_API_KEY: 'a', TEAM_KEY: 'b', GROQ_API_KEY: 'c', AWS_ID: 'd', TICKETS_TOKEN: 'e' };
  const readText = (path: string): string => (path === 'plumbline.yaml' ? example : 'f');
  const { declaration, notices } = readConfigurationFile('plumbline.yaml', { environment, ...providerFacts, readText });
  assert.deepEqual(
    notices.map(({ severity, path }) => [severity, path]),
    [['not-yet', 'tool_servers']],
  );
  await migrate(database);
  const first = await replaceOwned(database, declaration, sealer);
  assert.deepEqual(first.aliases.added.toSorted(), ['chat', 'fast', 'gpt-4', 'long', 'old-name', 'small']);
  assert.deepEqual([first.deployments.added.length, first.toolServers.added.length], [6, 3]);
  const second = await replaceOwned(database, declaration, sealer);
  for (const [kind, { added, changed, removed }] of Object.entries(second))
    assert.deepEqual([added, changed, removed], [[], [], []], kind);
});
