// What Google's models tell by their names. https://ai.google.dev/gemini-api/docs/models
import type { Upstream } from '../provider.ts';

export interface GoogleModel {
  /** How thinking is asked for: by a level (Gemini 3), by a budget of tokens (2.5), or not at all. */
  readonly thinks: 'level' | 'budget' | 'never';
  readonly isPro: boolean;
  readonly isLite: boolean;
}

/** Takes an upstream; returns what its model can. An alias or a tuned model's number tells nothing: there base_model does. */
export function googleModel({ model, info }: Upstream): GoogleModel {
  const name = info.base_model ?? model;
  const generation = /gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1];
  const traits = { isPro: /\bpro\b/.test(name), isLite: /\blite\b/.test(name) };
  if (generation === undefined) return { ...traits, thinks: /\bgemma|embedding/.test(name) ? 'never' : 'budget' };
  return { ...traits, thinks: Number(generation) >= 3 ? 'level' : Number(generation) >= 2.5 ? 'budget' : 'never' };
}
