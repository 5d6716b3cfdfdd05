// The words after `npm run bench --`, and what they mean.
// Invariant: an unknown word or gateway is an error, never ignored.
import { parseArgs } from 'node:util';

export interface Wanted {
  readonly isQuick: boolean;
  /** Print JSON instead of the table. */
  readonly isJson: boolean;
  /** Store the results; of a quick run, the ratios. A whole run of all gateways is stored in any case. */
  readonly isKept: boolean;
  /** Names of gateways. */
  readonly only: readonly string[];
  readonly isEverything: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly core: number;
  readonly toolsCore: number;
  /** Names of gateways whose memory is watched over a million requests. */
  readonly soaked: readonly string[];
  readonly soakRequests: number;
  /** Names of gateways of which one worker and two are compared. */
  readonly scaled: readonly string[];
}

/** What to print when it is used wrong. */
export const usage = `npm run bench                        everything, about half an hour; stored in bench/results
npm run bench -- --quick             the guard: nginx and ours, 2 minutes; fails when a ratio is 15 % worse than the stored one
npm run bench -- --quick --keep      the same, and store the ratios
  --only ours,nginx,portkey          these gateways       --rounds N     rounds (3)
  --soak ours,ferro                  whose memory is watched over a million requests (ours; none with --only)
  --scale ours                       of which one worker and two are compared (ours; none with --only)
  --seconds S                        each load (5; quick 2)   --json     print JSON
  --cores 0,1                        gateway, tools       --keep         store what was measured`;

/** Thrown when the words make no sense. */
export class UsedWrong extends Error {}

function wordsOf(words: readonly string[]) {
  try {
    const string = { type: 'string' } as const;
    const boolean = { type: 'boolean' } as const;
    const options = {
      quick: boolean,
      json: boolean,
      keep: boolean,
      only: string,
      rounds: string,
      seconds: string,
      cores: string,
      soak: string,
      scale: string,
      'soak-requests': string,
    };
    return parseArgs({ args: [...words], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsedWrong(error instanceof Error ? error.message : String(error));
  }
}

function positive(name: string, word: string): number {
  const value = Number(word);
  if (!(value > 0)) throw new UsedWrong(`--${name} wants a number above 0, not "${word}"`);
  return value;
}

function whole(name: string, word: string): number {
  const value = Number(word);
  if (word === '' || !Number.isInteger(value) || value < 0)
    throw new UsedWrong(`--${name} wants whole numbers, not "${word}"`);
  return value;
}

/** Takes the words and the names of all gateways; returns what is wanted. Throws UsedWrong. */
export function readWords(words: readonly string[], known: readonly string[]): Wanted {
  const given = wordsOf(words);
  const names = (option: string, list: string | undefined, otherwise: readonly string[]): readonly string[] => {
    const chosen = list === undefined ? otherwise : list.split(',').filter((name) => name !== '');
    const unknown = chosen.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new UsedWrong(`--${option}: there is no gateway "${unknown}"; there are ${known.join(', ')}`);
    return chosen;
  };
  const isQuick = given.quick ?? false;
  const only = names('only', given.only, isQuick ? ['ours', 'nginx'] : known);
  const isEverything = !isQuick && given.only === undefined;
  const [core = '', toolsCore = ''] = (given.cores ?? '0,1').split(',');
  return {
    isQuick,
    isJson: given.json ?? false,
    isKept: given.keep ?? isEverything,
    only,
    isEverything,
    rounds: Math.ceil(positive('rounds', given.rounds ?? '3')),
    seconds: positive('seconds', given.seconds ?? (isQuick ? '2' : '5')),
    core: whole('cores', core),
    toolsCore: whole('cores', toolsCore),
    soaked: names('soak', given.soak, isEverything ? ['ours'] : []),
    scaled: names('scale', given.scale, isEverything ? ['ours'] : []),
    soakRequests: Math.ceil(positive('soak-requests', given['soak-requests'] ?? '1000000')),
  };
}
