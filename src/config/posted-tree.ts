// JSON that came by the management API → the tree that the readers of a file take. Invariant: no reference is looked up on the way: where a
// secret stands it is kept as written (config/references.ts resolves it when it is used), anywhere else it is refused.
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { referenceIn } from '../kit/reference.ts';
import { isSecretField, isSecretHeader } from './litellm-keys.ts';
import type { Findings, Located } from './notices.ts';
import type { Dictionary, Tree } from './yaml-source.ts';

/** Takes a posted value, the path it would have in a file, and where to report; returns its tree. */
export function postedTree(value: JsonValue | undefined, path: string, findings: Findings): Tree {
  return new TreeMaker(findings).make(value, path, false);
}

class TreeMaker {
  readonly #findings: Findings;
  #count = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  make(value: JsonValue | undefined, path: string, isSecret: boolean): Tree {
    this.#count += 1;
    const at: Located = { place: { file: 'the request', line: 1, column: this.#count }, path };
    if (Array.isArray(value))
      return { kind: 'list', items: value.map((item, index) => this.make(item, `${path}[${index}]`, false)), ...at };
    if (isObject(value)) return { kind: 'dictionary', entries: this.#entries(value, at), ...at };
    const scalar = typeof value === 'object' ? null : (value ?? null);
    const reference = typeof scalar === 'string' ? referenceIn(scalar) : undefined;
    const isTaken = isSecret || reference === undefined || !isMeant(reference.written, path);
    if (!isTaken) this.#refuse(at, reference.written);
    // With an origin it counts as looked up, and stays what was written.
    const written = reference === undefined ? {} : { origin: reference.written };
    return { kind: 'scalar', value: scalar, ...written, ...at };
  }

  #entries(value: JsonObject, { path, place }: Located): Dictionary['entries'] {
    const isSecret = secretsBelow(path);
    return Object.entries(value).map(([key, inner]) => {
      const innerPath = `${path}.${key}`;
      return { key, value: this.make(inner, innerPath, isSecret(key)), place, path: innerPath };
    });
  }

  #refuse(at: Located, written: string): void {
    const says = `${written} is not looked up here: references stand for secrets only`;
    this.#findings.error(at, says, 'write the value itself');
  }
}

/** Secrets stand in litellm_params and its headers; whatever has such a name elsewhere is passed on as it is. */
function secretsBelow(path: string): (name: string) => boolean {
  if (/\.litellm_params$/.test(path)) return isSecretField;
  return /\.litellm_params\.(extra_)?headers$/.test(path) ? isSecretHeader : () => false;
}

/** A tag may well read env:production; an address may not. */
function isMeant(written: string, path: string): boolean {
  return (
    written.startsWith('os.environ/') ||
    /\.(api_base|base_url)$/.test(path) ||
    isSecretField(path.slice(path.lastIndexOf('.') + 1))
  );
}
