// What the tests of faults stand on: the gateway's own process on a real PostgreSQL, an upstream that answers at once, a load
// that remembers every answer, and the books that are compared with it.
import assert from 'node:assert/strict';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { open } from '../../src/store/index.ts';
import type { RunningGateway } from '../real/gateway.ts';

/** True: the long forms are run, five minutes without the database. */
export const isLong = process.env['PLUMBLINE_TEST_LONG'] === '1';

/** US dollars: 7 tokens in at 0.001, 3 out at 0.01. */
const costOfOne = 0.037;

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
const head = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'scripted' };
const answer = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well said' }, finish_reason: 'stop' }],
  usage,
});
const done = 'data: [DONE]\n\n';

/** Takes what a chunk of a stream says; returns its event. */
function chunk(says: object): string {
  return `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...says })}\n\n`;
}

const stream = [
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'well said' }, finish_reason: null }] }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) + chunk({ choices: [], usage }) + done,
] as const;

export interface Upstream {
  /** A config.yaml with one model, `scripted`, that it answers. */
  readonly config: string;
  stop(): void;
}

/** Starts an upstream that answers at once: whole, or in two pieces where a stream is asked for. */
export async function startUpstream(): Promise<Upstream> {
  const server = createServer((asked, response) => {
    let body = '';
    asked.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    asked.once('end', () => {
      if (!body.includes('"stream":true'))
        return response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(stream[0]);
      return setImmediate(() => response.end(stream[1]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = `
model_list:
  - model_name: scripted
    litellm_params:
      model: openai/scripted
      api_base: http://127.0.0.1:${port}/v1
      api_key: sk-none
      input_cost_per_token: 0.001
      output_cost_per_token: 0.01
`;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { config, stop };
}

const asked = { model: 'scripted', messages: [{ role: 'user', content: 'hi' }], metadata: { tags: ['load'] } };
const askedWhole = JSON.stringify(asked);
const askedStream = JSON.stringify({ ...asked, stream: true });

export interface Told {
  /** 0: the connection broke. */
  readonly status: number;
  readonly id: string;
  readonly body: string;
}

/** Takes a gateway, a path and how to ask; returns what it was told, also when the connection breaks. */
export function ask(at: RunningGateway, path: string, how: { key?: string; body?: string; agent?: Agent } = {}) {
  return new Promise<Told>((resolve) => {
    const broken = () => resolve({ status: 0, id: '', body: '' });
    const sent = request(at.baseUrl + path, {
      method: how.body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${how.key ?? at.masterKey}`, 'content-type': 'application/json' },
      ...(how.agent === undefined ? {} : { agent: how.agent }),
    });
    sent.once('error', broken);
    sent.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        body += piece;
      });
      response.once('error', broken).once('end', () => {
        const id = String(response.headers['x-plumbline-request-id'] ?? '');
        resolve({ status: response.statusCode ?? 0, id, body });
      });
    });
    sent.end(how.body);
  });
}

/** Takes a gateway and a key; asks the scripted model once. */
export function chat(at: RunningGateway, key?: string, agent?: Agent): Promise<Told> {
  return ask(at, '/v1/chat/completions', {
    body: askedWhole,
    ...(key === undefined ? {} : { key }),
    ...(agent === undefined ? {} : { agent }),
  });
}

/** The same as a stream: one that was cut counts as a connection that broke. */
async function chatStream(at: RunningGateway, key: string | undefined, agent: Agent): Promise<Told> {
  const how = { body: askedStream, agent, ...(key === undefined ? {} : { key }) };
  const told = await ask(at, '/v1/chat/completions', how);
  return told.status === 200 && !told.body.endsWith(done) ? { ...told, status: 0 } : told;
}

/** Takes a gateway; returns a new virtual key. */
export async function newKey(at: RunningGateway): Promise<string> {
  const made = await ask(at, '/key/generate', { body: '{}' });
  assert.equal(made.status, 200, made.body);
  return String((JSON.parse(made.body) as { key?: unknown }).key);
}

/** Takes a gateway; returns what /readyz says. */
export async function readiness(at: RunningGateway): Promise<{ status: string; database: string; reasons: string[] }> {
  return JSON.parse((await ask(at, '/readyz')).body) as { status: string; database: string; reasons: string[] };
}

/** Many clients that ask without a pause, every second one for streams. Each ends when its connection breaks. */
export class Load {
  /** Ids of the requests that were answered in full with 200. */
  readonly answered: string[] = [];
  /** Any other status, in the order they came. */
  readonly refused: number[] = [];
  /** How many were under way when a connection broke. */
  broken = 0;
  readonly #agent: Agent;
  readonly #loops: readonly Promise<void>[];
  readonly #key: string | undefined;
  #isOn = true;

  constructor(at: RunningGateway, clients: number, key?: string) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients });
    this.#key = key;
    this.#loops = Array.from({ length: clients }, (_, index) => this.#askOn(at, index % 2 === 1 ? chatStream : chat));
  }

  async #askOn(at: RunningGateway, one: typeof chatStream): Promise<void> {
    while (this.#isOn) {
      const told = await one(at, this.#key, this.#agent);
      if (told.status === 200) this.answered.push(told.id);
      else if (told.status === 0) this.broken++;
      else this.refused.push(told.status);
      if (told.status !== 200) return;
    }
  }

  /** Resolves when so many are answered. */
  async reached(count: number): Promise<void> {
    while (this.answered.length < count) {
      assert.deepEqual([this.refused, this.broken], [[], 0]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** No new requests; resolves when those under way have ended. */
  async end(): Promise<this> {
    this.#isOn = false;
    await Promise.all(this.#loops);
    this.#agent.destroy();
    return this;
  }
}

export interface Books {
  readonly ids: ReadonlySet<string>;
  readonly rows: number;
  /** Sums as the database writes them, to the last digit. */
  readonly cost: string;
  readonly daily: { readonly requests: string; readonly cost: string; readonly input: string };
  readonly tagged: { readonly requests: string; readonly cost: string };
}

/** Takes where the database is; returns what it holds. The gateway must have ended when the database is its own. */
export async function readBooks(at: { readonly dataDir: string; readonly url?: string | undefined }): Promise<Books> {
  const address = at.url === undefined ? {} : { databaseUrl: new Secret(at.url) };
  const store = await open({ ...address, dataDir: at.dataDir, log: silentLog });
  const one = async <Row>(sql: string): Promise<Row> => {
    const [row] = await store.database.query<Row>(sql);
    assert.ok(row);
    return row;
  };
  try {
    const found = await store.database.query<{ id: string }>(
      `select request_id as id from plumbline.usage where outcome = 'success'`,
    );
    const success = `coalesce(sum(cost), 0)::text as cost, coalesce(sum(successes), 0)::text as requests`;
    return {
      ids: new Set(found.map(({ id }) => id)),
      rows: found.length,
      cost: (await one<{ cost: string }>('select coalesce(sum(cost), 0)::text as cost from plumbline.usage')).cost,
      daily: await one(`select ${success}, coalesce(sum(input_tokens), 0)::text as input from plumbline.usage_daily`),
      tagged: await one(`select ${success} from plumbline.usage_daily_tags where tag = 'load'`),
    };
  } finally {
    await store.close();
  }
}

/**
 * Takes the books, the ids of all answers and how many requests may have been under way when a process was killed; fails
 * unless every answer has its row, once, and the money and the sums by day say the same.
 */
export function assertBalanced(books: Books, answered: readonly string[], underWay = 0): void {
  assert.deepEqual(
    answered.filter((id) => !books.ids.has(id)),
    [],
    'answers without a row',
  );
  assert.equal(new Set(answered).size, answered.length);
  assert.equal(books.ids.size, books.rows, 'a request id is there twice');
  const more = books.rows - answered.length;
  assert.ok(more >= 0 && more <= underWay, `${more} rows without an answer, ${underWay} requests were under way`);
  assert.equal(Number(books.cost), Number((books.rows * costOfOne).toFixed(3)));
  assert.deepEqual(books.daily, { requests: `${books.rows}`, cost: books.cost, input: `${books.rows * 7}` });
  assert.deepEqual(books.tagged, { requests: `${books.rows}`, cost: books.cost });
}
