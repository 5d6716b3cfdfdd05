// Calls whose arguments come one by one (streamFunctionCallArguments): a name, then values by their path, then an end. Clients
// want JSON from left to right, which paths need not be, so such a call is told when it is whole.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { garbled } from '../upstream-failure.ts';

interface Growing {
  readonly named: JsonObject;
  readonly signature: JsonValue | undefined;
  readonly values: Record<string, JsonValue>;
}

type Tree = Record<string, JsonValue> | JsonValue[];

export class GrowingCalls {
  #open: Growing | null = null;

  /** Takes a candidate; returns it with the calls that are whole now, and without pieces of calls. */
  take(candidate: JsonObject): JsonObject {
    const content = isObject(candidate.content) ? candidate.content : {};
    const parts = listOf(content.parts);
    if (this.#open === null && !parts.some(isPiece)) return candidate;
    return { ...candidate, content: { ...content, parts: parts.flatMap((part) => this.#part(part)) } };
  }

  /** Throws upstream_garbled when a call never came to its end. */
  checkDone(): void {
    if (this.#open !== null) throw garbled('gemini', 'a call that never came to its end');
  }

  #part(part: JsonValue): JsonValue[] {
    if (!isObject(part) || !isObject(part.functionCall)) return [part];
    const called = part.functionCall;
    if (this.#open === null && !isPiece(part)) return [part];
    if (textOf(called.name)) this.#open = { named: called, signature: part.thoughtSignature, values: {} };
    if (this.#open === null) throw garbled('gemini', 'arguments of a call that never began');
    const { named, signature, values } = this.#open;
    for (const partial of listOf(called.partialArgs)) if (isObject(partial)) place(values, partial);
    if (called.willContinue === true) return [];
    this.#open = null;
    const { name, id, args } = named;
    const whole = { name, id, args: { ...(isObject(args) ? args : {}), ...values } };
    return [{ functionCall: whole, ...(signature === undefined ? {} : { thoughtSignature: signature }) }];
  }
}

function isPiece(part: JsonValue): boolean {
  if (!isObject(part) || !isObject(part.functionCall)) return false;
  const { willContinue, partialArgs } = part.functionCall;
  return willContinue === true || partialArgs !== undefined;
}

const kinds = ['stringValue', 'numberValue', 'boolValue', 'nullValue'];

/** Texts come in pieces, which are joined; other values come whole. */
function place(root: Tree, partial: JsonObject): void {
  const steps = stepsOf(textOf(partial.jsonPath) ?? '');
  const kind = kinds.find((one) => partial[one] !== undefined);
  const last = steps.at(-1);
  if (last === undefined) throw garbled('gemini', 'an argument without its path');
  if (kind === undefined) return;
  const holder = steps.slice(0, -1).reduce<Tree>((tree, step, at) => child(tree, step, steps[at + 1] ?? ''), root);
  const value = kind === 'nullValue' ? null : (partial[kind] ?? null);
  const before = read(holder, last);
  write(holder, last, typeof before === 'string' && typeof value === 'string' ? before + value : value);
}

type Step = string | number;

/** `$.operations[0].name`, `$['odd name']`. */
function stepsOf(path: string): Step[] {
  const found = path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g);
  return [...found].map(([, name, index, quoted, other]) =>
    index === undefined ? (name ?? quoted ?? other ?? '') : Number(index),
  );
}

function child(tree: Tree, step: Step, next: Step): Tree {
  const known = read(tree, step);
  if (Array.isArray(known)) return known;
  if (isObject(known)) return known as Record<string, JsonValue>;
  const made: Tree = typeof next === 'number' ? [] : {};
  write(tree, step, made);
  return made;
}

/** Far more than any list that a model writes: a path is not to make us fill memory. */
const longestList = 10_000;

function read(tree: Tree, step: Step): JsonValue | undefined {
  if (Array.isArray(tree)) return typeof step === 'number' ? tree[step] : undefined;
  return Object.hasOwn(tree, step) ? tree[step] : undefined;
}

function write(tree: Tree, step: Step, value: JsonValue): void {
  if (!Array.isArray(tree))
    Object.defineProperty(tree, step, { value, enumerable: true, configurable: true, writable: true });
  else if (typeof step === 'number' && step <= Math.min(tree.length, longestList)) tree[step] = value;
  else throw garbled('gemini', 'an argument at a place that cannot be');
}
