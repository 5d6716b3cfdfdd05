// Which tool call a streamed delta belongs to. Providers agree on little: some number calls, some give every call number
// 0 and tell them apart by id, some send neither after the first delta, some repeat the id on each.
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, numberOf, textOf } from '../../core/json.ts';

/** One tool call as it grows. */
export interface Call {
  readonly number: number;
  id: string | undefined;
  name: string | undefined;
  /** Argument text that arrived and was not handed on yet. */
  unsent: string;
  /** Argument text that was written. */
  written: string;
  isPlaced: boolean;
  isClosed: boolean;
}

/** The calls of one answer. */
export class CallLedger {
  readonly #calls: Call[] = [];

  /** How many calls were named. */
  get size(): number {
    return this.#calls.filter((call) => call.name !== undefined).length;
  }

  /** Takes one entry of delta.tool_calls; returns its call, with the id, name and argument text it brought. */
  take(delta: JsonObject): Call {
    const said = isObject(delta.function) ? delta.function : {};
    const id = textOf(delta.id) || undefined;
    const name = textOf(said.name) || undefined;
    const call = this.#find(numberOf(delta.index), id, name) ?? this.#add(numberOf(delta.index));
    call.id ??= id;
    call.name ??= name;
    call.unsent += textOf(said.arguments) ?? (isObject(said.arguments) ? JSON.stringify(said.arguments) : '');
    return call;
  }

  /** Throws upstream_garbled when arguments arrived for a call that was never named. */
  checkNamed(): void {
    if (this.#calls.some((call) => call.name === undefined && call.unsent.trim() !== '')) {
      throw new GatewayError('upstream_garbled', { message: 'a tool call has no name' });
    }
  }

  /** By id, else by number, else the latest. A new id with a name, where another call has both, begins a new call. */
  #find(number: number | undefined, id: string | undefined, name: string | undefined): Call | undefined {
    const known = id === undefined ? undefined : this.#calls.findLast((call) => call.id === id);
    if (known !== undefined && (number === undefined || known.number === number)) return known;
    const call = number === undefined ? this.#calls.at(-1) : this.#calls.findLast((one) => one.number === number);
    const isAnother = id !== undefined && name !== undefined && call?.id !== undefined && call.name !== undefined;
    return isAnother ? undefined : call;
  }

  #add(number: number | undefined): Call {
    const call: Call = {
      number: number ?? this.#calls.length,
      id: undefined,
      name: undefined,
      unsent: '',
      written: '',
      isPlaced: false,
      isClosed: false,
    };
    this.#calls.push(call);
    return call;
  }
}
