// streamGenerateContent's pieces → chunks in our words. A piece is a small answer of its own; calls come whole, or, where a
// client asked for it, argument by argument. Older models say in each piece why they end: it is told once.
// https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
import type { ChatChunk, ChatDelta, FinishReason } from '../../core/chat.ts';
import { isObject, type JsonObject, listOf, numberOf } from '../../core/json.ts';
import { type Usage, usageToOpenAi } from '../../core/usage.ts';
import type { Call, StreamPiece, StreamReader } from '../provider.ts';
import { failureInStream, garbled } from '../upstream-failure.ts';
import { GrowingCalls } from './growing-calls.ts';
import {
  besideFields,
  blockedPrompt,
  finishReason,
  logProbabilities,
  refuseGivenUp,
  type Said,
  saidBy,
  thinkingBlocks,
} from './said.ts';
import { googleUsage } from './usage.ts';

/** Takes the call; returns a reader of one stream. Throws what an error in it means, and upstream_garbled. */
export function generateReader(call: Call): StreamReader {
  return new GenerateReader(call);
}

/** One of the answers that were asked for, as it grows. */
class Choice {
  readonly index: number;
  readonly growing = new GrowingCalls();
  begun = false;
  called = 0;
  told: FinishReason | null = null;

  constructor(index: number) {
    this.index = index;
  }
}

class GenerateReader implements StreamReader {
  complete = false;
  readonly #call: Call;
  readonly #id: string;
  readonly #choices = new Map<number, Choice>();
  #usage: Usage | null = null;

  constructor(call: Call) {
    this.#call = call;
    this.#id = call.newId('chatcmpl-');
  }

  read({ data }: StreamPiece): readonly ChatChunk[] {
    if (data === '' || data === '[DONE]') return [];
    const piece = pieceOf(data);
    const blocked = blockedPrompt(piece);
    const candidates = listOf(piece.candidates).filter(isObject);
    const chunks = blocked === null ? candidates.flatMap((one) => this.#candidate(one)) : this.#refused(blocked);
    return [...chunks, ...this.#counted(piece)];
  }

  #candidate(candidate: JsonObject): readonly ChatChunk[] {
    const choice = this.#choice(numberOf(candidate.index) ?? 0);
    const grown = choice.growing.take(candidate);
    const said = saidBy(grown, this.#call);
    const chunks = this.#said(choice, said);
    const logprobs = logProbabilities(candidate.logprobsResult);
    const beside = besideFields(candidate, said);
    const finish = finishReason(candidate, choice.called > 0);
    if (finish !== null) {
      choice.growing.checkDone();
      if (!choice.begun) refuseGivenUp(candidate);
      this.complete = true;
    }
    const ends = finish !== null && finish !== choice.told;
    choice.told = finish ?? choice.told;
    const isTelling = ends || logprobs !== null || Object.keys(beside).length > 0;
    return isTelling ? [...chunks, this.#chunk(choice, beside, ends ? finish : null, logprobs)] : chunks;
  }

  #said(choice: Choice, said: Said): ChatChunk[] {
    const thinking = thinkingBlocks(said);
    const calls = said.calls.map((one) => ({ index: choice.called++, ...one }));
    const deltas: ChatDelta[] = [
      ...(said.text === '' ? [] : [{ content: said.text }]),
      ...(calls.length > 0 ? [{ tool_calls: calls }] : []),
      ...(said.images.length > 0 ? [{ images: said.images }] : []),
      ...(said.audio === undefined ? [] : [{ audio: said.audio }]),
    ];
    // A thought goes before the words of its piece, the signature of words after them.
    if (thinking.length > 0) {
      const delta = { ...(said.thought === '' ? {} : { reasoning_content: said.thought }), thinking_blocks: thinking };
      if (said.thought === '') deltas.push(delta);
      else deltas.unshift(delta);
    }
    return deltas.map((delta) => this.#chunk(choice, delta, null, null));
  }

  #refused(promptFeedback: JsonObject): readonly ChatChunk[] {
    this.complete = true;
    const delta = { content: '', provider_specific_fields: { prompt_feedback: promptFeedback } };
    return [this.#chunk(this.#choice(0), delta, 'content_filter', null)];
  }

  /** Pieces count what there is so far; it is told once the answer has ended, and again when it is counted anew. */
  #counted(piece: JsonObject): readonly ChatChunk[] {
    this.#usage = googleUsage(piece) ?? this.#usage;
    const usage = this.#usage;
    if (!this.complete || usage === null) return [];
    this.#usage = null;
    return [{ ...this.#frame(), choices: [], usage: usageToOpenAi(usage) }];
  }

  #choice(index: number): Choice {
    const choice = this.#choices.get(index) ?? new Choice(index);
    this.#choices.set(index, choice);
    return choice;
  }

  #chunk(choice: Choice, delta: ChatDelta, finish: FinishReason | null, logprobs: JsonObject | null): ChatChunk {
    const role = choice.begun ? {} : { role: 'assistant' };
    choice.begun = true;
    const beside = logprobs === null ? {} : { logprobs };
    return {
      ...this.#frame(),
      choices: [{ index: choice.index, delta: { ...role, ...delta }, ...beside, finish_reason: finish }],
    };
  }

  #frame(): Pick<ChatChunk, 'id' | 'object' | 'created' | 'model'> {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: Math.floor(this.#call.now / 1000),
      model: this.#call.upstream.model,
    };
  }
}

function pieceOf(data: string): JsonObject {
  let piece: unknown;
  try {
    piece = JSON.parse(data);
  } catch (cause) {
    throw garbled('gemini', `an event that is not JSON (${String(cause)})`);
  }
  const only = Array.isArray(piece) ? piece[0] : piece;
  if (!isObject(only)) throw garbled('gemini', 'an event that is not an object');
  if (isObject(only.error)) throw failureInStream('gemini', only);
  return only;
}
