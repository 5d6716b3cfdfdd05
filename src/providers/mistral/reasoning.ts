// Which of Mistral's models think, and how much they can be told to. https://docs.mistral.ai/capabilities/reasoning
import type { JsonValue } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';

/** They think always. */
const native = /magistral/;

/** Models with a date up to 2025, and families that have no thinking member; aliases of the newest model may think. */
const thinksNever = /-2[0-5]\d\d$|^open-|ministral|codestral|devstral|pixtral|tiny|saba|nemo/;

/** Large models know degrees, the others only all or nothing. */
const graded = /mistral-large/;

/** Takes the model's name; true when it may think, so that earlier thinking can be sent back to it. */
export function mayThink(model: string): boolean {
  return native.test(model) || !thinksNever.test(model);
}

const efforts: Readonly<Record<string, readonly [graded: string, switched: string]>> = {
  none: ['none', 'none'],
  minimal: ['low', 'none'],
  low: ['low', 'high'],
  medium: ['medium', 'high'],
  high: ['high', 'high'],
  xhigh: ['high', 'high'],
  max: ['high', 'high'],
};

/**
 * Takes the provider's name, a reasoning_effort and the call; returns Mistral's, undefined when there is nothing to say.
 * Throws field_invalid for an effort nobody knows, field_unsupported for one the model cannot make.
 */
export function mistralEffort(provider: string, effort: JsonValue | undefined, call: Call): string | undefined {
  if (effort === undefined || effort === null) return undefined;
  const words = typeof effort === 'string' && Object.hasOwn(efforts, effort) ? efforts[effort] : undefined;
  if (words === undefined) throw invalid('reasoning_effort', `must be one of ${Object.keys(efforts).join(', ')}`);
  const { model } = call.upstream;
  const isOff = effort === 'none';
  if (native.test(model) ? isOff : !mayThink(model) && !isOff) {
    unsupported(provider, call, 'reasoning_effort', isOff ? 'the model always thinks' : 'the model does not think');
  }
  if (native.test(model) || !mayThink(model)) return undefined;
  return graded.test(model) ? words[0] : words[1];
}
