// plumbline secrets: how the stored secrets are sealed, and their change to a new salt key. Docs: docs/secrets.md.
// Invariant: no secret and no key is printed, only ids of keys and paths of files.
import { installNextSaltKey, nextSaltKeyFile, openSaltKeyFile } from '../../config/keys-on-disk.ts';
import type { Config } from '../../config/options.ts';
import { complaintLine } from '../../config/rules.ts';
import { textOf } from '../../core/json.ts';
import { openSealer, type Sealer } from '../../kit/seal.ts';
import type { Secret } from '../../kit/secret.ts';
import type { Store } from '../../store/index.ts';
import { otherConnections, rehearseRotation, rotateSecrets, surveySecrets } from '../../store/rotate-secrets.ts';
import { type Command, CommandFailure, exitCodes, type Terminal } from '../command.ts';
import { configOf, databaseOptions, saltKeysOf, withStore } from '../database-door.ts';
import { findingLines, keyTable } from '../secrets-report.ts';

type Options = Readonly<Record<string, unknown>>;

export const secrets: Command = {
  name: 'secrets',
  usage: '<status|rotate>',
  summary: 'Show under which salt key the stored secrets are sealed, or seal them under a new one',
  options: [
    {
      flags: '--new-salt-key-file <file>',
      says: 'rotate: file with the new salt key; made when there is none. Else the salt key, when the previous one is given too; else a new one is made in the data folder',
    },
    { flags: '--dry-run', says: 'rotate: say what would be done, and change nothing' },
    { flags: '--json', says: 'Print JSON' },
    ...databaseOptions,
  ],
  examples: [
    'plumbline secrets status',
    'plumbline secrets rotate --dry-run',
    'plumbline secrets rotate',
    'plumbline secrets rotate --new-salt-key-file /etc/plumbline/salt-key.new',
  ],
  async run([action = ''], options, terminal) {
    const act = { status, rotate }[action];
    if (act === undefined) {
      throw new CommandFailure(
        `there is no \`plumbline secrets ${action}\``,
        '`plumbline secrets status` or `plumbline secrets rotate`',
        exitCodes.usage,
      );
    }
    return act(configOf(options, terminal), options, terminal);
  },
};

async function status(config: Config, options: Options, terminal: Terminal): Promise<number> {
  const { saltKey, otherSaltKeys } = saltKeysOf(config);
  const sealer = openSealer(saltKey, otherSaltKeys);
  const survey = await withStore(config, ({ database }) => surveySecrets(database, sealer));
  if (options['json'] === true) terminal.say(JSON.stringify({ ...survey, keysGiven: sealer.keyIds }, null, 2));
  else terminal.say([keyTable(survey, sealer.keyIds), ...findingLines(survey.findings)].join('\n'));
  const isForeign = survey.canary !== null && !sealer.keyIds.includes(survey.canary);
  return isForeign || survey.findings.length > 0 ? exitCodes.found : exitCodes.well;
}

/** The new key, where it comes from, and all keys with it in front. */
interface Plan {
  readonly next: Sealer;
  readonly path: string | null;
  /** Made just now: no gateway that runs can know it. */
  readonly isMade: boolean;
  /** It is to take the place of the key in the data folder. */
  readonly isOurs: boolean;
}

async function rotate(config: Config, options: Options, terminal: Terminal): Promise<number> {
  const isRehearsal = options['dryRun'] === true;
  const isJson = options['json'] === true;
  const plan = planOf(config, textOf(options['newSaltKeyFile']), isRehearsal);
  const done = await withStore(config, async (store) => {
    if (isRehearsal) return rehearseRotation(store.database, plan.next);
    await refuseUnknowing(store, plan, config);
    return rotateSecrets(store.database, plan.next, ({ sealed, already, findings }) => {
      if (!isJson) terminal.complain(`${sealed + already + findings.length} values seen, ${sealed} sealed anew`);
    });
  });
  const isWhole = done.findings.length === 0;
  if (!isRehearsal && isWhole && plan.isOurs) installNextSaltKey(config.dataDir);
  const from = plan.next.keyIds.slice(1);
  if (isJson) terminal.say(JSON.stringify({ dryRun: isRehearsal, from, to: plan.next.keyId, ...done }, null, 2));
  else {
    const verb = isRehearsal ? 'would be sealed' : 'sealed';
    terminal.say(`${done.sealed} values ${verb} under the salt key ${plan.next.keyId}, ${done.already} stood under it`);
    for (const line of findingLines(done.findings)) terminal.say(line);
    if (!isRehearsal) terminal.say(isWhole ? whatNext(plan, config) : 'keep the old salt key until these are mended');
  }
  return isWhole ? exitCodes.well : exitCodes.found;
}

function planOf(config: Config, named: string | undefined, isRehearsal: boolean): Plan {
  const { saltKey, otherSaltKeys } = saltKeysOf(config);
  const old = [saltKey, ...otherSaltKeys];
  if (named === undefined && config.saltKeyPrevious !== null)
    return { next: openSealer(saltKey, otherSaltKeys), path: null, isMade: false, isOurs: false };
  if (named === undefined && config.saltKey !== null) {
    throw new CommandFailure(
      `the salt key is configured (${config.sources.saltKey.name}), and no new one is given`,
      'name a file for it with --new-salt-key-file; it is made when there is none',
      exitCodes.usage,
    );
  }
  const path = named ?? nextSaltKeyFile(config.dataDir);
  if (isRehearsal) return { ...rehearsed(old), path };
  const opened = openSaltKeyFile(path);
  if ('says' in opened) throw new CommandFailure(complaintLine(opened), 'nothing was changed', exitCodes.usage);
  const next = openSealer(opened.key, old);
  return { next, path, isMade: opened.isMade, isOurs: named === undefined };
}

/** Nothing is made for a rehearsal: any key that is none of these stands for the new one. */
function rehearsed([first, ...others]: readonly Secret[]): Omit<Plan, 'path'> {
  if (first === undefined) throw new Error('there is no salt key');
  return { next: openSealer(first.prefixed('rehearsal of '), [first, ...others]), isMade: false, isOurs: false };
}

/** A gateway that runs and cannot know the new key would lose its credentials. */
async function refuseUnknowing({ database }: Store, { isMade, path }: Plan, config: Config): Promise<void> {
  if (!isMade || (await otherConnections(database)) === 0) return;
  const isOnDisk = config.saltKey === null && path === nextSaltKeyFile(config.dataDir);
  throw new CommandFailure(
    `a new salt key was made in ${path}, and nothing was sealed under it: a gateway runs that does not know it yet`,
    isOnDisk
      ? 'restart the gateway, which reads both keys from its data folder, and run this command again'
      : 'restart every instance with the new key as PLUMBLINE_SALT_KEY and the old as PLUMBLINE_SALT_KEY_PREVIOUS, and run this command again',
  );
}

function whatNext({ isOurs, path }: Plan, config: Config): string {
  if (isOurs)
    return `the new salt key is the one in ${config.dataDir} now; the old one is kept there as salt-key.previous, for backups of before`;
  const where = path === null ? 'the salt key' : `the salt key in ${path}`;
  return `restart every instance with ${where} alone (PLUMBLINE_SALT_KEY or PLUMBLINE_SALT_KEY_FILE), and keep the old one as long as backups of before`;
}
