// What was asked and answered, stored where that was asked for: off by default, found by its request, on a clock of its own, and kept
// like usage when the gateway is killed.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { ask, chat, newKey, readiness, startUpstream, type Upstream } from './stand.ts';

interface Shown {
  readonly messages: unknown;
  readonly response: unknown;
  readonly proxy_server_request: unknown;
}

const nothing = { messages: {}, response: {}, proxy_server_request: {} };

describe("contents on Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  const folder = temporaryFolder();
  let upstream: Upstream;
  let debian: Awaited<ReturnType<typeof startDebianPostgres>>;
  let gateway: RunningGateway;

  const begin = (args: readonly string[]) =>
    startGateway({ config: upstream.config, dataDirectory: folder.path, args, env: { DATABASE_URL: debian.url } });
  /** The contents of a request, once its row is there. */
  const shown = async (id: string, key?: string): Promise<Shown | undefined> => {
    let found: Shown | undefined;
    await until('the row', async () => {
      const told = await ask(gateway, `/spend/logs?request_id=${id}`, key === undefined ? {} : { key });
      assert.equal(told.status, 200, told.body);
      [found] = JSON.parse(told.body) as Shown[];
      return found !== undefined;
    });
    return (
      found && { messages: found.messages, response: found.response, proxy_server_request: found.proxy_server_request }
    );
  };

  before(async () => {
    upstream = await startUpstream();
    debian = await startDebianPostgres();
  });
  after(async () => {
    await gateway.stop('SIGKILL');
    await debian.stop();
    upstream.stop();
    folder.remove();
  });

  test('nothing is stored unless it is asked for', async () => {
    gateway = await begin([]);
    const { id } = await chat(gateway);
    assert.deepEqual(await shown(id), nothing);
    assert.equal(existsSync(join(folder.path, 'contents')), false);
    await gateway.stop();
  });

  test('asked for, both bodies are found by the request, by those only who see its row', async () => {
    gateway = await begin(['--store-contents', 'on']);
    const [key, other] = [await newKey(gateway), await newKey(gateway)];
    const { id, body } = await chat(gateway, key);
    await until('the answer', async () => JSON.stringify((await shown(id, key))?.response) !== '{}');
    const told = await shown(id, key);
    assert.deepEqual(told?.messages, [{ role: 'user', content: 'hi' }]);
    assert.deepEqual(told?.response, JSON.parse(body));
    assert.equal((await ask(gateway, `/spend/logs?request_id=${id}`, { key: other })).body, '[]');
    const opened = async (by: string) =>
      JSON.parse((await ask(gateway, `/spend/logs/ui/${id}`, { key: by })).body) as unknown;
    assert.deepEqual([await opened(key), await opened(other)], [told, nothing]);
  });

  test('kill -9 loses no contents of an answer, and a database that is away holds up nobody', async () => {
    await debian.down('SIGQUIT');
    const { id, body, status } = await chat(gateway);
    assert.equal(status, 200);
    await gateway.stop('SIGKILL');
    await debian.up();
    gateway = await begin([]);
    await until('readiness', async () => (await readiness(gateway)).status === 'ready');
    await until('the answer', async () => JSON.stringify((await shown(id))?.response) !== '{}');
    assert.deepEqual((await shown(id))?.response, JSON.parse(body));
  });
});
