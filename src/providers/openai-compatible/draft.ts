// A request body and the changes it is to get, so that rules can look at what will be sent while they change it.
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Edits } from '../provider.ts';

export class Draft {
  readonly #body: JsonObject;
  /** undefined: the field is left out. */
  readonly #changes = new Map<string, JsonValue | undefined>();

  constructor(body: JsonObject) {
    this.#body = body;
  }

  /** Takes a field; returns its value as it will be sent; null and absent are both undefined. */
  get(field: string): JsonValue | undefined {
    return this.#sent(field) ?? undefined;
  }

  /** Takes a field; true when the body would be sent with it, be it null. */
  has(field: string): boolean {
    return this.#sent(field) !== undefined;
  }

  /** Takes a field and its new value. A value that is the body's own is no change. */
  set(field: string, value: JsonValue): void {
    if (this.#body[field] === value) this.#changes.delete(field);
    else this.#changes.set(field, value);
  }

  /** Takes a field; it will not be sent. */
  remove(field: string): void {
    if (this.#body[field] === undefined) this.#changes.delete(field);
    else this.#changes.set(field, undefined);
  }

  get edits(): Edits {
    return Object.fromEntries(this.#changes);
  }

  #sent(field: string): JsonValue | undefined {
    return this.#changes.has(field) ? this.#changes.get(field) : this.#body[field];
  }
}
