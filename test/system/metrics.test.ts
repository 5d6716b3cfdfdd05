// What /metrics tells after traffic, and to whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEvents, completion, type House, openHouse, question } from './house.ts';
import { lint, whyNoPromtool } from './promtool.ts';

/** A house that has answered, streamed, failed, refused and turned to a fallback. */
async function busyHouse(): Promise<House> {
  const house = openHouse({
    deployments: [
      { alias: 'chat' },
      { alias: 'broken', baseUrl: 'http://broken.test/v1' },
      { alias: 'openai/*', model: '*' },
    ],
    aliases: [{ name: 'broken', fallbacks: ['chat'] }],
    upstream: ({ origin, body }) => {
      if (origin === 'http://broken.test') return { status: 503, body: { error: { message: 'no' } } };
      return { body: body['stream'] === true ? chatEvents(['a', 'b']) : completion('fine') };
    },
  });
  await house.ask('/v1/chat/completions', question);
  await house.ask('/v1/chat/completions', question);
  await house.ask('/v1/chat/completions', { ...question, stream: true });
  await house.ask('/v1/messages', { ...question, max_tokens: 5 });
  await house.ask('/v1/chat/completions', { ...question, model: 'broken' });
  await house.ask('/v1/chat/completions', { ...question, model: 'openai/made-up' });
  await house.ask('/v1/chat/completions', { ...question, model: 'made-up' });
  await house.ask('/v1/chat/completions', question, { key: 'sk-of-nobody' });
  return house;
}

async function page(house: House): Promise<string> {
  const { status, headers, text } = await house.ask('/metrics');
  assert.equal(status, 200);
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  return text;
}

/** Takes a page and a metric; returns its samples: labels as written → value. */
function samples(text: string, name: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(name.length, end), Number(line.slice(end + 1))];
    }),
  );
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

test("every request is counted once, under plumbline_ and under LiteLLM's name", async () => {
  const house = await busyHouse();
  const text = await page(house);
  assert.equal(house.rows.length, 8);
  assert.equal(sum(samples(text, 'plumbline_requests_total').values()), 8);
  assert.equal(sum(samples(text, 'plumbline_key_requests_total').values()), 8);
  assert.equal(sum(samples(text, 'litellm_proxy_total_requests_metric_total').values()), 8);
  const tokens = sum(house.rows.map(({ usage }) => (usage?.input ?? 0) + (usage?.output ?? 0)));
  assert.ok(tokens > 0);
  assert.equal(sum(samples(text, 'litellm_total_tokens_metric_total').values()), tokens);
  assert.equal(sum(samples(text, 'plumbline_fallbacks_total').values()), 1);
});

test('names made up by clients do not stand on the page, and no key does', async () => {
  const text = await page(await busyHouse());
  assert.doesNotMatch(text, /made-up|sk-|nobody/);
  assert.ok(
    [...samples(text, 'plumbline_requests_total').keys()].some((labels) => labels.includes('alias="openai/*"')),
  );
});

test('no series stands twice on the page', async () => {
  const lines = (await page(await busyHouse())).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const series = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(series).size, series.length);
});

test('promtool has nothing to say of the page', { skip: whyNoPromtool() }, async () => {
  assert.equal(await lint(await page(await busyHouse())), '');
});

test('reading the page needs the master key', async () => {
  const house = openHouse({});
  assert.equal((await house.ask('/metrics', undefined, { key: null })).status, 401);
  assert.equal((await house.ask('/metrics', undefined, { key: 'sk-of-nobody' })).status, 401);
  assert.equal((await house.ask('/metrics')).status, 200);
});

test('where only this machine can connect the page needs no key, unless a proxy passes the request on', async () => {
  const house = openHouse({ metricsReaders: 'local' });
  assert.equal((await house.ask('/metrics', undefined, { key: null })).status, 200);
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  assert.equal((await house.ask('/metrics', undefined, { key: null, headers })).status, 401);
  assert.equal((await house.ask('/metrics', undefined, { headers })).status, 200);
});

test('the page may be open to anyone', async () => {
  const house = openHouse({ metricsReaders: 'anyone' });
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  assert.equal((await house.ask('/metrics', undefined, { key: null, headers })).status, 200);
});
