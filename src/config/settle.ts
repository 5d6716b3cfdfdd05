// Options and the configuration file, put together: a flag or a PLUMBLINE_ variable wins over the file, the file over
// LiteLLM's variables (its own order) and the defaults.
import type { FileSettings } from './litellm-boot.ts';
import { freeze, type Loaded } from './load.ts';
import { type Config, type OptionName, ourVariable, type Source } from './options.ts';
import { contradictions } from './rules.ts';

/** Takes a Config and what its file gives; returns the Config in force, or what makes no sense in it. */
export function settle(config: Config, settings: FileSettings): Loaded {
  const { sources, ...values } = config;
  const settled: Record<string, unknown> = { ...values };
  const from: Record<OptionName, Source> = { ...sources };
  for (const name of Object.keys(settings) as (keyof FileSettings)[]) {
    const setting = settings[name];
    if (setting === undefined || isOurs(name, sources[name])) continue;
    settled[name] = setting.value;
    from[name] = { from: 'file', name: setting.at };
  }
  const whole = freeze(settled as typeof values, from);
  const complaints = contradictions(whole);
  return complaints.length > 0 ? { complaints } : { config: whole };
}

function isOurs(name: OptionName, source: Source): boolean {
  return source.from === 'flag' || (source.from === 'environment' && source.name.startsWith(ourVariable(name)));
}
