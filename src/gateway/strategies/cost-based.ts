// Cheapest first, by input and output price together; an unknown price counts as dear (LiteLLM: 5 and 5 dollars a token).
import { shuffled } from '../shuffled.ts';
import type { Candidate, Strategy } from './strategy.ts';

const unknownPrice = 10;

function priceOf({ target }: Candidate): number {
  if (target.price === null) return unknownPrice;
  return (target.price.input_cost_per_token ?? 0) + (target.price.output_cost_per_token ?? 0);
}

export const costBased: Strategy = {
  name: 'cost-based',
  order: (candidates, random) => shuffled(candidates, random).toSorted((a, b) => priceOf(a) - priceOf(b)),
};
