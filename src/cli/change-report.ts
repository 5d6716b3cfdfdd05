// What a declaration changes, for people and for programs.
import type { ReplacedKinds } from '../store/replace-owned.ts';

const nouns = {
  credentials: 'credential',
  aliases: 'alias',
  deployments: 'deployment',
  settings: 'setting',
  toolServers: 'tool server',
} as const satisfies Record<keyof ReplacedKinds, string>;
const kinds = Object.keys(nouns) as readonly (keyof ReplacedKinds)[];

/** Takes what changed and what deployments are called; returns a line for each change: `+ alias chat`, `~` changed, `-` removed, `>` left to the API. */
export function changeLines(changes: ReplacedKinds, nameOf: (deployment: string) => string): string[] {
  return kinds.flatMap((kind) => {
    const shown = (name: string): string => `${nouns[kind]} ${kind === 'deployments' ? nameOf(name) : name}`;
    const { added, changed, removed, passedOn = [] } = changes[kind];
    return [
      ...added.map((name) => `+ ${shown(name)}`),
      ...changed.map((name) => `~ ${shown(name)}`),
      ...removed.map((name) => `- ${shown(name)}`),
      ...passedOn.map((name) => `> ${shown(name)} stays as the API's, whose rows need it`),
    ];
  });
}

/** Takes what changed; returns how many rows are as they were. */
export function unchangedRows(changes: ReplacedKinds): number {
  return kinds.reduce((sum, kind) => sum + changes[kind].unchanged, 0);
}
