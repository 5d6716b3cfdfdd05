// A streamed answer on its way to the client. Two kinds: one whose events pass as they came, one that is translated.
// Invariant: what is handed out ends on an event's border, so a ping may stand between any two pieces.
import { GatewayError } from '../core/errors.ts';
import { isObject, listOf } from '../core/json.ts';
import { type Usage, usageFromOpenAi } from '../core/usage.ts';
import type { IncomingBody } from '../kit/incoming.ts';
import type { Source } from '../kit/source.ts';
import { writeEvent } from '../kit/sse.ts';
import type { StreamPiece, StreamReader, StreamWatch, Wire } from '../providers/provider.ts';
import type { StreamEncoder } from './dialects/dialect.ts';
import { Pieces, parsedPiece } from './pieces.ts';

/** Bytes or text for the client; what breaks it off is a GatewayError or an UpstreamFault. */
export interface Flow extends Source<Uint8Array | string> {
  /** Tokens as reported so far; null: none yet. */
  readonly usage: Usage | null;
  /** Events of the answer handed out so far: about one token each. */
  readonly delivered: number;
  /** The provider has said its last word, and what it used: only the end of its body is still to come. */
  readonly isWhole: boolean;
}

const cut = (): GatewayError => new GatewayError('upstream_cut');

export interface PassingOptions {
  readonly body: IncomingBody;
  readonly framing: Wire['framing'];
  readonly watch: StreamWatch;
  /** Takes a piece; returns its data mended, or null when it may pass as it is. */
  readonly repair: ((piece: StreamPiece) => string | null) | null;
  /** True: the event that only reports usage was asked for by us and is not for the client. */
  readonly hidesUsage: boolean;
}

/** Comments before the first event are kept up to so many bytes: they mean nothing, and may come for as long as the answer does not. */
const mostCommentBytes = 64 * 1024;

/** Events in the client's own dialect pass as they came; we only watch. */
export class PassingFlow implements Flow {
  readonly #options: PassingOptions;
  readonly #pieces: Pieces;
  /** What goes out next; comments of a provider wait here for its first event, for they are no beginning of an answer. */
  #out: Buffer[] = [];
  #commentBytes = 0;
  #hasBegun = false;
  #failure: unknown = null;
  delivered = 0;

  constructor(options: PassingOptions) {
    this.#options = options;
    this.#pieces = new Pieces(options.body, options.framing);
  }

  get usage(): Usage | null {
    return this.#options.watch.usage;
  }

  get isWhole(): boolean {
    return this.#options.watch.complete && this.usage !== null;
  }

