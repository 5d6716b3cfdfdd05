// The real text model: stories260K through llama.cpp, token by token.
// Invariant: at temperature 0 the same prompt gives the same tokens, so each generation has a context of its own (a shared
// batch would let one request's arithmetic drift with another's) and llama.cpp gets one thread (with two on a shared
// two-core machine it is a thousand times slower).
import {
  getLlama,
  type LlamaContextSequence,
  type LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaLogLevel,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';

export const contextTokens = 512;

export type Generation = {
  readonly prompt: string;
  /** A JSON schema the answer must satisfy; the grammar leaves the model no other choice. */
  readonly schema?: JsonSchema;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly signal: AbortSignal;
  /** Called after each token, before its text goes out; what it returns is awaited. */
  readonly afterToken?: (count: number) => Promise<void>;
};

export type Ending = { readonly reason: 'stop' | 'length'; readonly promptTokens: number; readonly tokens: number };

export type JsonSchema = { readonly [key: string]: unknown };

export class ContextLengthExceeded extends Error {
  readonly tokens: number;
  constructor(tokens: number) {
    super(
      `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
    );
    this.tokens = tokens;
  }
}

export class StoryModel {
  readonly #model: LlamaModel;
  readonly #free: LlamaContextSequence[];
  readonly #waiting: ((sequence: LlamaContextSequence) => void)[] = [];

  private constructor(model: LlamaModel, sequences: LlamaContextSequence[]) {
    this.#model = model;
    this.#free = sequences;
  }

  /** Loads the weights; `parallel` generations run at once, the rest wait their turn. */
  static async load(modelPath: string, parallel = 4): Promise<StoryModel> {
    const llama = await getLlama({ build: 'never', gpu: false, maxThreads: 1, logLevel: LlamaLogLevel.error });
    const model = await llama.loadModel({ modelPath });
    const sequences: LlamaContextSequence[] = [];
    for (let made = 0; made < parallel; made += 1) {
      const context = await model.createContext({ threads: 1, contextSize: contextTokens });
      sequences.push(context.getSequence());
    }
    return new StoryModel(model, sequences);
  }

  /** Tokens of the prompt as the model reads it, its begin token included. */
  countTokens(prompt: string): number {
    return this.#tokenize(prompt).length;
  }

  /** Yields the text as it is made and returns how it ended. Throws ContextLengthExceeded before anything is made. */
  async *generate(wish: Generation): AsyncGenerator<string, Ending> {
    const prompt = this.#tokenize(wish.prompt);
    if (prompt.length >= contextTokens) throw new ContextLengthExceeded(prompt.length);
    const grammar = wish.schema === undefined ? undefined : await this.#grammarFor(wish.schema);
    const sequence = await this.#take();
    try {
      return yield* this.#tokens(sequence, prompt, grammar, wish);
    } finally {
      await sequence.clearHistory();
      this.#giveBack(sequence);
    }
  }

  async *#tokens(
    sequence: LlamaContextSequence,
    prompt: Token[],
    grammar: LlamaGrammar | undefined,
    wish: Generation,
  ): AsyncGenerator<string, Ending> {
    const made: Token[] = [];
    const text = new TextSoFar(wish.stop ?? []);
    const limit = Math.min(wish.maxTokens ?? contextTokens, contextTokens - prompt.length);
    const ending = (reason: 'stop' | 'length') => ({ reason, promptTokens: prompt.length, tokens: made.length });
    for await (const token of sequence.evaluate(prompt, this.#sampling(grammar, wish))) {
      wish.signal.throwIfAborted();
      if (token === this.#model.tokens.bos) break; // llama2.c ends a story with the token that begins the next
      made.push(token);
      const { fresh, stopped } = text.grow(this.#model.detokenize(made));
      await wish.afterToken?.(made.length);
      wish.signal.throwIfAborted();
      if (fresh !== '') yield fresh;
      if (stopped || (grammar !== undefined && isJson(text.whole))) return ending('stop');
      if (made.length >= limit) {
        yield text.rest();
        return ending('length');
      }
    }
    yield text.rest();
    return ending('stop');
  }

  #sampling(grammar: LlamaGrammar | undefined, wish: Generation) {
    return {
      temperature: wish.temperature ?? 1,
      ...(wish.topP === undefined ? {} : { topP: wish.topP }),
      ...(wish.seed === undefined ? {} : { seed: wish.seed }),
      ...(grammar === undefined
        ? {}
        : { grammarEvaluationState: new LlamaGrammarEvaluationState({ model: this.#model, grammar }) }),
    };
  }

  #tokenize(prompt: string): Token[] {
    const { bos } = this.#model.tokens;
    return [...(bos === null ? [] : [bos]), ...this.#model.tokenize(prompt)];
  }

  #grammarFor(schema: JsonSchema): Promise<LlamaGrammar> {
    return this.#model.llama.createGrammarForJsonSchema(bounded(schema) as { type: 'object' });
  }

  #take(): Promise<LlamaContextSequence> {
    const sequence = this.#free.pop();
    return sequence === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(sequence);
  }

  #giveBack(sequence: LlamaContextSequence): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(sequence);
    else next(sequence);
  }
}

/** Holds back half a UTF-8 character and anything that may yet become a stop text. */
class TextSoFar {
  whole = '';
  #sent = 0;
  readonly #stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  grow(text: string): { fresh: string; stopped: boolean } {
    this.whole = text.replace(/\uFFFD+$/, '');
    const ends = this.#stops.map((stop) => this.whole.indexOf(stop)).filter((at) => at >= 0);
    if (ends.length > 0) return { fresh: this.#upTo(Math.min(...ends)), stopped: true };
    return { fresh: this.#upTo(this.whole.length - this.#undecided()), stopped: false };
  }

  rest(): string {
    return this.#upTo(this.whole.length);
  }

  #upTo(end: number): string {
    const fresh = this.whole.slice(this.#sent, end);
    this.#sent = Math.max(this.#sent, end);
    return fresh;
  }

  #undecided(): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let size = 1; size < stop.length; size += 1) {
        if (this.whole.endsWith(stop.slice(0, size))) longest = Math.max(longest, size);
      }
    }
    return longest;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // not yet: the grammar has not closed the value
  }
}

/** A tiny model does not know when to stop, so texts and lists without a limit get one. */
function bounded(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bounded);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, bounded(value)]),
  );
  if (copy['type'] === 'string' && copy['enum'] === undefined) copy['maxLength'] ??= 24;
  if (copy['type'] === 'array') copy['maxItems'] ??= 3;
  return copy;
}
