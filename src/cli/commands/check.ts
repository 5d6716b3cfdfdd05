// plumbline check FILE: reads a configuration file as serve would, offline, and says what is wrong with it.

import { readFile } from '../../admin/read-file.ts';
import { hasErrors, noticesAsJson, renderNotices } from '../../config/notices.ts';
import { type Command, exitCodes } from '../command.ts';

export const check: Command = {
  name: 'check',
  usage: '<file>',
  summary: 'Read a configuration file and say what is wrong with it, without starting anything',
  options: [
    { flags: '--json', says: 'Print the notices as JSON' },
    {
      flags: '--accept-not-yet <names>',
      says: 'Refusals to accept, by path, separated by commas, as serve takes them',
    },
  ],
  examples: ['plumbline check config.yaml', 'plumbline check config.yaml --json'],
  async run([file = ''], options, terminal) {
    const { notices, declaration } = readFile(file, terminal.environment, acceptedIn(options));
    if (options.json === true) terminal.say(noticesAsJson(notices));
    else {
      const { aliases, deployments } = declaration;
      terminal.say(renderNotices(notices));
      terminal.say(`${file}: ${aliases.length} aliases, ${deployments.length} deployments`);
    }
    return hasErrors(notices) ? exitCodes.found : exitCodes.well;
  },
};

function acceptedIn({ acceptNotYet }: Readonly<Record<string, unknown>>): readonly string[] {
  return typeof acceptNotYet === 'string' ? acceptNotYet.split(',').map((path) => path.trim()) : [];
}
