// The environment that LiteLLM's rows refer to: its own rows of variables above the process's. Invariant: a secret is handed on as the
// reference to it wherever this process only knows it from its environment.

import { isSecretField } from '../config/litellm-keys.ts';
import type { Environment } from '../config/load.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { referenceIn } from '../kit/reference.ts';

const prefix = 'os.environ/';

export class LitellmEnvironment {
  /** Variables of LiteLLM's database, opened. */
  readonly #stored: Readonly<Record<string, JsonValue | undefined>>;
  readonly #process: Environment;
  readonly #used = new Set<string>();

  constructor(stored: JsonObject, process: Environment) {
    this.#stored = stored;
    this.#process = process;
  }

  /** Takes a row's parameters, opened; returns them with references looked up, and the names that lead nowhere. */
  resolved(params: JsonObject): { readonly params: JsonObject; readonly missing: readonly string[] } {
    const missing: string[] = [];
    const fields = Object.entries(params).map(([field, value]) => {
      if (typeof value !== 'string' || !value.startsWith(prefix)) return [field, value] as const;
      const name = referenceIn(value)?.name ?? '';
      const stored = this.#storedText(name);
      if (stored !== undefined) return [field, stored] as const;
      if (isSecretField(field)) return [field, value] as const;
      const found = this.#process[name];
      if (found === undefined || found === '') missing.push(name);
      return [field, found ?? null] as const;
    });
    return { params: Object.fromEntries(fields), missing };
  }

  /** Takes variables in order of precedence; returns what the first that is set holds: its value where LiteLLM's database has it, else the reference to it. */
  firstOf(names: readonly string[]): string | undefined {
    for (const name of names) {
      const stored = this.#storedText(name);
      if (stored !== undefined) return stored;
      if (this.#process[name]) return `${prefix}${name}`;
    }
    return undefined;
  }

  /** Names of LiteLLM's variables that no model has drawn on. */
  get unused(): readonly string[] {
    return Object.keys(this.#stored).filter((name) => !this.#used.has(name));
  }

  #storedText(name: string): string | undefined {
    const stored = this.#stored[name];
    if (typeof stored !== 'string' || stored === '') return undefined;
    this.#used.add(name);
    return stored;
  }

  /** All variables by name, for what is no secret (addresses, regions). */
  get variables(): Environment {
    const texts = Object.entries(this.#stored).filter(([, value]) => typeof value === 'string');
    return { ...this.#process, ...Object.fromEntries(texts) } as Environment;
  }
}
