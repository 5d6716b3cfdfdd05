// Prometheus's own check of a page of metrics (Debian package prometheus), run as a process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function findPromtool(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'promtool')).find((path) => existsSync(path));
}

/** Why its test is left out, or false. */
export function whyNoPromtool(): false | string {
  return findPromtool() === undefined ? 'promtool is not here (Debian: prometheus)' : false;
}

/** Takes a page of metrics; returns what promtool has to say, empty when the page is right. */
export function lint(page: string): Promise<string> {
  return run(['check', 'metrics'], page);
}

/** Takes the path of a file of rules; returns what promtool has to say. */
export function checkRules(path: string): Promise<string> {
  return run(['check', 'rules', path], '');
}

/** Takes the path of a file of tests of expressions; returns what promtool has to say. */
export function testRules(path: string): Promise<string> {
  return run(['test', 'rules', path], '');
}

function run(given: readonly string[], input: string): Promise<string> {
  const promtool = findPromtool();
  if (promtool === undefined) throw new Error('promtool is not here');
  return new Promise((resolve, reject) => {
    const child = spawn(promtool, given, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: Buffer): void => {
      said += text.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (status) => resolve(status === 0 ? said : `${said}\nexit ${status}`));
    child.stdin.end(input);
  });
}
