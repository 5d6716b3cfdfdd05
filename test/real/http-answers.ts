// Small pieces of HTTP that the text model's two dialects share.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A refusal with its status and the body of the dialect that was spoken. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

export type Body = { readonly [key: string]: unknown };

/** What a handler needs of one call. The signal aborts when the client leaves before the answer is complete. */
export type Call = {
  readonly path: string;
  readonly body: Body;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
};

export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The text of a message's content, be it a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}
