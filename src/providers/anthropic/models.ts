// What Anthropic's models tell by their names (https://docs.anthropic.com/en/docs/about-claude/models/migration-guide).

export interface ModelTraits {
  /** From 4.6: it decides itself how much to think, given an effort, and takes JSON schemas natively. */
  readonly isAdaptive: boolean;
  /** From 4.7: no temperature, top_p or top_k; an effort `xhigh`; its thinking is shown only when asked for. */
  readonly isUnsampled: boolean;
}

/** Takes a model's name; returns what it can. Families newer than Opus, Sonnet and Haiku can all. */
export function traitsOf(model: string): ModelTraits {
  const version = versionOf(model);
  return { isAdaptive: version >= 4.6, isUnsampled: version >= 4.7 };
}

function versionOf(model: string): number {
  const known = /claude-(?:opus|sonnet|haiku)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model);
  if (known !== null) return Number(`${known[1]}.${known[2] ?? 0}`);
  return /claude-(?!instant)[a-z]+-\d/.test(model) ? Number.POSITIVE_INFINITY : 0;
}
