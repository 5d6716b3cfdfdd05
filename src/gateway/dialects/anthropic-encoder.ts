// Chunks in our words → Anthropic's event stream. Invariant: one content block is open at a time and block numbers rise
// by one (https://docs.anthropic.com/en/docs/build-with-claude/streaming). OpenAI's parallel tool calls may interleave, so
// what arrives for another block while a call is half written waits until that call is complete.
import type { ChatChunk, ChatDelta } from '../../core/chat.ts';
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { writeEvent } from '../../kit/sse.ts';
import { inputOf, messageId, messageUsage, stopFields } from './anthropic-answer.ts';
import { type Call, CallLedger } from './call-ledger.ts';
import type { AnswerContext, StreamEncoder } from './dialect.ts';

/** Something to be written into a block of its kind. */
type Piece =
  | { readonly kind: 'text'; readonly delta: JsonObject }
  | { readonly kind: 'thinking'; readonly delta: JsonObject }
  | { readonly kind: 'block'; readonly block: JsonObject }
  | { readonly kind: 'call'; readonly call: Call; readonly text: string };

type Open = { readonly kind: 'text' | 'thinking' } | { readonly kind: 'call'; readonly call: Call };

/** Takes what must be known of the request; returns the encoder of one stream. Its methods throw upstream_garbled. */
export function anthropicEncoder(context: AnswerContext): StreamEncoder {
  return new AnthropicEncoder(context);
}

class AnthropicEncoder implements StreamEncoder {
  readonly #context: AnswerContext;
  readonly #calls = new CallLedger();
  #out = '';
  #started = false;
  #index = -1;
  #open: Open | null = null;
  #waiting: Piece[] = [];
  #finish: string | null = null;
  #kept: JsonObject = {};
  #usage: JsonObject | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  write(chunk: ChatChunk): string {
    if (isObject(chunk.usage)) this.#usage = chunk.usage;
    this.#start(chunk.id);
    const choice = chunk.choices.find((one) => (one.index ?? 0) === 0);
    if (choice !== undefined) {
      for (const piece of this.#pieces(choice.delta ?? {})) this.#place(piece);
      this.#finish = choice.finish_reason ?? this.#finish;
    }
    return this.#flush();
  }

