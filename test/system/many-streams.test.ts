// Many slow streams at once: each costs a bounded piece of memory, none is lost, and all end well.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openServer } from '../../src/http/server.ts';
import { Upstreams } from '../../src/kit/upstream.ts';
import { chatEvents, masterKey, openHouse, question } from './house.ts';

const isLong = process.env['PLUMBLINE_TEST_LONG'] === '1';
const streams = isLong ? 2_000 : 300;
/** Of this process, in which the client's and the upstream's end of each stream live as well. */
const mostBytesEach = 160 * 1024;
const mostBytesAtAll = 40 * 1024 * 1024;

test(`${streams} slow streams at once hold within bounded memory, and each gets all its words`, async () => {
  const waiting: ServerResponse[] = [];
  const events = chatEvents(['one', 'two', 'three']);
  const upstream = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events.slice(0, 2).join(''));
    waiting.push(response);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const upstreams = new Upstreams({ connections: 4096, keepAliveMs: 5_000 });
  const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  const house = openHouse({ deployments: [{ alias: 'chat', baseUrl }], send: upstreams.send });
  const options = { host: '127.0.0.1', port: 0, bodyLimit: 1_000_000, keepAliveMs: 60_000, pingMs: 15_000 };
  const server = await openServer(options, house.site.routes, house.site.edge);

  const before = process.memoryUsage().rss;
  const answers = await Promise.all(Array.from({ length: streams }, () => post(server.url)));
  const texts = answers.map(textOf);
  while (waiting.length < streams) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const response of waiting) response.write(events[2]);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < mostBytesAtAll + streams * mostBytesEach, `${Math.round(grown / streams / 1024)} KB a stream`);

  for (const response of waiting) response.end(events.slice(3).join(''));
  const whole = await Promise.all(texts);
  assert.ok(whole.every((text) => /one[\s\S]*two[\s\S]*three[\s\S]*\[DONE\]\n\n$/.test(text)));
  while (house.rows.length < streams) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(house.rows.every(({ outcome }) => outcome === 'success'));
  await server.drain(0);
  await upstreams.close();
  upstream.close();
});

function post(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' };
    const request = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', headers, agent: false }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify({ ...question, stream: true }));
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of answer) text += piece;
  return text;
}
