// A reply whose words are kept beside their delivery, for traces that may tell them. Invariant: what the client gets is
// untouched, and no more is kept than a trace may hold.
import type { Reply } from '../core/wire.ts';

/** Beyond this nothing of a body is told: half a message would read like a whole one. */
export const longestTold = 256 * 1024;

/** Takes a reply and who is to hear of it when it is over: the bytes, or null when they were too many. Returns the reply to send. */
export function overheard(reply: Reply, over: (bytes: Buffer | null, isStream: boolean) => void): Reply {
  const { body } = reply;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return { ...reply, body: heard(body, over) };
  const bytes = Buffer.from(body);
  over(bytes.length > longestTold ? null : bytes, false);
  return reply;
}

async function* heard(
  body: AsyncIterable<Uint8Array | string>,
  over: (bytes: Buffer | null, isStream: boolean) => void,
): AsyncGenerator<Uint8Array | string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      const bytes = Buffer.from(piece);
      length += bytes.length;
      if (length <= longestTold) pieces.push(bytes);
      yield piece;
    }
  } finally {
    over(length > longestTold ? null : Buffer.concat(pieces), true);
  }
}
