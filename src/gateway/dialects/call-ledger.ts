// The tool calls of one streamed answer as they grow. In our words every call has its own index, and its id and name in its
// first delta; a name that comes late is waited for.
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, numberOf, textOf } from '../../core/json.ts';

export interface Call {
  id: string | undefined;
  name: string | undefined;
  /** Argument text that arrived and was not handed on yet. */
  unsent: string;
  /** Argument text that was written. */
  written: string;
  isPlaced: boolean;
  isClosed: boolean;
}

export class CallLedger {
  readonly #calls = new Map<number, Call>();

  /** How many calls there are. */
  get size(): number {
    return this.#calls.size;
  }

  /** Takes one entry of delta.tool_calls; returns its call, with the id, name and argument text it brought. */
  take(delta: JsonObject): Call {
    const said = isObject(delta.function) ? delta.function : {};
    const call = this.#at(numberOf(delta.index) ?? 0);
    call.id ??= textOf(delta.id) || undefined;
    call.name ??= textOf(said.name) || undefined;
    call.unsent += textOf(said.arguments) ?? '';
    return call;
  }

  /** Throws upstream_garbled when a call was never named. */
  checkNamed(): void {
    if ([...this.#calls.values()].some((call) => call.name === undefined)) {
      throw new GatewayError('upstream_garbled', { message: 'a tool call has no name' });
    }
  }

  #at(index: number): Call {
    const known = this.#calls.get(index);
    if (known !== undefined) return known;
    const call: Call = { id: undefined, name: undefined, unsent: '', written: '', isPlaced: false, isClosed: false };
    this.#calls.set(index, call);
    return call;
  }
}
