// A request's body as bytes, up to a limit. Called back and not awaited: this is on the hot path of every request.
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../core/errors.ts';

const nothing = Buffer.alloc(0);

/**
 * Takes a request and a limit in bytes; calls back once with the body, or with body_too_large (the rest is then read and
 * thrown away, so that the refusal can be read). A client that goes away in mid-body is never called back for.
 */
export function takeBody(
  request: IncomingMessage,
  limit: number,
  take: (body: Buffer) => void,
  refuse: (error: GatewayError) => void,
): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    request.resume();
    refuse(tooLarge(limit));
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    const before = bytes;
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else if (before <= limit) {
      chunks.length = 0;
      refuse(tooLarge(limit));
    }
  });
  request.on('end', () => {
    if (bytes <= limit) take(whole(chunks, bytes));
  });
}

function whole(chunks: readonly Buffer[], bytes: number): Buffer {
  return chunks.length > 1 ? Buffer.concat(chunks, bytes) : (chunks[0] ?? nothing);
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('body_too_large', { message: `at most ${limit} bytes are taken (option bodyLimit)` });
}
