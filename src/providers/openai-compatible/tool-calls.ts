// Tool calls of one streamed choice, put right: every call has its own numeric index, and its id and name exactly once, in
// its first delta, so that any client's accumulator rebuilds the arguments. Deltas that are right keep their identity.
import type { ToolCallDelta } from '../../core/chat.ts';
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';

interface Slot {
  readonly index: number;
  /** The index the provider uses; several calls may share it. */
  readonly sentIndex: number | undefined;
  readonly id: string;
  name: string;
  arguments: string;
}

/** What a delta says, with everything empty taken as absent. */
interface Said {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

export class ToolCalls {
  readonly #slots: Slot[] = [];
  readonly #newId: () => string;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** True once a call has begun. */
  get begun(): boolean {
    return this.#slots.length > 0;
  }

  /** Takes the `tool_calls` of a delta; returns them put right (the same list when they are right already). */
  mend(deltas: readonly JsonValue[]): readonly ToolCallDelta[] {
    const mended = deltas.flatMap((delta) => (isObject(delta) ? this.#mendOne(delta) : []));
    const same = mended.length === deltas.length && mended.every((delta, at) => delta === deltas[at]);
    return same ? (deltas as readonly ToolCallDelta[]) : mended;
  }

  #mendOne(delta: JsonObject): ToolCallDelta[] {
    const said = saidBy(delta);
    const slot = this.#slotFor(said);
    if (slot !== undefined) return [continued(delta, said, slot)];
    const saysNothing = said.id === undefined && said.name === undefined && said.arguments === '';
    return saysNothing ? [] : [this.#opened(delta, said)];
  }

  #opened(delta: JsonObject, said: Said): ToolCallDelta {
    const slot: Slot = {
      index: this.#freeIndex(said.index),
      sentIndex: said.index,
      id: said.id === undefined || this.#slots.some(({ id }) => id === said.id) ? this.#newId() : said.id,
      name: said.name ?? '',
      arguments: said.arguments,
    };
    this.#slots.push(slot);
    return first(delta, slot);
  }

  /**
   * The call a delta goes on with, or undefined when it begins one. An id that is known decides; an id or a name that is new
   * begins a call, unless it is an id without a name (some make a fresh id for every delta) or a repeated name (some repeat
   * it with every delta; once the arguments are whole it means a second call).
   */
  #slotFor(said: Said): Slot | undefined {
    if (said.id !== undefined) {
      const known = this.#slotWithId(said.id, said);
      if (known !== undefined || said.name !== undefined) return known;
    }
    const slot = this.#slots.findLast(({ sentIndex }) => said.index === undefined || sentIndex === said.index);
    if (slot === undefined || said.name === undefined || slot.name === '') return slot;
    return slot.name === said.name && !isJson(slot.arguments) ? slot : undefined;
  }

  #slotWithId(id: string, said: Said): Slot | undefined {
    const slots = this.#slots.filter((slot) => slot.id === id);
    const same = slots.find(({ sentIndex }) => sentIndex === said.index);
    return same ?? (said.index === undefined || said.name === undefined ? slots.at(-1) : undefined);
  }

  #freeIndex(wanted: number | undefined): number {
    if (wanted !== undefined && !this.#slots.some(({ index }) => index === wanted)) return wanted;
    return this.#slots.reduce((next, { index }) => Math.max(next, index + 1), 0);
  }
}

/** Takes whatever stands for a call's arguments; returns them as text (an object as its JSON, nothing as ''). */
export function argumentsText(sent: JsonValue | undefined): string {
  if (typeof sent === 'string') return sent;
  return sent === undefined || sent === null ? '' : JSON.stringify(sent);
}

function saidBy(delta: JsonObject): Said {
  const called = isObject(delta.function) ? delta.function : {};
  return {
    index: typeof delta.index === 'number' && Number.isInteger(delta.index) ? delta.index : undefined,
    id: filled(delta.id),
    name: filled(called.name),
    arguments: argumentsText(called.arguments),
  };
}

function first(delta: JsonObject, slot: Slot): ToolCallDelta {
  const called = isObject(delta.function) ? delta.function : {};
  const right =
    delta.index === slot.index &&
    delta.id === slot.id &&
    delta.type === 'function' &&
    called.name === slot.name &&
    called.arguments === slot.arguments;
  if (right) return delta as ToolCallDelta;
  const rightCall = { ...called, name: slot.name, arguments: slot.arguments };
  return { ...delta, index: slot.index, id: slot.id, type: 'function', function: rightCall };
}

function continued(delta: JsonObject, said: Said, slot: Slot): ToolCallDelta {
  const lateName = slot.name === '' ? said.name : undefined;
  slot.name ||= said.name ?? '';
  slot.arguments += said.arguments;
  const { id, type, function: sent, ...rest } = delta;
  const { name, arguments: text, ...others } = isObject(sent) ? sent : {};
  const right =
    delta.index === slot.index &&
    (id === undefined || id === '') &&
    (type === undefined || type === 'function') &&
    (name === undefined || name === '' || lateName !== undefined) &&
    (typeof text === 'string' || (text === undefined && sent !== null));
  if (right) return delta as ToolCallDelta;
  const called = { ...others, ...(lateName === undefined ? {} : { name: lateName }), arguments: said.arguments };
  return { ...rest, index: slot.index, function: called };
}

function filled(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Not whole yet: that is what was asked.
    return false;
  }
}
