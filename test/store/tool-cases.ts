// Tool servers on a real database: once by name, sealed, and theirs who declared them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeclaredToolServer } from '../../src/core/records.ts';
import { keyIdOf, openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { constraintOf, type Database } from '../../src/store/database.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { rotateSecrets, surveySecrets } from '../../src/store/rotate-secrets.ts';
import { toolServerPlace } from '../../src/store/sealed-place.ts';
import { StartRefused } from '../../src/store/start-refused.ts';
import { readToolServers } from '../../src/store/tables/tool-servers.ts';
import { freshSchema } from './fresh-schema.ts';
import { declared, sealer } from './rows.ts';

const remote: DeclaredToolServer = {
  name: 'exa',
  alias: 'search',
  transport: 'http',
  url: 'https://mcp.exa.test/mcp',
  command: null,
  arguments: [],
  auth: 'bearer_token',
  settings: { allowedTools: ['search'], headers: { 'x-plain': 'yes' } },
  secrets: { auth_value: new Secret('exa-canary'), 'header:x-key': new Secret('header-canary') },
};
const local: DeclaredToolServer = {
  name: 'files',
  alias: null,
  transport: 'stdio',
  url: null,
  command: 'npx',
  arguments: ['-y', null],
  auth: 'none',
  settings: { env: { MODE: 'read' } },
  secrets: { 'argument:1': new Secret('argument-canary'), 'env:TOKEN': new Secret('env-canary') },
};

export function toolCases(database: () => Database): void {
  const declare = (...toolServers: DeclaredToolServer[]) =>
    replaceOwned(database(), declared({ toolServers }), sealer).then((replaced) => replaced.toolServers);

  test('tool servers are stored once, their secrets sealed, and a second time nothing changes', async () => {
    await freshSchema(database());
    assert.deepEqual((await declare(remote, local)).added, ['exa', 'files']);
    const stored = await readToolServers(database());
    assert.deepEqual(
      stored.map(({ sealed, ...plain }) => ({ ...plain, secrets: Object.keys(sealed).toSorted() })),
      [remote, local].map(({ secrets, ...plain }) => ({
        ...plain,
        owner: 'file',
        secrets: Object.keys(secrets).toSorted(),
      })),
    );
    const raw = await database().query('select to_jsonb(t)::text as row from plumbline.tool_servers t');
    assert.doesNotMatch(JSON.stringify(raw), /canary/);
    const again = await declare(remote, local);
    assert.deepEqual([again.added, again.changed, again.removed, again.unchanged], [[], [], [], 2]);
    assert.deepEqual(await database().query('select to_jsonb(t)::text as row from plumbline.tool_servers t'), raw);
    const changed = await declare({ ...remote, secrets: { auth_value: new Secret('other') } });
    assert.deepEqual([changed.changed, changed.removed], [['exa'], ['files']]);
  });

  test('a value that is moved to another server, or field, does not open', async () => {
    await freshSchema(database());
    await declare(remote, local);
    const text = (await readToolServers(database()))[0]?.sealed['auth_value'] ?? '';
    assert.ok(sealer.unseal(text, toolServerPlace('exa', 'auth_value')).equals(new Secret('exa-canary')));
    for (const place of [toolServerPlace('files', 'auth_value'), toolServerPlace('exa', 'client_secret')])
      assert.throws(() => sealer.unseal(text, place));
  });

  test('a change of the salt key turns to the secrets of tool servers too, and a wrong key writes nothing', async () => {
    await freshSchema(database());
    await declare(remote, local);
    const next = openSealer(new Secret('another salt key'), [new Secret('a salt key of the tests')]);
    const stranger = openSealer(new Secret('a third salt key'));
    await assert.rejects(replaceOwned(database(), declared({ toolServers: [remote] }), stranger), StartRefused);
    const { sealed, findings } = await rotateSecrets(database(), next, () => undefined);
    assert.deepEqual([sealed, findings], [5, []]);
    const only = openSealer(new Secret('another salt key'));
    for (const { name, sealed: fields } of await readToolServers(database()))
      for (const [field, text] of Object.entries(fields)) {
        assert.equal(keyIdOf(text), next.keyId);
        const declaredAs = [remote, local].find((server) => server.name === name)?.secrets[field];
        assert.ok(declaredAs && only.unseal(text, toolServerPlace(name, field)).equals(declaredAs));
      }
    assert.deepEqual((await surveySecrets(database(), only)).values, { [next.keyId]: 5 });
  });

  test('two servers whose tools would be called alike are refused, whoever declares them', async () => {
    await freshSchema(database());
    await declare(remote);
    const again: DeclaredToolServer = { ...local, name: 'search' };
    await assert.rejects(declare(remote, again), /gives the tools of two servers the same beginning.*search/);
    await assert.rejects(declare(remote, remote), /the tool server "exa" is declared twice/);
    const nothing = { aliases: [], deployments: [], credentials: [], router: {} };
    for (const [server, says] of [
      [again, /the same beginning/],
      [remote, /the tool server "exa" belongs to the file, so the environment cannot declare it/],
    ] as const)
      await assert.rejects(
        replaceOwned(database(), { ...nothing, owner: 'environment', toolServers: [server] }, sealer),
        says,
      );
    // Of one declaration two may change places.
    await declare({ ...remote, alias: 'a' }, { ...local, alias: 'b' });
    await declare({ ...remote, alias: 'b' }, { ...local, alias: 'a' });
  });

  test('the table takes no secret in the clear, and no server that is neither called nor started', async () => {
    await freshSchema(database());
    const insert = (columns: string, values: string) =>
      database().query(`insert into plumbline.tool_servers (name, owner, ${columns}) values ('x', 'api', ${values})`);
    const refused = (columns: string, values: string, constraint: string) =>
      assert.rejects(insert(columns, values), (thrown: unknown) => constraintOf(thrown) === constraint);
    await refused(`transport, url, sealed`, `'http', 'https://x', '{"auth_value": "plain"}'`, 'tool_servers_sealed');
    await refused('transport', `'http'`, 'tool_servers_reached');
    await refused('transport, url, command', `'stdio', 'https://x', 'npx'`, 'tool_servers_reached');
    await refused('transport, command', `'sse', 'npx'`, 'tool_servers_reached');
    await insert('transport, command', `'stdio', 'npx'`);
  });
}
