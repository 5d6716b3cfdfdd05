// Commands whose first word says what to do: `plumbline models list`.
import { CommandFailure, exitCodes } from './command.ts';

/** Takes a command's name, the word typed and what the words mean; returns what is meant. Throws CommandFailure, used wrong. */
export function action<Act>(command: string, word: string, acts: Readonly<Record<string, Act>>): Act {
  const act = Object.hasOwn(acts, word) ? acts[word] : undefined;
  if (act !== undefined) return act;
  const ways = Object.keys(acts).map((name) => `\`plumbline ${command} ${name}\``);
  throw new CommandFailure(
    word === ''
      ? `plumbline ${command} needs a word that says what to do`
      : `there is no \`plumbline ${command} ${word}\``,
    ways.join(', '),
    exitCodes.usage,
  );
}

/** Takes a command, its action and the name typed; returns the name. Throws CommandFailure when there is none. */
export function named(command: string, act: string, name: string | undefined): string {
  if (name !== undefined && name !== '') return name;
  const hint = `\`plumbline ${command} list\` shows the names`;
  throw new CommandFailure(`plumbline ${command} ${act} needs a name`, hint, exitCodes.usage);
}
