// The scripted provider: aimock, an independent implementation of the vendors' wires, behind a tap that keeps every exchange
// byte for byte (aimock's own journal keeps only its translation of a body).
// Invariant: the tap changes nothing on the way through.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LLMock } from '@copilotkit/aimock';
import { ensureRealParts } from './install.ts';

/** One exchange as it went over the wire. */
export type Exchange = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
};

export type Aimock = {
  /** Without a trailing slash and without /v1. */
  readonly baseUrl: string;
  /** Every exchange that has ended, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** aimock itself, for further scripts (`mock.onMessage(…)`). */
  readonly mock: LLMock;
  readonly stop: () => Promise<void>;
};

/** The shell command that Claude Code is told to run by the script of `leave a marker`. */
export const markerCommand = 'echo plumbline > marker.txt';

/** Starts aimock with the scripts below on free ports of the loopback. */
export async function startAimock(): Promise<Aimock> {
  await ensureRealParts();
  const { LLMock } = await import('@copilotkit/aimock');
  const mock = new LLMock({ port: 0, host: '127.0.0.1' });
  script(mock);
  await mock.start();
  const exchanges: Exchange[] = [];
  const tap = createServer((incoming, outgoing) => passThrough(incoming, outgoing, mock.port, exchanges));
  await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(tap.address() as AddressInfo).port}`,
    exchanges,
    mock,
    async stop() {
      tap.closeAllConnections();
      await new Promise((resolve) => tap.close(resolve));
      await mock.stop();
    },
  };
}

/** What is answered to which last message of the user. A later turn that carries a tool's result gets the closing text. */
function script(mock: LLMock): void {
  const usage = { input_tokens: 21, output_tokens: 3 };
  mock.on({ userMessage: 'leave a marker', hasToolResult: true }, { content: 'The marker is there.' });
  mock.on(
    { userMessage: 'leave a marker', hasToolResult: false },
    {
      toolCalls: [
        { name: 'Bash', arguments: JSON.stringify({ command: markerCommand, description: 'Leave a marker file' }) },
      ],
    },
  );
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It is 7 degrees in Oslo.' });
  mock.on(
    { userMessage: 'weather', hasToolResult: false },
    {
      content: 'Let me look.',
      toolCalls: [{ name: 'get_weather', arguments: '{"city":"Oslo"}', id: 'toolu_weather' }],
    },
  );
  mock.onMessage('think', { content: 'Forty-two.', reasoning: 'Six times seven.' });
  mock.onMessage('be busy', { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 });
  mock.onMessage('ping', { content: 'pong', usage });
  mock.onMessage(/./s, { content: 'Scripted.' });
  mock.mount('/v1/messages/count_tokens', {
    async handleRequest(incoming, outgoing) {
      const body = await bytesOf(incoming);
      outgoing.writeHead(200, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ input_tokens: body.toString().split(/\s+/).length }));
      return true;
    },
  });
}

async function passThrough(incoming: IncomingMessage, outgoing: ServerResponse, port: number, exchanges: Exchange[]) {
  const body = await bytesOf(incoming);
  const { method = 'GET', url = '/', headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, async (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    const parts: Buffer[] = [];
    for await (const part of answer) {
      parts.push(part);
      outgoing.write(part);
    }
    const status = answer.statusCode ?? 0;
    exchanges.push({ method, url, headers, body: body.toString(), status, answer: Buffer.concat(parts).toString() });
    outgoing.end();
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  onward.end(body);
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts);
}
