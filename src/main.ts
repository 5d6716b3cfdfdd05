// The entry: arguments in, exit code out; nothing else.
import { run } from './cli/run.ts';
import { readEnvironment } from './config/load.ts';

const isInteractive = process.stdout.isTTY === true;
let reload: (() => void) | null = null;

const stopAsked = new Promise<string>((resolve) => {
  // Asked twice is asked once: a launcher and systemd may both signal, and a second signal must not cut the drain short.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  // To a person's terminal it says that the terminal is gone; to everybody else, to read the configuration again.
  process.on('SIGHUP', () => (isInteractive || reload === null ? resolve('SIGHUP') : reload()));
});

const exitCode = await run(process.argv.slice(2), {
  say: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
  environment: readEnvironment(),
  isInteractive,
  stopAsked,
  onReloadAsked: (call) => {
    reload = call;
  },
});
process.exit(exitCode);
