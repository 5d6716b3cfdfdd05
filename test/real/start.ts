// Starts the text model's server as a process of its own, and says why the real parts cannot be had when they cannot.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';
import { ensureRealParts } from './install.ts';
import type { JournalEntry } from './journal.ts';

export type TextModel = {
  /** Without a trailing slash and without /v1. */
  readonly baseUrl: string;
  readonly journal: () => Promise<JournalEntry[]>;
  /** The first entry called `event` after entry number `after`; waits for it, at most ten seconds. */
  readonly next: (event: string, after?: number) => Promise<JournalEntry>;
  /** The next generation will wait after this many tokens until its client leaves. */
  readonly holdAfter: (tokens: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * Whether the tests that need the real parts can run: false when they can, else the reason to show for skipping.
 * Throws instead under PLUMBLINE_TEST_STRICT=1.
 */
export function whyNotReal(): false | string {
  const folder = process.env['PLUMBLINE_TEST_DATA'];
  const model = `${folder}/models/stories260K.gguf`;
  if (folder !== undefined && existsSync(model)) return false;
  const why =
    folder === undefined
      ? 'PLUMBLINE_TEST_DATA is not set: no real model, so the end-to-end tests cannot run'
      : `${model} is missing, so the end-to-end tests cannot run`;
  if (process.env['PLUMBLINE_TEST_STRICT'] === '1') throw new Error(why);
  return why;
}

/**
 * Starts the text model; `aliases` are further names for its two models, `key` makes its OpenAI paths want that key.
 * The real parts are installed first when they are missing.
 */
export async function startTextModel(
  options: { key?: string; aliases?: Record<string, string> } = {},
): Promise<TextModel> {
  await ensureRealParts();
  const args = [fileURLToPath(new URL('text-model.ts', import.meta.url)), '--port', '0'];
  if (options.key !== undefined) args.push('--key', options.key);
  for (const [name, model] of Object.entries(options.aliases ?? {})) args.push('--alias', `${name}=${model}`);
  const env = { PATH: process.env['PATH'] ?? '', PLUMBLINE_TEST_DATA: process.env['PLUMBLINE_TEST_DATA'] ?? '' };
  const started = await startChild({
    name: 'the text model',
    command: process.execPath,
    args,
    announces: /^\{"port":(\d+)\}$/m,
    env,
  });
  const baseUrl = `http://127.0.0.1:${started.announced[1]}`;
  const journal = async (query = '') => {
    const response = await fetch(`${baseUrl}/test/journal${query}`, { signal: AbortSignal.timeout(10_000) });
    return (await response.json()) as JournalEntry[];
  };
  return {
    baseUrl,
    journal: () => journal(),
    async next(event, after = 0) {
      const entries = await journal(`?next=${event}&after=${after}`);
      const found = entries.find((entry) => entry.event === event && entry.seq > after);
      if (found === undefined) throw new Error(`the text model's journal has no ${event} after ${after}`);
      return found;
    },
    async holdAfter(tokens) {
      await fetch(`${baseUrl}/test/hold`, { method: 'POST', body: JSON.stringify({ afterTokens: tokens }) });
    },
    async stop() {
      await started.stop();
    },
  };
}
