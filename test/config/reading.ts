// Reads configuration texts against a small catalogue of providers, without a disk.
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import type { FileReading } from '../../src/config/file-reading.ts';
import type { Notice } from '../../src/config/notices.ts';
import type { KnownProvider } from '../../src/config/provider-facts.ts';

const cloud = { prefixes: [], keyRequired: true, defaultBaseUrl: 'https://api.test/v1', baseUrlVariables: [] };
const local = { ...cloud, keyRequired: false, keyVariables: [] };

export const knownProviders: readonly KnownProvider[] = [
  { ...cloud, name: 'openai', keyVariables: ['OPENAI_API_KEY'], baseUrlVariables: ['OPENAI_BASE_URL'] },
  { ...cloud, name: 'anthropic', keyVariables: ['ANTHROPIC_API_KEY'] },
  { ...cloud, name: 'together_ai', keyVariables: ['TOGETHER_API_KEY', 'TOGETHERAI_API_KEY'] },
  { ...local, name: 'ollama', prefixes: ['ollama_chat'], defaultBaseUrl: 'http://127.0.0.1:11434' },
  { ...local, name: 'hosted_vllm', defaultBaseUrl: null, baseUrlVariables: ['HOSTED_VLLM_API_BASE'] },
];

function resolveProvider(model: string, custom?: string): { provider: string; model: string } | undefined {
  const slash = model.indexOf('/');
  const prefix = custom ?? model.slice(0, Math.max(0, slash));
  const provider = knownProviders.find(({ name, prefixes }) => [name, ...prefixes].includes(prefix));
  if (provider === undefined) return undefined;
  return { provider: provider.name, model: custom === undefined ? model.slice(slash + 1) : model };
}

export interface ReadingInput {
  readonly environment?: Readonly<Record<string, string>>;
  readonly accepted?: readonly string[];
  /** Where the text itself stands. */
  readonly path?: string;
  /** Further files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Takes the text of config.yaml and what surrounds it; returns what the reader makes of it. */
export function read(
  text: string,
  { environment = {}, accepted = [], path = 'config.yaml', files = {} }: ReadingInput = {},
): FileReading {
  const all: Readonly<Record<string, string>> = { ...files, [path]: text };
  return readConfigurationFile(path, {
    environment,
    accepted,
    knownProviders,
    resolveProvider,
    readText: (wanted) => {
      const found = all[wanted];
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  });
}

/** Takes lines of model_list entries' litellm_params (one alias each: a, b, …); returns the text of a file with them. */
export function modelsOf(...params: readonly string[]): string {
  const names = 'abcdefghij';
  const entries = params.map((text, index) => `  - model_name: ${names[index]}\n    litellm_params: {${text}}\n`);
  return `model_list:\n${entries.join('')}`;
}

/** Takes notices; returns them as `line:column severity path: says`. */
export function brief(notices: readonly Notice[]): string[] {
  return notices.map(({ line, column, severity, path, says }) => `${line}:${column} ${severity} ${path}: ${says}`);
}

/** Takes a text with one § in it; returns it without, and where the § stood as `line:column`. */
export function marked(text: string): { readonly text: string; readonly at: string } {
  const before = text.slice(0, text.indexOf('§')).split('\n');
  return { text: text.replace('§', ''), at: `${before.length}:${(before.at(-1) ?? '').length + 1}` };
}
