// The body of a streamed answer, cut into the pieces its framing knows: events of SSE, lines of NDJSON, messages of AWS.
import { GatewayError } from '../core/errors.ts';
import { AwsEventSplitter } from '../kit/aws-event-stream.ts';
import type { IncomingBody } from '../kit/incoming.ts';
import { LineSplitter } from '../kit/ndjson.ts';
import type { Source } from '../kit/source.ts';
import { readEvent, SseSplitter } from '../kit/sse.ts';
import type { StreamPiece, Wire } from '../providers/provider.ts';

/** A piece, and its bytes as they came where they may pass as they are. */
export interface CutPiece extends StreamPiece {
  readonly raw: Buffer | null;
}

/** Cuts bytes into pieces, however they were chunked. */
interface Cutter {
  push(bytes: Buffer): readonly CutPiece[];
  /** Bytes held back because their piece is not complete. */
  readonly pendingBytes: number;
  /** What was left when the body ended, whole or not; null: nothing. */
  end(): StreamPiece | null;
}

/** A piece larger than this is no piece of an honest provider. */
const pieceLimit = 32 * 1024 * 1024;

class EventCutter implements Cutter {
  readonly #splitter = new SseSplitter();

  push(bytes: Buffer): readonly CutPiece[] {
    return this.#splitter.push(bytes).map(readEvent);
  }

  get pendingBytes(): number {
    return this.#splitter.pendingBytes;
  }

  end(): StreamPiece | null {
    const event = this.#splitter.end();
    return event === null ? null : readEvent(event);
  }
}

class LineCutter implements Cutter {
  readonly #splitter = new LineSplitter();

  push(bytes: Buffer): readonly CutPiece[] {
    return this.#splitter.push(bytes).map((data) => ({ name: '', data, raw: null }));
  }

  get pendingBytes(): number {
    return this.#splitter.pendingBytes;
  }

  end(): StreamPiece | null {
    const data = this.#splitter.end();
    return data === null ? null : { name: '', data };
  }
}

class MessageCutter implements Cutter {
  readonly #splitter = new AwsEventSplitter();

  push(bytes: Buffer): readonly CutPiece[] {
    const messages = this.#splitter.push(bytes).map(({ name, data }) => ({ name, data, raw: null }));
    const { flaw } = this.#splitter;
    if (flaw !== null && messages.length === 0) throw new GatewayError('upstream_garbled', { message: flaw });
    return messages;
  }

  get pendingBytes(): number {
    return this.#splitter.pendingBytes;
  }

  /** Half a message is none: its checksum is at its end. */
  end(): StreamPiece | null {
    const { flaw } = this.#splitter;
    if (flaw !== null) throw new GatewayError('upstream_garbled', { message: flaw });
    return null;
  }
}

const cutters: Readonly<Record<Wire['framing'], () => Cutter>> = {
  sse: () => new EventCutter(),
  ndjson: () => new LineCutter(),
  'aws-event-stream': () => new MessageCutter(),
};

/** Takes a body and its framing; gives its pieces as they become complete. */
export class Pieces implements Source<readonly CutPiece[]> {
  readonly #body: IncomingBody;
  readonly #cutter: Cutter;

  constructor(body: IncomingBody, framing: Wire['framing']) {
    this.#body = body;
    this.#cutter = cutters[framing]();
  }

  /** Returns the pieces that came complete with the next bytes. Throws upstream_too_large, upstream_garbled. */
  take(): readonly CutPiece[] | null | undefined {
    const chunk = this.#body.take();
    if (chunk === null || chunk === undefined) return chunk;
    const pieces = this.#cutter.push(chunk);
    if (this.#cutter.pendingBytes > pieceLimit) throw new GatewayError('upstream_too_large');
    return pieces;
  }

  wake(told: () => void): void {
    this.#body.wake(told);
  }

  /** Returns what stood without its closing mark when the body ended; null: nothing, or no more than half a piece. */
  rest(): StreamPiece | null {
    const piece = this.#cutter.end();
    return piece !== null && isWhole(piece.data) ? piece : null;
  }
}

function isWhole(data: string): boolean {
  return data.trim() === '[DONE]' || parsedPiece(data) !== undefined;
}

/** Takes the data of a piece; returns what its JSON says, or undefined when it is none, or half of it. */
export function parsedPiece(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Not JSON, or half of it: the caller decides what that means.
    return undefined;
  }
}
