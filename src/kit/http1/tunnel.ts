// A way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6). What comes after its answer belongs to whoever asked for the way.
import type { Socket } from 'node:net';
import { readAnswerHead } from './head.ts';

const headEnd = Buffer.from('\r\n\r\n');
const longestHead = 16 * 1024;

export interface Tunnel {
  /** `host:port` to be led to. */
  readonly authority: string;
  /** The value of proxy-authorization, when the proxy wants one. */
  readonly authorization: string | null;
  /** Milliseconds the proxy may take. */
  readonly patienceMs: number;
}

/** Takes a connection to a proxy and where to be led; calls back once, with the same socket when it leads there now. */
export function openTunnel(
  socket: Socket,
  { authority, authorization, patienceMs }: Tunnel,
  opened: (error: Error | null, socket: Socket | null) => void,
): void {
  let held = Buffer.alloc(0);
  const end = (error: Error | null): void => {
    socket.setTimeout(0);
    for (const event of ['data', 'error', 'close', 'timeout']) socket.removeAllListeners(event);
    if (error === null) socket.pause();
    else socket.destroy();
    opened(error, error === null ? socket : null);
  };
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    const at = held.indexOf(headEnd);
    if (at === -1 && held.length < longestHead) return;
    end(refusalOf(held, at));
  });
  socket.on('error', end);
  socket.on('close', () => end(new Error('the proxy closed the connection')));
  socket.on('timeout', () => end(new Error('the proxy gave no answer')));
  socket.setTimeout(patienceMs);
  const proof = authorization === null ? '' : `proxy-authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${proof}\r\n`);
}

/** Takes what the proxy said and where its head ends; returns why it leads nowhere, or null. */
function refusalOf(said: Buffer, end: number): Error | null {
  if (end === -1) return new Error('the proxy does not speak HTTP');
  try {
    const { status } = readAnswerHead(said.toString('latin1', 0, end));
    if (status < 200 || status > 299) return new Error(`the proxy refused with status ${status}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return end + headEnd.length === said.length ? null : new Error('the proxy spoke before it was asked to');
}
