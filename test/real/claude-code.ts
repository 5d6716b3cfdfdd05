// Claude Code as a person runs it headless: its own binary, a fresh home, a fresh folder to work in, and a limit on its time.
// npm's package links the binary in an install script; none runs here, so the platform's package is used directly.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureRealParts } from './install.ts';

export type ClaudeCodeRun = {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  /** The folder it worked in; it stays until `clean()`. */
  readonly folder: string;
  readonly clean: () => void;
};

/** Runs `claude -p PROMPT ARGS…` against an Anthropic-speaking address; it is killed after 60 seconds. */
export async function runClaudeCode(
  where: { baseUrl: string; key: string; model: string },
  prompt: string,
  args: readonly string[],
): Promise<ClaudeCodeRun> {
  await ensureRealParts();
  const home = mkdtempSync(join(tmpdir(), 'plumbline-claude-'));
  const folder = mkdtempSync(join(home, 'work-'));
  const child = spawn(binary(), ['-p', prompt, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      ANTHROPIC_BASE_URL: where.baseUrl,
      ANTHROPIC_AUTH_TOKEN: where.key,
      ANTHROPIC_MODEL: where.model,
      ANTHROPIC_SMALL_FAST_MODEL: where.model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
    },
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output, errors, folder, clean: () => rmSync(home, { recursive: true, force: true }) };
}

function binary(): string {
  const platform = `claude-code-${process.platform}-${process.arch}`;
  return fileURLToPath(new URL(`node_modules/@anthropic-ai/${platform}/claude`, import.meta.url));
}
