// What is typed of a model (`--param rpm=60 --secret api_key=FILE`) → what the management API takes. Invariant: a secret never comes from
// the command line, which is public to the machine: only from a file, or as a reference to where it is kept.
import { readFileSync } from 'node:fs';
import { isSecretField } from '../config/litellm-keys.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { referenceIn } from '../kit/reference.ts';
import { CommandFailure, type CommandOption, exitCodes } from './command.ts';

type Options = Readonly<Record<string, unknown>>;

/** The options that say what a model is. */
export const modelOptions: readonly CommandOption[] = [
  { flags: '--model <provider/name>', says: 'add, edit: the model at its provider, as litellm_params.model' },
  { flags: '--api-base <address>', says: 'add, edit: where it is called' },
  { flags: '--credential <name>', says: 'add, edit: a stored credential to call it with' },
  { flags: '--param <name=value...>', says: 'add, edit: further litellm_params; a value that is JSON is read as such' },
  { flags: '--info <name=value...>', says: 'add, edit: fields of model_info (mode=embedding, max_input_tokens=8192)' },
  {
    flags: '--secret <name=file...>',
    says: 'add, edit: secrets of its own, each read from a file (api_key=/run/secrets/openai). A reference is a --param: api_key=os.environ/NAME',
  },
];

/** Takes typed options; returns litellm_params and model_info as far as they are given. Throws CommandFailure, used wrong. */
export function typedModel(options: Options): { readonly params: JsonObject; readonly info: JsonObject } {
  const plain = {
    model: options['model'],
    api_base: options['apiBase'],
    litellm_credential_name: options['credential'],
  };
  const given = Object.entries(plain).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return {
    params: {
      ...Object.fromEntries(given),
      ...typedPlain(options['param'], '--param'),
      ...typedSecrets(options['secret']),
    },
    info: typedPairs(options['info'], '--info'),
  };
}

/** Takes `name=value` words; returns them by name. Throws CommandFailure for a secret. */
export function typedPlain(words: unknown, flag: string): JsonObject {
  const pairs = typedPairs(words, flag);
  const secret = Object.entries(pairs).find(
    ([name, value]) => isSecretField(name) && (typeof value !== 'string' || referenceIn(value) === undefined),
  );
  if (secret === undefined) return pairs;
  throw new CommandFailure(
    `${secret[0]} is a secret, and a command line can be read by everybody on this machine`,
    `put it into a file and write --secret ${secret[0]}=FILE, or name where it is kept: ${flag} ${secret[0]}=os.environ/NAME`,
    exitCodes.usage,
  );
}

/** Takes `name=file` words; returns the texts of the files by name. Throws CommandFailure for a file that cannot be read or is empty. */
export function typedSecrets(words: unknown): JsonObject {
  const pairs = Object.entries(split(words, '--secret')).map(([name, path]) => [name, textIn(path)] as const);
  return Object.fromEntries(pairs);
}

function textIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    throw new CommandFailure(
      `${path} cannot be read (${reason})`,
      'name a file that holds the secret',
      exitCodes.usage,
    );
  }
  if (text !== '') return text;
  throw new CommandFailure(`${path} is empty`, 'name a file that holds the secret', exitCodes.usage);
}

function typedPairs(words: unknown, flag: string): JsonObject {
  return Object.fromEntries(Object.entries(split(words, flag)).map(([name, text]) => [name, valueIn(text)]));
}

function split(words: unknown, flag: string): Record<string, string> {
  const list = Array.isArray(words) ? words.map(String) : [];
  return Object.fromEntries(
    list.map((word) => {
      const at = word.indexOf('=');
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)] as const;
      throw new CommandFailure(`${flag} takes name=value, not ${word}`, `for example ${flag} rpm=60`, exitCodes.usage);
    }),
  );
}

/** Numbers, yes and no, lists and objects as JSON writes them; all else is text. */
function valueIn(text: string): JsonValue {
  if (!/^(-?\d|true$|false$|null$|[[{"])/.test(text)) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text; // it only began like JSON
  }
}
