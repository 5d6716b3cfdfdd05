// Debian's PostgreSQL as the system tests will meet it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import { startDebianPostgres, whyNoDebianPostgres } from './debian-postgres.ts';

describe("Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  test('keeps its data over a crash and listens on the same address again', async () => {
    const server = await startDebianPostgres();
    try {
      await query(server.url, 'create table kept (n int)');
      await query(server.url, 'insert into kept values (7)');
      await server.down('SIGQUIT');
      await assert.rejects(query(server.url, 'select 1'), /ECONNREFUSED/);
      await server.up();
      assert.deepEqual(await query(server.url, 'select n from kept'), [{ n: 7 }]);
      const [row] = await query(server.url, "select current_setting('server_version_num')::int / 10000 as major");
      assert.equal(row?.['major'], server.version);
    } finally {
      await server.stop();
    }
  });
});

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
