// plumbline diff FILE: what `serve --config FILE` or `apply FILE --prune` would change. Changes nothing.
import { bringFile } from '../bring-file.ts';
import { type Command, exitCodes } from '../command.ts';
import { databaseOptions } from '../database-door.ts';

export const diff: Command = {
  name: 'diff',
  usage: '<file>',
  summary: 'Say how the database differs from a configuration file; exit code 1 when it does',
  options: [
    { flags: '--json', says: 'Print JSON' },
    ...databaseOptions.filter(({ flags }) => !flags.startsWith('--config ')),
  ],
  examples: ['plumbline diff config.yaml', 'plumbline diff config.yaml --json'],
  async run([path = ''], options, terminal) {
    const { changes, lines } = await bringFile({ path, isReal: false, prunes: true }, options, terminal);
    if (options['json'] === true) terminal.say(JSON.stringify(changes, null, 2));
    else terminal.say(lines.length === 0 ? 'the database is as the file says' : lines.join('\n'));
    return lines.length === 0 ? exitCodes.well : exitCodes.found;
  },
};