  take(): Uint8Array | null | undefined {
    if (this.#failure !== null) throw this.#failure;
    for (;;) {
      const pieces = this.#pieces.take();
      if (pieces === undefined) return undefined;
      if (pieces === null) return this.#ending();
      try {
        for (const piece of pieces) this.#pass(piece, piece.raw);
      } catch (failure) {
        // What came before it in the same piece goes out first; before any word the next deployment may be asked.
        if (!this.#hasBegun || this.#out.length === 0) throw failure;
        this.#failure = failure;
      }
      if (this.delivered > 0 && this.#out.length > 0) return this.#taken();
    }
  }

  wake(told: () => void): void {
    this.#pieces.wake(told);
  }

  #taken(): Buffer | null {
    const out = this.#out;
    this.#out = [];
    this.#hasBegun = true;
    return out.length > 1 ? Buffer.concat(out) : (out[0] ?? null);
  }

  #pass(piece: StreamPiece, raw: Buffer | null): void {
    const { watch, repair, hidesUsage } = this.#options;
    watch.see(piece);
    if (watch.error !== null) throw watch.error;
    if (isHalf(piece.data))
      throw new GatewayError('upstream_garbled', { message: 'an event of its stream is half an object' });
    if (hidesUsage && reportsOnlyUsage(piece.data)) return;
    if (piece.data !== '') this.delivered++;
    else if (this.delivered === 0 && this.#isTooMuch(raw)) return;
    const mended = repair?.(piece) ?? null;
    const untold = hidesUsage ? withoutUsage(mended ?? piece.data) : null;
    if (untold !== null || mended !== null) this.#out.push(Buffer.from(`data: ${untold ?? mended}\n\n`));
    else if (raw !== null) this.#out.push(hidesUsage ? withoutNoUsage(raw) : raw);
  }

  #isTooMuch(comment: Buffer | null): boolean {
    this.#commentBytes += comment?.length ?? 0;
    return this.#commentBytes > mostCommentBytes;
  }

  #ending(): Buffer | null {
    const rest = this.#pieces.rest();
    if (rest !== null) this.#pass(rest, Buffer.from(writeEvent(rest.data, eventName(rest))));
    if (!this.#options.watch.complete) throw cut();
    return this.#taken();
  }
}

/** An object that begins and does not end: what a client would choke on, found without reading it. */
function isHalf(data: string): boolean {
  return data.startsWith('{') && !data.endsWith('}') && !data.trimEnd().endsWith('}');
}

/** Unnamed events are read as `message`. */
const eventName = ({ name }: StreamPiece): string | undefined => (name === 'message' ? undefined : name);

/** OpenAI's last chunk when usage was asked for: no choices, only usage. */
function reportsOnlyUsage(data: string): boolean {
  if (!data.includes('"usage":') || !/"choices":\s*\[\s*\]/.test(data)) return false;
  const chunk = parsedPiece(data);
  return isObject(chunk) && isObject(chunk.usage) && listOf(chunk.choices).length === 0;
}

/** Mistral and others report usage in their last chunk with words; returns the chunk without it, or null when it has none. */
function withoutUsage(data: string): string | null {
  if (!data.includes('"usage":') || !/"usage":\s*\{/.test(data)) return null;
  const chunk = parsedPiece(data);
  if (!isObject(chunk) || !isObject(chunk.usage)) return null;
  const { usage, ...rest } = chunk;
  return JSON.stringify(rest);
}

const noUsage = Buffer.from(',"usage":null');

/** Asked for usage, OpenAI says `"usage":null` in every chunk before the last; a client that did not ask is not told. */
function withoutNoUsage(raw: Buffer): Buffer {
  const at = raw.indexOf(noUsage);
  return at === -1 ? raw : Buffer.concat([raw.subarray(0, at), raw.subarray(at + noUsage.length)]);
}

export interface TranslatingOptions {
  readonly body: IncomingBody;
  readonly framing: Wire['framing'];
  readonly reader: StreamReader;
  readonly watch: StreamWatch | null;
  readonly encoder: StreamEncoder;
}

/** Pieces of another dialect become our words, and our words the client's dialect. Only the end of the body ends it: usage may follow the last word. */
export class TranslatingFlow implements Flow {
  readonly #options: TranslatingOptions;
  readonly #pieces: Pieces;
  #ended = false;
  #hasBegun = false;
  #failure: unknown = null;
  #told: Usage | null = null;
  delivered = 0;

  constructor(options: TranslatingOptions) {
    this.#options = options;
    this.#pieces = new Pieces(options.body, options.framing);
  }

  get usage(): Usage | null {
    return this.#options.watch?.usage ?? this.#told;
  }

  /** The client's dialect tells the end only after the body's. */
  get isWhole(): boolean {
    return this.#ended;
  }

  take(): string | null | undefined {
    if (this.#failure !== null) throw this.#failure;
    for (;;) {
      const pieces = this.#pieces.take();
      if (pieces === undefined) return undefined;
      if (pieces === null) return this.#ended ? null : this.#ending();
      let text = '';
      try {
        for (const piece of pieces) text += this.#translate(piece);
      } catch (failure) {
        if (!this.#hasBegun || text === '') throw failure;
        this.#failure = failure;
      }
      if (text === '') continue;
      this.#hasBegun = true;
      return text;
    }
  }

  wake(told: () => void): void {
    this.#pieces.wake(told);
  }

  #translate(piece: StreamPiece): string {
    const { reader, watch, encoder } = this.#options;
    watch?.see(piece);
    let text = '';
    for (const chunk of reader.read(piece)) {
      if (isObject(chunk.usage)) this.#told = usageFromOpenAi(chunk.usage);
      text += encoder.write(chunk);
    }
    if (text !== '') this.delivered++;
    return text;
  }

  #ending(): string {
    this.#ended = true;
    const rest = this.#pieces.rest();
    const text = rest === null ? '' : this.#translate(rest);
    if (!this.#options.reader.complete) throw cut();
    return text + this.#options.encoder.end();
  }
}
