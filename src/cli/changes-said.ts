// What the management API says of a change, for people and for programs.
import { isObject, type JsonObject, listOf, textOf } from '../core/json.ts';
import { printable } from '../kit/table.ts';
import { type CommandOption, exitCodes, type Terminal } from './command.ts';

type Options = Readonly<Record<string, unknown>>;

/** The options of every command that changes something. */
export const changeOptions: readonly CommandOption[] = [
  { flags: '--dry-run', says: 'add, edit, rm, decommission: say what would change, and change nothing' },
];

/** Takes a path and typed options; returns the path, rehearsing where that is asked for. */
export function rehearsed(path: string, options: Options): string {
  return options['dryRun'] === true ? `${path}?dry_run=true` : path;
}

const words: Readonly<Record<string, string>> = {
  added: 'added',
  'there-already': 'there already, nothing was changed',
  changed: 'changed',
  'as-it-was': 'as it was, nothing was changed',
  deleted: 'deleted',
  decommissioned: 'decommissioned',
  'in-service': 'in service again',
};

/** Takes what was changed (`model chat`), the answer, typed options and the terminal; says it. Returns the exit code. */
export function sayChange(what: string, answer: JsonObject, options: Options, terminal: Terminal): number {
  if (options['json'] === true) {
    terminal.say(JSON.stringify(answer, null, 2));
    return exitCodes.well;
  }
  const { did, notes } = isObject(answer.plumbline) ? answer.plumbline : {};
  const done = words[textOf(did) ?? ''] ?? 'done';
  const would = options['dryRun'] === true ? ' (rehearsed: nothing was changed)' : '';
  terminal.say(printable(`${what}: ${done}${would}`));
  for (const note of listOf(notes)) terminal.complain(`plumbline: note: ${printable(String(note))}`);
  return exitCodes.well;
}
