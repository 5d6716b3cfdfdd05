// Words typed at a terminal, run in this process: what was said on both streams, and the code.
import { run } from '../../src/cli/run.ts';

export interface Said {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Takes the words and the environment; returns what came of it. */
export async function typed(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Said> {
  const said = { output: '', errors: '' };
  const code = await run(words, {
    say: (text) => {
      said.output += `${text}\n`;
    },
    complain: (text) => {
      said.errors += `${text}\n`;
    },
    environment,
    isInteractive: false,
    stopAsked: new Promise(() => undefined),
    onReloadAsked: () => undefined,
  });
  return { code, ...said };
}
