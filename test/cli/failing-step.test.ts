// A step that the database refuses ends the start before anything listens, and names the statement.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noEmbedded, openStage, type Stage } from '../adopt/stage.ts';
import { scratch, start } from './running.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('a step of the schema that fails', { skip: noEmbedded }, () => {
  const { folder, remove } = scratch();
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(async () => {
    await stage.close();
    remove();
  });

  test('serve exits with an error that names step and statement, and never asks for the port', async () => {
    const { database, address } = await stage.make('in_the_way');
    await database.query('create schema plumbline');
    await database.query('create table plumbline.aliases (made_by text)');
    // Whoever asked for this port would be told that it is taken.
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const words = [main, 'serve', '--port', String(port), '--data-dir', join(folder, 'data')];
    const environment = { PATH: process.env['PATH'] ?? '', HOME: folder, DATABASE_URL: address.reveal() };
    const { code, output, errors } = await start(process.execPath, words, environment).ended;
    await new Promise((done) => taken.close(done));
    const said = output + errors;
    assert.notEqual(code, 0);
    assert.match(said, /2026-11-23-03-aliases failed: .*already exists.*: create table plumbline\.aliases/);
    assert.doesNotMatch(said, /listening|EADDRINUSE/);
    const kept = await database.query(
      "select column_name as name from information_schema.columns where table_name = 'aliases'",
    );
    assert.deepEqual(kept, [{ name: 'made_by' }], 'what was in the way is as it was');
  });
});
