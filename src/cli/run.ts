// Finds the command, prints help, and turns failures into an error line and a hint (house.md 6: age's manner).
import { Command as Commander, CommanderError } from 'commander';
import { build } from '../core/build.ts';
import { type Command, CommandFailure, exitCodes, type Terminal } from './command.ts';
import { commands } from './commands/index.ts';

/** Takes the arguments after the program's name and a terminal; returns the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.well;
  const program = new Commander('plumbline')
    .description('An LLM gateway that can say whether it is still what its owner set up')
    .version(`plumbline ${build.version} (build ${build.id})`, '-v, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.say(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
      outputError: (text) =>
        complain(terminal, text.replace(/^error: /, '').trimEnd(), 'plumbline --help lists commands and options'),
    })
    .showSuggestionAfterError();
  for (const command of commands) {
    program.addCommand(
      wrapped(program, command, async (args, options) => {
        exitCode = await command.run(args, options, terminal);
      }),
    );
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    return explain(thrown, terminal);
  }
}

/** A command beneath the program, speaking where and as the program does. */
function wrapped(
  program: Commander,
  command: Command,
  act: (args: string[], options: Record<string, unknown>) => Promise<void>,
): Commander {
  const shell = new Commander(command.name).description(command.summary).copyInheritedSettings(program);
  for (const argument of command.usage.split(' ').filter((word) => word !== '')) shell.argument(argument);
  for (const option of command.options) shell.option(option.flags, option.says);
  shell.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  shell.action(async (...given: unknown[]) => {
    const args = given.slice(0, -2).filter((value) => typeof value === 'string');
    await act(args, shell.opts());
  });
  return shell;
}

function explain(thrown: unknown, terminal: Terminal): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.well : exitCodes.usage;
  if (thrown instanceof CommandFailure) {
    complain(terminal, thrown.message, thrown.hint);
    return thrown.exitCode;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  complain(terminal, message, 'this looks like a fault in plumbline; PLUMBLINE_LOG_LEVEL=debug shows more');
  if (terminal.environment.PLUMBLINE_LOG_LEVEL === 'debug' && thrown instanceof Error)
    terminal.complain(thrown.stack ?? '');
  return exitCodes.broke;
}

/** Error and hint: no capital, no full stop. */
function complain(terminal: Terminal, message: string, hint: string): void {
  terminal.complain(`plumbline: error: ${message}`);
  terminal.complain(`plumbline: hint: ${hint}`);
}