  end(): string {
    this.#start(undefined);
    for (const piece of grouped(this.#waiting.splice(0))) this.#put(piece);
    this.#close();
    this.#calls.checkNamed();
    const stop = stopFields(this.#finish ?? 'stop', this.#calls.size > 0, { provider_specific_fields: this.#kept });
    this.#event('message_delta', { delta: stop, usage: messageUsage(this.#usage, this.#context) });
    this.#event('message_stop', {});
    return this.#flush();
  }

  #start(id: string | undefined): void {
    if (this.#started) return;
    this.#started = true;
    const known = messageUsage(this.#usage, this.#context);
    const usage = known.input_tokens === 0 ? messageUsage(undefined, this.#context) : known;
    const message = {
      id: messageId(id, this.#context),
      type: 'message',
      role: 'assistant',
      model: this.#context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    this.#event('message_start', { message });
  }

  /** Takes a delta; returns what it says, in the order Anthropic would say it. */
  *#pieces(delta: ChatDelta): Generator<Piece> {
    yield* thinkingPieces(delta);
    const beside = isObject(delta.provider_specific_fields) ? delta.provider_specific_fields : {};
    for (const block of listOf(beside.content_blocks)) if (isObject(block)) yield { kind: 'block', block };
    const words = textOf(delta.content) || textOf(delta.refusal) || '';
    if (words !== '') yield { kind: 'text', delta: { type: 'text_delta', text: words } };
    if (isObject(beside.citation)) {
      yield { kind: 'text', delta: { type: 'citations_delta', citation: beside.citation } };
    }
    for (const one of listOf(delta.tool_calls)) yield* this.#callPieces(one);
    if (beside.stop_reason !== undefined) this.#kept = beside;
  }

  *#callPieces(delta: JsonValue): Generator<Piece> {
    if (!isObject(delta)) return;
    const call = this.#calls.take(delta);
    if (call.name === undefined) return;
    const text = call.unsent;
    call.unsent = '';
    if (text !== '' || !call.isPlaced) yield { kind: 'call', call, text };
    call.isPlaced = true;
  }

  /** Writes a piece, or lets it wait while the open call is half written. */
  #place(piece: Piece): void {
    const open = this.#open;
    const isSame = open?.kind === 'call' && piece.kind === 'call' && piece.call === open.call;
    if (open?.kind === 'call' && !isSame && !isComplete(open.call)) this.#waiting.push(piece);
    else this.#put(piece);
    if (this.#waiting.length > 0) this.#catchUp();
  }

  /** Writes what waits, call by call, until one of them is half written. */
  #catchUp(): void {
    while (this.#waiting.length > 0) {
      if (this.#open?.kind === 'call' && !isComplete(this.#open.call)) return;
      const [first, ...rest] = this.#waiting;
      if (first === undefined) return;
      this.#waiting = rest.filter((piece) => !belongs(piece, first));
      for (const piece of [first, ...rest.filter((other) => belongs(other, first))]) this.#put(piece);
    }
  }

  #put(piece: Piece): void {
    if (piece.kind === 'block') {
      this.#close();
      this.#begin(piece.block);
      this.#event('content_block_stop', { index: this.#index });
    } else if (piece.kind === 'call') {
      this.#putCall(piece.call, piece.text);
    } else {
      if (this.#open?.kind !== piece.kind) this.#beginLane(piece.kind);
      this.#event('content_block_delta', { index: this.#index, delta: piece.delta });
      // A signature ends its block: what is thought afterwards is signed by another.
      if (piece.delta.type === 'signature_delta') this.#close();
    }
  }

  #beginLane(kind: 'text' | 'thinking'): void {
    this.#close();
    this.#begin(kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' });
    this.#open = { kind };
  }

  #putCall(call: Call, text: string): void {
    if (call.isClosed) {
      if (text.trim() === '') return;
      throw garbled(`the arguments of the call to ${String(call.name)} go on after their end`);
    }
    if (this.#open?.kind !== 'call' || this.#open.call !== call) {
      this.#close();
      this.#begin({ type: 'tool_use', id: call.id ?? this.#context.newId('toolu_'), name: call.name, input: {} });
      this.#open = { kind: 'call', call };
    }
    call.written += text;
    if (text === '') return;
    this.#event('content_block_delta', {
      index: this.#index,
      delta: { type: 'input_json_delta', partial_json: text },
    });
  }

  #begin(block: JsonObject): void {
    this.#index += 1;
    this.#event('content_block_start', { index: this.#index, content_block: block });
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    if (open.kind === 'call') {
      open.call.isClosed = true;
      if (this.#finish !== 'length' && inputOf(open.call.written) === undefined) {
        throw garbled(`the arguments of the call to ${String(open.call.name)} are not a JSON object`);
      }
    }
    this.#event('content_block_stop', { index: this.#index });
  }

  #event(type: string, fields: JsonObject): void {
    this.#out += writeEvent(JSON.stringify({ type, ...fields }), type);
  }

  #flush(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }
}

/** Signed pieces when the provider gives them, else the plain reasoning (which stays unsigned). */
function* thinkingPieces(delta: ChatDelta): Generator<Piece> {
  const blocks = listOf(delta.thinking_blocks);
  if (blocks.length === 0) {
    const thought = textOf(delta.reasoning_content) ?? '';
    if (thought !== '') yield { kind: 'thinking', delta: { type: 'thinking_delta', thinking: thought } };
  }
  for (const block of blocks) {
    if (!isObject(block)) continue;
    if (block.type === 'redacted_thinking') yield { kind: 'block', block };
    const thought = textOf(block.thinking) ?? '';
    if (thought !== '') yield { kind: 'thinking', delta: { type: 'thinking_delta', thinking: thought } };
    const signature = textOf(block.signature) ?? '';
    if (signature !== '') yield { kind: 'thinking', delta: { type: 'signature_delta', signature } };
  }
}

function isComplete(call: Call): boolean {
  return call.written.trimEnd().endsWith('}') && inputOf(call.written) !== undefined;
}

function belongs(piece: Piece, first: Piece): boolean {
  return piece.kind === 'call' && first.kind === 'call' && piece.call === first.call;
}

/** Takes pieces in order of arrival; returns them with the pieces of each call together, at the place of its first. */
function grouped(pieces: readonly Piece[]): readonly Piece[] {
  const groups = new Map<Call | Piece, Piece[]>();
  for (const piece of pieces) {
    const key = piece.kind === 'call' ? piece.call : piece;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [piece]);
    else group.push(piece);
  }
  return [...groups.values()].flat();
}

function garbled(message: string): GatewayError {
  return new GatewayError('upstream_garbled', { message });
}
