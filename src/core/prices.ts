// What a token costs: the shape of a price and the arithmetic. The table of shipped prices stands in providers/prices.ts.
import type { Usage } from './usage.ts';

/** US dollars per token (or per request, per search unit). Names follow LiteLLM's cost map. */
export interface Price {
  readonly input_cost_per_token?: number;
  readonly output_cost_per_token?: number;
  readonly cache_read_input_token_cost?: number;
  readonly cache_creation_input_token_cost?: number;
  readonly cache_creation_input_token_cost_above_1hr?: number;
  readonly input_cost_per_audio_token?: number;
  readonly output_cost_per_audio_token?: number;
  readonly output_cost_per_reasoning_token?: number;
  readonly input_cost_per_token_above_200k_tokens?: number;
  readonly output_cost_per_token_above_200k_tokens?: number;
  readonly input_cost_per_request?: number;
  readonly input_cost_per_query?: number;
}

const longContextTokens = 200_000;

/**
 * Takes tokens and a price; returns US dollars, following contracts section 11.1: text input is what is left of the
 * input after cache and audio, and above the long-context threshold the whole request is charged at the higher rate.
 */
export function costOf(usage: Usage, price: Price): number {
  const long = usage.input > longContextTokens;
  const input = (long ? price.input_cost_per_token_above_200k_tokens : undefined) ?? price.input_cost_per_token ?? 0;
  const output = (long ? price.output_cost_per_token_above_200k_tokens : undefined) ?? price.output_cost_per_token ?? 0;
  const cacheWrite = price.cache_creation_input_token_cost ?? input;
  const text = usage.input - usage.cacheRead - usage.cacheWrite - usage.cacheWriteHour - usage.audioInput;
  const written = usage.output - usage.reasoning - usage.audioOutput;
  return (
    Math.max(0, text) * input +
    usage.cacheRead * (price.cache_read_input_token_cost ?? input) +
    usage.cacheWrite * cacheWrite +
    usage.cacheWriteHour * (price.cache_creation_input_token_cost_above_1hr ?? cacheWrite) +
    usage.audioInput * (price.input_cost_per_audio_token ?? input) +
    Math.max(0, written) * output +
    usage.reasoning * (price.output_cost_per_reasoning_token ?? output) +
    usage.audioOutput * (price.output_cost_per_audio_token ?? output) +
    usage.searchUnits * (price.input_cost_per_query ?? 0) +
    (price.input_cost_per_request ?? 0)
  );
}
