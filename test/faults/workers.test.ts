// Several workers are one gateway: one set of keys, of metrics, of rests and of books, also when one of them is killed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { ask, chat, Load, newKey, readBooks, startUpstream, type Upstream } from './stand.ts';

const folder = temporaryFolder();
let upstream: Upstream;
let broken: Server;
let brokenCalls = 0;
let gateway: RunningGateway;
let start: () => Promise<RunningGateway>;
const answered: string[] = [];
const clients = 16;

before(async () => {
  upstream = await startUpstream();
  broken = createServer((_asked, response) => {
    brokenCalls++;
    response.writeHead(500).end('{}');
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const { port } = broken.address() as AddressInfo;
  const config = `${upstream.config}
  - model_name: broken
    litellm_params: { model: openai/x, api_base: "http://127.0.0.1:${port}/v1", api_key: sk-none }
router_settings:
  num_retries: 0
  cooldown_time: 600
  fallbacks: [{ broken: [scripted] }]
`;
  start = () => startGateway({ config, dataDirectory: folder.path, env: { PLUMBLINE_WORKERS: '3' } });
  gateway = await start();
  await until('all workers', () => workers().length === 3);
});

after(async () => {
  await gateway.stop('SIGKILL');
  broken.close();
  upstream.stop();
  folder.remove();
});

/** The processes that serve, as the system knows them. */
function workers(): number[] {
  const path = `/proc/${gateway.child.pid}/task/${gateway.child.pid}/children`;
  const children = readFileSync(path, 'utf8').trim().split(' ').map(Number);
  return children.filter((pid) => commandOf(pid).includes('serve'));
}

/** The command line of a process; none where it has ended since it was listed (ENOENT, or ESRCH while it is read). */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (/^(ENOENT|ESRCH)$/.test((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

async function counted(): Promise<number> {
  const { body } = await ask(gateway, '/metrics');
  const lines = body.split('\n').filter((line) => /^plumbline_requests_total\{.*outcome="success"/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('a key made at one worker opens the door at each', async () => {
  const key = await newKey(gateway);
  await until('the key to be known everywhere', async () => {
    const told = await Promise.all(Array.from({ length: 8 }, () => chat(gateway, key)));
    answered.push(...told.filter(({ status }) => status === 200).map(({ id }) => id));
    return told.every(({ status }) => status === 200);
  });
});

test('what one worker is told holds at each within two seconds: a key that is blocked or gone, a model that comes or goes', async () => {
  const post = async (path: string, body: object) => {
    const told = await ask(gateway, path, { body: JSON.stringify(body) });
    assert.equal(told.status, 200, told.body);
    return JSON.parse(told.body) as { model_id?: string };
  };
  /** Asks on a connection of its own each time, so that they come to the workers in turn. */
  const everywhere = async (status: number, key?: string, model = 'scripted') => {
    const asked = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
    for (const until = performance.now() + 2_000; ; ) {
      const agent = new Agent({ keepAlive: false });
      const one = () =>
        ask(gateway, '/v1/chat/completions', { body: asked, agent, ...(key === undefined ? {} : { key }) });
      const told = await Promise.all(Array.from({ length: 6 }, one));
      answered.push(...told.filter((each) => each.status === 200).map(({ id }) => id));
      if (told.every((each) => each.status === status)) return;
      assert.ok(performance.now() < until, `not ${status} everywhere: ${told.map((each) => each.status)}`);
    }
  };
  const key = await newKey(gateway);
  await everywhere(200, key);
  await post('/key/block', { key });
  await everywhere(401, key);
  await post('/key/unblock', { key });
  await everywhere(200, key);
  await post('/key/delete', { keys: [key] });
  await everywhere(401, key);
  const api_base = /api_base: (\S+)/.exec(upstream.config)?.[1];
  const litellm_params = { model: 'openai/scripted', api_base, api_key: 'sk-none' };
  const { model_id } = await post('/model/new', { model_name: 'comes', litellm_params });
  await everywhere(200, undefined, 'comes');
  await post('/model/delete', { id: model_id });
  await everywhere(400, undefined, 'comes');
});

test('what each worker has served is added up, whichever is asked', async () => {
  const load = new Load(gateway, clients);
  await load.reached(400);
  await load.end();
  answered.push(...load.answered);
  for (let time = 0; time < 6; time++) assert.equal(await counted(), answered.length);
});

test('a deployment that one worker puts to rest rests at the others too', async () => {
  const body = JSON.stringify({ model: 'broken', messages: [{ role: 'user', content: 'hi' }] });
  for (let time = 0; time < 12; time++) {
    // A connection of its own for each, so that they come to the workers in turn.
    const agent = new Agent({ keepAlive: false });
    const told = await ask(gateway, '/v1/chat/completions', { body, agent });
    assert.equal(told.status, 200, told.body);
    answered.push(told.id);
  }
  assert.ok(brokenCalls <= 2, `${brokenCalls} calls went to a deployment that rests`);
});

test('it rests at a worker that begins meanwhile as well, and nobody waits for that one to count', async () => {
  const listening = () => gateway.output().split('a worker listens').length;
  await until('all workers to listen', () => listening() > 3);
  const [before, calls] = [listening(), brokenCalls];
  process.kill(workers()[0] ?? 0, 'SIGKILL');
  let longestMs = 0;
  await until('the new worker to listen', async () => {
    const askedAt = performance.now();
    await counted();
    longestMs = Math.max(longestMs, performance.now() - askedAt);
    return listening() > before;
  });
  const body = JSON.stringify({ model: 'broken', messages: [{ role: 'user', content: 'hi' }] });
  for (let time = 0; time < 12; time++) {
    const told = await ask(gateway, '/v1/chat/completions', { body, agent: new Agent({ keepAlive: false }) });
    assert.equal(told.status, 200, told.body);
    answered.push(told.id);
  }
  assert.equal(brokenCalls, calls);
  // The primary gives a worker that is busy a second; one that does not listen yet has counted nothing.
  assert.ok(longestMs < 1_000, `a page took ${Math.round(longestMs)} ms`);
});

test('a connection that was on its way to a worker when it was killed is let go, not left waiting', {
  timeout: 60_000,
}, async () => {
  await until('all workers to listen', () => gateway.output().split('a worker listens').length > 3);
  const [victim = 0] = workers();
  process.kill(victim, 'SIGSTOP');
  const port = Number(new URL(gateway.baseUrl).port);
  const sockets = Array.from({ length: 6 }, () => connect(port, '127.0.0.1'));
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) {
    socket.on('error', () => undefined).resume();
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  }
  // All but the one that waits for the worker that was stopped.
  await until('the answers of the others', () => sockets.filter(({ bytesRead }) => bytesRead > 0).length === 5);
  process.kill(victim, 'SIGKILL');
  await Promise.all(closed);
  assert.equal(sockets.filter(({ bytesRead }) => bytesRead === 0).length, 1);
  await until('all workers', () => workers().length === 3);
});

test('when all workers are killed at once, the gateway is back where it was', { timeout: 60_000 }, async () => {
  for (const worker of workers()) process.kill(worker, 'SIGKILL');
  await until('the gateway to answer', async () => (await ask(gateway, '/healthz')).status === 200);
  await until('all workers', () => workers().length === 3);
});

test('a worker that is killed is replaced; its counts stay, and every answer has its row', async () => {
  const before = await counted();
  const [victim] = workers();
  const load = new Load(gateway, clients);
  await load.reached(100);
  process.kill(victim ?? 0, 'SIGKILL');
  await load.end();
  await until('all workers', () => workers().length === 3);
  assert.ok((await counted()) >= before);
  assert.equal((await gateway.stop()).code, 0);
  // A stop that comes before the successor is up leaves the dead worker's rows to the next start.
  gateway = await start();
  assert.equal((await gateway.stop()).code, 0);
  const books = await readBooks({ dataDir: folder.path });
  const missing = [...answered, ...load.answered].filter((id) => !books.ids.has(id));
  assert.deepEqual(missing, [], 'answers without a row');
  const more = books.rows - answered.length - load.answered.length;
  assert.ok(more >= 0 && more <= load.broken, `${more} rows without an answer, ${load.broken} requests were under way`);
});
