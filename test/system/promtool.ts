// Prometheus's own check of a page of metrics (Debian package prometheus), run as a process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of promtool, or undefined. */
export function findPromtool(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'promtool')).find((path) => existsSync(path));
}

/** Why its test is left out, or false. */
export function whyNoPromtool(): false | string {
  return findPromtool() === undefined ? 'promtool is not here (Debian: prometheus)' : false;
}

/** Takes promtool's path and a page; returns what it has to say, empty when the page is right. */
export function lint(promtool: string | undefined, page: string): Promise<string> {
  if (promtool === undefined) throw new Error('promtool is not here');
  return new Promise((resolve, reject) => {
    const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    child.stderr.on('data', (text) => (said += String(text)));
    child.on('error', reject);
    child.on('close', (status) => resolve(status === 0 ? said : `${said}\nexit ${status}`));
    child.stdin.end(page);
  });
}
