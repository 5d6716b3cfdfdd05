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
  readonly input_cost_per_request?: number;
  readonly input_cost_per_query?: number;
  /** Another rate for the whole request once its input is longer than so many thousand tokens. */
  readonly [field: `${string}_above_${number}k_tokens`]: number | undefined;
}

type Rate =
  | 'input_cost_per_token'
  | 'output_cost_per_token'
  | 'cache_read_input_token_cost'
  | 'cache_creation_input_token_cost';

/** No vendor has a threshold below this, so shorter requests need no search for one. */
const shortTokens = 32_000;

/** The rate for a request of this length: that of the highest threshold it is above, else the plain one. */
function rateOf(price: Price, field: Rate, inputTokens: number): number | undefined {
  if (inputTokens <= shortTokens) return price[field];
  const start = `${field}_above_`;
  const thresholds = Object.keys(price)
    .filter((name) => name.startsWith(start) && name.endsWith('k_tokens'))
    .map((name) => Number.parseInt(name.slice(start.length), 10))
    .filter((thousands) => inputTokens > thousands * 1000);
  if (thresholds.length === 0) return price[field];
  return price[`${field}_above_${Math.max(...thresholds)}k_tokens`];
}

/**
 * Takes tokens and a price; returns US dollars, following contracts section 11.1: text input is what is left of the
 * input after cache and audio, and above a long-context threshold the whole request is charged at the higher rates.
 */
export function costOf(usage: Usage, price: Price): number {
  const input = rateOf(price, 'input_cost_per_token', usage.input) ?? 0;
  const output = rateOf(price, 'output_cost_per_token', usage.input) ?? 0;
  const cacheRead = rateOf(price, 'cache_read_input_token_cost', usage.input) ?? input;
  const cacheWrite = rateOf(price, 'cache_creation_input_token_cost', usage.input) ?? input;
  const text = usage.input - usage.cacheRead - usage.cacheWrite - usage.cacheWriteHour - usage.audioInput;
  const written = usage.output - usage.reasoning - usage.audioOutput;
  return (
    Math.max(0, text) * input +
    usage.cacheRead * cacheRead +
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
