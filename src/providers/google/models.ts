// What Google's models tell by their names. https://ai.google.dev/gemini-api/docs/models
import type { Upstream } from '../provider.ts';

export interface GoogleModel {
  /** How thinking is asked for: by a level (Gemini 3), by a budget of tokens (2.5), or not at all. */
  readonly thinks: 'level' | 'budget' | 'never';
  readonly isPro: boolean;
  readonly isLite: boolean;
  /** Of the levels those that some models refuse: Flash before 3.7 thinks minimally, all but Gemini 3 Pro in between. */
  readonly hasMinimal: boolean;
  readonly hasMedium: boolean;
  /** Gemini 3 and later: how closely to look is said of each picture; before, of the request. */
  readonly looksByPart: boolean;
}

/** Aliases of the newest models, of Gemini 3 or later since January 2026. https://ai.google.dev/gemini-api/docs/changelog */
const newest = /gemini-(?:pro|flash|flash-lite)-latest/;

/** Takes an upstream; returns what its model can. A tuned model's number tells nothing: there base_model does. */
export function googleModel({ model, info }: Upstream): GoogleModel {
  const name = info.base_model ?? model;
  const generation = generationOf(name);
  const isPro = /\bpro\b/.test(name);
  const isLite = /\blite\b/.test(name);
  return {
    isPro,
    isLite,
    thinks: thinkingOf(name, generation),
    hasMinimal: !isPro && (isLite || generation < 3.7),
    hasMedium: !(isPro && generation === 3),
    looksByPart: generation >= 3,
  };
}

/** 0: its name does not tell. */
function generationOf(name: string): number {
  if (newest.test(name)) return Number.POSITIVE_INFINITY;
  return Number(/gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1] ?? 0);
}

function thinkingOf(name: string, generation: number): GoogleModel['thinks'] {
  if (generation === 0) return /\bgemma|embedding/.test(name) ? 'never' : 'budget';
  if (generation >= 3) return 'level';
  return generation >= 2.5 ? 'budget' : 'never';
}
