// What is asked of every gateway: the rows of the table, and the bytes of each request.
// Invariant: gateways get the same words; only the model's name, the path and the headers that one needs differ.

/** Where a gateway listens for one kind of request, and what it wants to see there. */
export interface Target {
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Route = 'chat' | 'embeddings';

export interface Ask {
  readonly name: string;
  readonly title: string;
  readonly route: Route;
  /** Bytes of the body, roughly. */
  readonly size: number;
  /** Milliseconds between the upstream's chunks; null asks for no stream. */
  readonly pace: number | null;
  readonly connections: number;
  /** Requests a second; null asks again as soon as an answer is there. */
  readonly rate: number | null;
  /** How many times as long as other rows it is measured: at few requests a second a 99th percentile needs the time. */
  readonly stretch: number;
}

const closed = { route: 'chat', size: 1024, pace: null, connections: 64, rate: null, stretch: 1 } as const;

/** What is asked to see whether a gateway is there, and millions of times to see whether its memory grows. */
export const plain: Ask = { ...closed, name: 'chat-1k', title: 'chat, 1 KB' };

/** Throughput: how much one core can do. */
export const throughput: readonly Ask[] = [
  plain,
  { ...closed, name: 'chat-20k', title: 'chat, 20 KB', size: 20 * 1024 },
  { ...closed, name: 'chat-200k', title: 'chat, 200 KB', size: 200 * 1024 },
  { ...closed, name: 'embeddings', title: 'embeddings, 1,536 numbers back', route: 'embeddings' },
  { ...closed, name: 'stream', title: 'stream, 100 chunks 10 ms apart, 800 at once', pace: 10, connections: 800 },
  { ...closed, name: 'burst', title: 'stream, 100 chunks at once, 64 at once', pace: 0 },
];

/** Latency: how much later an answer comes than without a gateway. */
export const latency: readonly Ask[] = [
  { ...closed, name: 'fixed', title: 'chat, 1 KB, 500 a second', rate: 500 },
  { ...closed, name: 'alone', title: 'chat, 1 KB, one at a time', connections: 1 },
  { ...closed, name: 'first-token', title: 'first token of a stream, 50 a second', pace: 1, rate: 50, stretch: 4 },
];

const words =
  'The gateway checks the key, picks a deployment, counts what was used and stays out of the way of the answer.'.split(
    ' ',
  );

/** Takes a length and a place to begin; returns that many characters of prose, quotation marks and lines included. */
function prose(length: number, from: number): string {
  let text = '';
  for (let index = from; text.length < length; index += 1) {
    text += words[index % words.length];
    if (index % 29 === 0) text += ' "and so on"';
    text += index % 17 === 0 ? '\n' : ' ';
  }
  return text.slice(0, length);
}

interface Message {
  readonly role: string;
  readonly content: string;
}

/** Returns a conversation of about `size` bytes in messages of at most 480 characters. The first may hold the upstream's pace. */
function conversation(size: number, opening: string): readonly Message[] {
  const messages: Message[] = [{ role: 'system', content: opening + prose(200, 0) }];
  const frame = Buffer.byteLength(JSON.stringify({ role: 'assistant', content: '' })) + 1;
  let left = size - 300 - frame;
  while (left > frame + 40) {
    const content = prose(Math.min(480, left - frame), left);
    messages.push({ role: messages.length % 2 === 1 ? 'user' : 'assistant', content });
    left -= frame + Buffer.byteLength(JSON.stringify(content)) - 2;
  }
  return messages;
}

/** Takes what is asked and the model's name; returns the body, still to be written as JSON. */
export function bodyOf(ask: Ask, model: string): unknown {
  if (ask.route === 'embeddings') return { model, input: prose(ask.size - 80, 0), encoding_format: 'float' };
  const opening = ask.pace === null ? '' : `pace-${ask.pace} `;
  const stream = ask.pace === null ? {} : { stream: true, stream_options: { include_usage: true } };
  return {
    model,
    messages: conversation(ask.size, opening),
    temperature: 0.7,
    max_tokens: 512,
    user: 'user-1234',
    ...stream,
  };
}

/** What OpenAI's Python client sends along. */
const clientHeaders: Readonly<Record<string, string>> = {
  Accept: 'application/json',
  'Accept-Encoding': 'gzip, deflate',
  'User-Agent': 'OpenAI/Python 1.99.9',
  'X-Stainless-Lang': 'python',
  'X-Stainless-Package-Version': '1.99.9',
  'X-Stainless-OS': 'Linux',
  'X-Stainless-Arch': 'x64',
  'X-Stainless-Runtime': 'CPython',
  'X-Stainless-Runtime-Version': '3.12.3',
  'X-Stainless-Async': 'false',
  'x-stainless-retry-count': '0',
  Connection: 'keep-alive',
};

/** Takes what is asked and of whom; returns the request as it goes over the socket. */
export function requestBytes(ask: Ask, target: Target, port: number): Buffer {
  const body = Buffer.from(JSON.stringify(bodyOf(ask, target.model)));
  const own = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
  const usual = Object.entries({
    Host: `127.0.0.1:${port}`,
    Authorization: 'Bearer sk-of-the-client',
    'Content-Type': 'application/json',
    ...clientHeaders,
  }).filter(([name]) => !own.has(name.toLowerCase()));
  const headers = { ...Object.fromEntries(usual), ...target.headers, 'Content-Length': String(body.length) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${target.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}
