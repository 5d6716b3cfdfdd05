// What Anthropic's models tell by their names: from 4.6 on a model decides itself how much to think, and newer ones refuse
// a budget (https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking).

/** Takes a model's name; returns its version as a number (4.6), infinity for families newer than Opus, Sonnet and Haiku. */
function versionOf(model: string): number {
  const known = /claude-(?:opus|sonnet|haiku)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model);
  if (known !== null) return Number(`${known[1]}.${known[2] ?? 0}`);
  return /claude-(?!instant)[a-z]+-\d/.test(model) ? Number.POSITIVE_INFINITY : 0;
}

/** Takes a model's name; true when it takes `thinking: adaptive` with an effort, and JSON schemas natively. */
export function isAdaptive(model: string): boolean {
  return versionOf(model) >= 4.6;
}

/** Takes a model's name; true when it knows the effort `xhigh`. */
export function knowsExtraHigh(model: string): boolean {
  return versionOf(model) >= 4.7;
}
