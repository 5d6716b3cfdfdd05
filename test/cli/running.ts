// A plumbline process as a person starts it: its words, its address, and the code it ends with.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface Running {
  /** Resolves with the first address it says it listens on. Rejects when it ends before. */
  readonly url: Promise<string>;
  readonly ended: Promise<Ended>;
  /** Resolves with the first group once standard output matches. Rejects when it ends before. */
  finds(pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** Makes a folder that is removed by the returned function; an account lent by root may pass through it. */
export function scratch(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-cli-'));
  chmodSync(folder, 0o711);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The machine's own PATH, without the folders that npm puts before it, so that the launcher meets the machine's own Node. */
export function machinePath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(delimiter);
}

/** Takes a program, its arguments, and all of its environment; starts it. */
export function start(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Running {
  const child = spawn(program, args, { env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { output: '', errors: '' };
  const waiting = new Set<() => void>();
  const hear = (stream: 'output' | 'errors') => (text: string) => {
    said[stream] += text;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', hear('output'));
  child.stderr.setEncoding('utf8').on('data', hear('errors'));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  const finds = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(said.output);
        if (found === null) return;
        waiting.delete(look);
        resolve(found[1] ?? '');
      };
      waiting.add(look);
      look();
      ended.then(
        ({ code }) =>
          reject(new Error(`it ended with ${code} and never said ${pattern}:\n${said.output}${said.errors}`)),
        reject,
      );
    });
  return {
    get url() {
      return finds(/listening on (http:\S+)/);
    },
    ended,
    finds,
    kill: (signal) => void child.kill(signal),
  };
}
