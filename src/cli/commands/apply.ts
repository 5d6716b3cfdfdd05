// plumbline apply FILE: brings a configuration file into the tables, beside a gateway that runs or without one.
import { bringFile } from '../bring-file.ts';
import { type Command, exitCodes } from '../command.ts';
import { databaseOptions } from '../database-door.ts';

export const apply: Command = {
  name: 'apply',
  usage: '<file>',
  summary: 'Bring a configuration file into the database; a gateway that runs serves it within two seconds',
  options: [
    { flags: '--dry-run', says: 'Say what would change, and change nothing' },
    { flags: '--prune', says: 'Remove what a file declared before and this one does not' },
    { flags: '--json', says: 'Print JSON' },
    ...databaseOptions.filter(({ flags }) => !flags.startsWith('--config ')),
  ],
  examples: [
    'plumbline apply config.yaml --dry-run',
    'plumbline apply config.yaml --prune',
    'plumbline apply plumbline.yaml',
    'plumbline apply config.yaml --json',
  ],
  async run([path = ''], options, terminal) {
    const isRehearsal = options['dryRun'] === true;
    const prunes = options['prune'] === true;
    const { changes, lines, unchanged } = await bringFile({ path, isReal: !isRehearsal, prunes }, options, terminal);
    if (options['json'] === true) {
      terminal.say(JSON.stringify({ dryRun: isRehearsal, ...changes }, null, 2));
      return exitCodes.well;
    }
    for (const line of lines) terminal.say(line);
    const verb = isRehearsal ? 'would change' : 'changed';
    terminal.say(`${lines.length} ${verb}, ${unchanged} are as the file says`);
    return exitCodes.well;
  },
};
