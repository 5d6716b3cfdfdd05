// Combinations of options that make no sense, each in a plain sentence with its mend.
import { type Config, type OptionName, optionRow, ourVariable } from './options.ts';

/** Something wrong with an option: which one, where its value came from, what is wrong and how to mend it. Never holds a value of a secret. */
export interface Complaint {
  readonly option: OptionName | null;
  /** The flag, variable or file the value came from. */
  readonly source: string;
  readonly says: string;
  readonly mend: string;
}

/** Takes a host; true when only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Takes a complete Config (after `settle` when there is a configuration file, which may hold the master key);
 * returns what makes no sense in it.
 */
export function contradictions(config: Config): Complaint[] {
  return [
    ...openWithoutKey(config),
    ...untraceable(config),
    ...idle(config),
    ...sameSalt(config),
    ...tooFewConnections(config),
    ...nowhere(config),
  ];
}

/** With no key configured it never listens beyond loopback: a key made at first start was seen by nobody yet. */
function openWithoutKey(config: Config): Complaint[] {
  if (config.masterKey !== null || isLoopback(config.host)) return [];
  return [
    {
      option: 'host',
      source: config.sources.host.name,
      says: `listening on ${config.host} would open the gateway beyond this machine, and no master key is configured`,
      mend: `set ${ourVariable('masterKey')} or ${ourVariable('masterKey')}_FILE, or listen on 127.0.0.1`,
    },
  ];
}

/** An address or headers of a collector that cannot be read. */
function untraceable({ otlpEndpoint, otlpHeaders, sources }: Config): Complaint[] {
  const complaints: Complaint[] = [];
  if (otlpEndpoint !== null && !URL.canParse(otlpEndpoint))
    complaints.push({
      option: 'otlpEndpoint',
      source: sources.otlpEndpoint.name,
      says: 'it is no address',
      mend: 'write it as http://collector:4318',
    });
  if (otlpEndpoint !== null && otlpHeaders !== null && otlpHeaders.pairs() === null)
    complaints.push({
      option: 'otlpHeaders',
      source: sources.otlpHeaders.name,
      says: 'it does not read as name=value,name=value',
      mend: 'write blanks, commas and percent signs of a value percent-encoded',
    });
  return complaints;
}

/** A change of the salt key from a key to itself: one of the two was mistaken for the other. */
function sameSalt({ saltKey, saltKeyPrevious, sources }: Config): Complaint[] {
  if (saltKey === null || saltKeyPrevious === null || !saltKey.equals(saltKeyPrevious)) return [];
  return [
    {
      option: 'saltKeyPrevious',
      source: sources.saltKeyPrevious.name,
      says: 'it is the salt key itself',
      mend: 'give the other key, or leave it out when the change is done',
    },
  ];
}

/** Models of the API may live on listed hosts only, and there is no list. */
function nowhere({ apiAddresses, apiHosts, sources }: Config): Complaint[] {
  if (apiAddresses !== 'listed' || apiHosts.length > 0) return [];
  return [
    {
      option: 'apiAddresses',
      source: sources.apiAddresses.name,
      says: 'only listed hosts may be called, and none is listed',
      mend: `set ${ourVariable('apiHosts')}`,
    },
  ];
}

/** One to listen on, one to work with. */
const connectionsOfWorker = 2;

/** The most connections somebody asked for are a promise; a default, or a LiteLLM file's number for each process, is none. */
function tooFewConnections({ workers, databasePool, databaseUrl, sources }: Config): Complaint[] {
  const needed = workers * connectionsOfWorker;
  const { from, name } = sources.databasePool;
  const isPromised = databaseUrl !== null && (from === 'flag' || from === 'environment');
  if (!isPromised || workers === 1 || needed <= databasePool) return [];
  return [
    {
      option: 'databasePool',
      source: name,
      says: `${workers} workers hold ${needed} connections at least`,
      mend: `allow ${needed}, or have ${Math.floor(databasePool / connectionsOfWorker)} workers`,
    },
  ];
}

/** Options that were given but can have no effect beside the others. */
function idle(config: Config): Complaint[] {
  const complaints: Complaint[] = [];
  const isGiven = (name: OptionName): boolean => ['flag', 'environment'].includes(config.sources[name].from);
  const say = (option: OptionName, says: string, mend: string): void => {
    complaints.push({ option, source: config.sources[option].name, says, mend });
  };
  if (isGiven('discover') && config.discover && config.config !== null)
    say('discover', 'a configuration file is given, so nothing is looked for', 'leave out one of the two');
  if (isGiven('acceptNotYet') && config.config === null)
    say(
      'acceptNotYet',
      'there is no configuration file whose settings it could accept',
      'leave it out, or give --config',
    );
  if (isGiven('databasePool') && config.databaseUrl === null)
    say(
      'databasePool',
      'it belongs to a database of your own, and the embedded one is used',
      `leave it out, or set ${ourVariable('databaseUrl')}`,
    );
  return complaints;
}

/** Takes a Complaint; returns it as one line. */
export function complaintLine(complaint: Complaint): string {
  const what = complaint.option === null ? '' : ` (${complaint.option}: ${optionRow(complaint.option).kind})`;
  return `${complaint.source}${what}: ${complaint.says}; ${complaint.mend}`;
}
