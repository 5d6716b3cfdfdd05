// The entry: arguments in, exit code out; nothing else.
import { run } from './cli/run.ts';
import { readEnvironment } from './config/load.ts';

const stopAsked = new Promise<string>((resolve) => {
  // Asked twice is asked once: a launcher and systemd may both signal, and a second signal must not cut the drain short.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
});

const exitCode = await run(process.argv.slice(2), {
  say: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
  environment: readEnvironment(),
  isInteractive: process.stdout.isTTY === true,
  stopAsked,
});
process.exit(exitCode);
