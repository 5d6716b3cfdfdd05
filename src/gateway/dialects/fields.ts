// How a dialect refuses a body: always by the name of the field, always saying what was expected.
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Takes the path of a field (`messages[2].role`) and what it must be; returns the failure to throw. */
export function invalid(field: string, expected: string): GatewayError {
  return new GatewayError('field_invalid', { field, message: `\`${field}\` must be ${expected}` });
}

/** Takes the path of a field; returns the failure to throw. */
export function missing(field: string): GatewayError {
  return new GatewayError('field_missing', { field, message: `\`${field}\`` });
}

/** Takes the path of a field and why it cannot be served; returns the failure to throw. */
export function unsupported(field: string, why: string): GatewayError {
  return new GatewayError('field_unsupported', { field, message: `\`${field}\`: ${why}` });
}

/** Takes the field that gives the other dialect away and the route that speaks it; returns the failure to throw. */
export function wrongDialect(field: string, vendor: string, route: string): GatewayError {
  return new GatewayError('dialect_wrong', {
    field,
    message: `\`${field}\` belongs to ${vendor}'s dialect; send this body to ${route}`,
  });
}

type Kind = 'string' | 'boolean' | 'number' | 'integer' | 'object' | 'list';

const fits: Readonly<Record<Kind, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  object: isObject,
  list: Array.isArray,
};

const named: Readonly<Record<Kind, string>> = {
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  integer: 'a whole number',
  object: 'an object',
  list: 'a list',
};

/** Fields of a body and what they must be. */
export type Kinds = ReadonlyMap<string, Kind>;

/** Takes a body and the kinds of some fields; throws field_invalid for one that is there, not null, and of another kind. */
export function checkKinds(body: JsonObject, kinds: Kinds): void {
  for (const field in body) {
    const kind = kinds.get(field);
    const value = body[field];
    if (kind === undefined || value === undefined || value === null) continue;
    if (!fits[kind](value)) throw invalid(field, named[kind]);
  }
}

/** Takes a body; throws unless `model` is a name and `messages` a list of objects with a role; returns the messages. */
export function checkConversation(body: JsonObject): readonly JsonObject[] {
  if (body.model === undefined) throw missing('model');
  if (typeof body.model !== 'string' || body.model === '') throw invalid('model', 'the name of a model');
  const messages = body.messages;
  if (messages === undefined) throw missing('messages');
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', 'a list with at least one message');
  messages.forEach(checkMessage);
  return messages as readonly JsonObject[];
}

function checkMessage(message: JsonValue, index: number): void {
  if (!isObject(message)) throw invalid(`messages[${index}]`, 'an object');
  if (message.role === undefined) throw missing(`messages[${index}].role`);
  if (typeof message.role !== 'string') throw invalid(`messages[${index}].role`, 'a string');
}
