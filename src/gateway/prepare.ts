// From what is asked to what is sent: the client's own bytes with a few fields changed where the upstream speaks the
// client's dialect, a translation through our own words where it does not.
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { spliceBody } from '../kit/json-body.ts';
import type { Secret } from '../kit/secret.ts';
import type { Call, Edits, Wire } from '../providers/provider.ts';
import { completionsAsChat } from './completions-as-chat.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Parts, Resolved } from './exchange.ts';
import type { Target } from './target.ts';
import type { Words } from './words.ts';

/** One call, ready to go out, and what is needed to read its answer. */
export interface Prepared {
  readonly target: Target;
  readonly wire: Wire;
  readonly call: Call;
  /** True: the answer's bytes are the client's own dialect and pass as they come. */
  readonly passes: boolean;
  /** Who translates when they do not pass. */
  readonly dialect: Dialect;
  /** The request in our words, for answers that cannot be read without it; nothing of a conversation, which may be long. */
  readonly request: JsonObject;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | Secret>>;
  /** In pieces, as it goes out. */
  readonly body: readonly Buffer[];
}

/** Takes a provider's target and an operation; true when it can serve it, a text completion also by chat. */
export function canServe(target: Target, operation: Resolved['surface']['operation']): boolean {
  if (target.record.parameters.mockResponse !== undefined) return operation === 'chat' || operation === 'completion';
  return (
    target.provider.wires[operation] !== undefined ||
    (operation === 'completion' && target.provider.wires.chat !== undefined)
  );
}

/** Takes what is asked and where it goes; returns the call. Throws field_unsupported, field_invalid, operation_unsupported. */
export function prepare(asked: Resolved, target: Target, parts: Parts): Prepared {
  const { surface } = asked;
  const own = isCanned(asked, target) ? undefined : target.provider.wires[surface.operation];
  const wire = own ?? chatWireFor(asked, target, parts);
  const answersAsChat = surface.operation === 'completion' && wire.dialect !== surface.dialect.name;
  const dialect = own === undefined || answersAsChat ? speakerOf(asked) : surface.dialect;
  const passes = wire.dialect === surface.dialect.name && dialect === surface.dialect;
  const call = callOf(asked, target, parts);
  const asksChat = own === undefined || surface.operation === 'chat';
  const written = passes ? spliced(asked, wire, call) : translated(asked, wire, call, asksChat ? dialect : null);
  const place = placeOf(target, wire.path(call), wire.headers(call));
  return {
    target,
    wire,
    call,
    passes,
    dialect,
    request: written.request,
    body: written.body,
    path: place.path,
    headers: place.headers,
  };
}

type Place = Pick<Prepared, 'path' | 'headers'>;

/** Where a deployment's last call went, and what was said of that by its wire. */
const lastPlaces = new WeakMap<Target, Place & { readonly said: Place }>();

/** Takes a deployment and what its wire says of path and headers; returns all of both, the same ones as long as it says the same. */
function placeOf(target: Target, path: string, headers: Place['headers']): Place {
  const last = lastPlaces.get(target);
  if (last?.said.headers === headers && last.said.path === path) return last;
  const place = {
    path: target.basePath + path,
    headers: { 'content-type': 'application/json', ...headers, ...target.headers },
    said: { path, headers },
  };
  lastPlaces.set(target, place);
  return place;
}

/** Takes what is asked and a target; true when the answer is canned (LiteLLM's mock_response) and no provider is called. */
export function isCanned(asked: Resolved, target: Target): boolean {
  return asked.options.mockResponse !== null || target.record.parameters.mockResponse !== undefined;
}

/** Text completions that go through our own words are answered there as chat (streams know nothing else). */
function speakerOf(asked: Resolved): Dialect {
  return asked.surface.operation === 'completion' ? completionsAsChat : asked.surface.dialect;
}

/** Takes what is asked and a target; returns the target as it is billed and shown: a canned answer costs nothing. */
export function asBilled(asked: Resolved, target: Target): Target {
  if (!isCanned(asked, target)) return target;
  return { ...target, price: {}, shownAddress: 'canned' };
}

function chatWireFor(asked: Resolved, target: Target, parts: Parts): Wire {
  const { operation } = asked.surface;
  if (operation !== 'chat' && operation !== 'completion') throw notServed(asked, target);
  const wire = isCanned(asked, target) ? parts.cannedWire : target.provider.wires.chat;
  if (wire === undefined) throw notServed(asked, target);
  return wire;
}

/** Takes what is asked and a target; returns the failure that the target cannot serve it. */
export function notServed(asked: Resolved, target: Target): GatewayError {
  return new GatewayError('operation_unsupported', {
    message: `${target.provider.label} (model=${asked.model}) does not serve ${asked.surface.operation} requests`,
    field: 'model',
  });
}

function callOf(asked: Resolved, target: Target, parts: Parts): Call {
  const parameters = target.record.parameters;
  return {
    upstream: target.upstream,
    stream: asked.stream,
    dropParameters: asked.options.dropParameters ?? parameters.dropParameters ?? parts.router().dropParameters,
    dropped: [],
    clientHeaders: asked.surface.dialect.name === 'anthropic' ? anthropicHeaders(asked) : {},
    query: asked.arrived.query,
    now: parts.clock.now(),
    newId: parts.newId,
  };
}

function anthropicHeaders(asked: Resolved): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in asked.arrived.headers) {
    const value = asked.arrived.headers[name];
    if (name.startsWith('anthropic-') && typeof value === 'string') headers[name] = value;
  }
  return headers;
}

function spliced(asked: Resolved, wire: Wire, call: Call): Pick<Prepared, 'request' | 'body'> {
  const edits = new Map<string, string | undefined>();
  for (const field of asked.consumed) edits.set(field, undefined);
  const changed = changesOf(asked.words, wire, call);
  for (const field in changed) {
    const value = changed[field];
    edits.set(field, value === undefined ? undefined : JSON.stringify(value));
  }
  return { request: askedAgain(asked, asked.words.outline), body: spliceBody(asked.bytes, asked.map, edits) };
}

/** Messages that must change are written from all that is said, never from its outline. */
function changesOf(words: Words, wire: Wire, call: Call): Edits {
  const changed = wire.edits(words.outline, call);
  if (!words.isFolded || changed.messages === undefined) return changed;
  call.dropped.length = 0;
  return wire.edits(words.said, call);
}

/** `dialect` turns a chat request into our words; null: every other request is in them already. */
function translated(
  asked: Resolved,
  wire: Wire,
  call: Call,
  dialect: Dialect | null,
): Pick<Prepared, 'request' | 'body'> {
  const own = without(asked.words.said, asked.consumed);
  const request = dialect === null ? own : dialect.decode(own, call.dropped);
  const encoded = wire.encode === undefined ? request : wire.encode(request, call);
  return {
    request: askedAgain(asked, request),
    body: [Buffer.from(JSON.stringify(edited(encoded, wire.edits(encoded, call))))],
  };
}

function without(body: JsonObject, fields: readonly string[]): JsonObject {
  if (fields.length === 0) return body;
  return Object.fromEntries(Object.entries(body).filter(([field]) => !fields.includes(field)));
}

const nothing: JsonObject = {};

/** Takes a request in our words; returns what of it is kept until the answer is read. */
function askedAgain({ surface }: Resolved, request: JsonObject): JsonObject {
  return surface.operation === 'chat' || surface.operation === 'completion' ? nothing : request;
}

/** JSON.stringify leaves out what is undefined, so a removed field needs no more than that. */
function edited(body: JsonObject, edits: Edits): JsonObject {
  return { ...body, ...edits };
}
