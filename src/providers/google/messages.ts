// A conversation in our words → Google's contents: system lifted out, turns of one side joined, the first one the user's.
// Results stand in the order of their calls, by which Google pairs them. Signatures go back where they came from.
// https://ai.google.dev/api/caching#Content https://ai.google.dev/gemini-api/docs/function-calling
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { sentName } from '../bedrock/tool-names.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { contentParts } from './content.ts';
import { googleModel } from './models.ts';
import { callMark, ownId, textSignature } from './signatures.ts';

/** Gemini 3 refuses calls without a signature; for calls it did not make itself it takes this word. */
const unsigned = 'skip_thought_signature_validator';

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly contents: readonly Turn[];
}

interface Turn extends JsonObject {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

/** The calls so far, by the id that the client knows, and the place of each result: that of its call. */
interface Calls {
  readonly made: Map<string, { readonly name: string; readonly place: number }>;
  readonly places: Map<JsonObject, number>;
  count: number;
}

/** Takes messages in our words and the call; returns Google's. Throws field_invalid by place. */
export function googleContents(messages: readonly JsonValue[], call: Call): Conversation {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  const calls: Calls = { made: new Map(), places: new Map(), count: 0 };
  messages.forEach((message, index) => {
    const at = `messages[${index}]`;
    if (!isObject(message)) throw invalid(at, 'must be an object');
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...contentParts(message.content, `${at}.content`, call));
    } else join(turns, turnOf(message, at, call, calls));
  });
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', parts: [{ text: '.' }] });
  for (const turn of turns) sortResults(turn, calls);
  return { system, contents: turns };
}

function join(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1);
  if (turn.parts.length === 0) return;
  if (last?.role !== turn.role) turns.push(turn);
  else last.parts.push(...turn.parts);
}

function turnOf(message: JsonObject, at: string, call: Call, calls: Calls): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', parts: contentParts(message.content, `${at}.content`, call) };
    case 'tool':
      return { role: 'user', parts: toolResult(message, at, call, calls) };
    case 'assistant':
      return { role: 'model', parts: modelParts(message, at, call, calls) };
    default:
      throw invalid(`${at}.role`, 'must be system, developer, user, assistant or tool');
  }
}

function modelParts(message: JsonObject, at: string, call: Call, calls: Calls): JsonObject[] {
  const refusal = textOf(message.refusal) ?? '';
  const said = [
    ...contentParts(message.content, `${at}.content`, call),
    ...(refusal === '' ? [] : [{ text: refusal }]),
    ...contentParts(message.images, `${at}.images`, call),
  ];
  const asked = listOf(message.tool_calls).map((one, index) => called(one, `${at}.tool_calls[${index}]`, call, calls));
  return [...signed(said, textSignature(message)), ...withSignature(asked, call)];
}

/** A text's signature goes back on the last of its parts; one that came alone goes alone. */
function signed(parts: JsonObject[], thoughtSignature: string | undefined): JsonObject[] {
  if (thoughtSignature === undefined) return parts;
  return [...parts.slice(0, -1), { ...(parts.at(-1) ?? { text: '' }), thoughtSignature }];
}

/** The first of the calls of a step carries the signature of all. */
function withSignature(calls: JsonObject[], call: Call): JsonObject[] {
  const [first, ...rest] = calls;
  if (first === undefined || first.thoughtSignature !== undefined) return calls;
  if (googleModel(call.upstream).thinks !== 'level') return calls;
  return [{ ...first, thoughtSignature: unsigned }, ...rest];
}

function called(sent: JsonValue, at: string, call: Call, calls: Calls): JsonObject {
  const asked = isObject(sent) ? sent.function : undefined;
  if (!isObject(sent) || !isObject(asked)) throw invalid(at, 'must be a call of a function');
  if (typeof asked.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  calls.made.set(textOf(sent.id) ?? '', { name: asked.name, place: calls.count++ });
  const { id, signature } = callMark(sent);
  const args = argumentsOf(asked.arguments, `${at}.function.arguments`);
  return {
    functionCall: { ...(id === undefined ? {} : { id }), name: sentName(asked.name, call), args },
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  };
}

function argumentsOf(sent: JsonValue | undefined, at: string): JsonObject {
  if (sent === undefined || sent === null || sent === '') return {};
  const args = typeof sent === 'string' ? jsonOf(sent) : sent;
  if (!isObject(args)) throw invalid(at, 'must be a JSON object as text');
  return args;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller knows what that means.
    return undefined;
  }
}

/** Gemini 3 takes it for the name of a part beside the result, and refuses one that is not there (https://github.com/vercel/ai/issues/14369). */
const reference = /"\$ref"\s*:/;

/** Texts are the answer, an object as such; what is shown beside them follows as parts of its own. */
function toolResult(message: JsonObject, at: string, call: Call, { made, places }: Calls): JsonObject[] {
  const toolCallId = message.tool_call_id;
  if (typeof toolCallId !== 'string') throw invalid(`${at}.tool_call_id`, 'needs the id of the tool call');
  const answered = made.get(toolCallId);
  const name = answered?.name ?? textOf(message.name);
  if (name === undefined) throw invalid(`${at}.tool_call_id`, 'no call before it has this id');
  const parts = contentParts(message.content, `${at}.content`, call);
  const text = parts.map((part) => textOf(part.text) ?? '').join('');
  const object = jsonOf(text);
  const response = isObject(object) && !reference.test(text) ? object : { result: text };
  const shown = parts.filter((part) => part.text === undefined);
  const result = { functionResponse: { ...ownId(toolCallId), name: sentName(name, call), response } };
  if (answered !== undefined) places.set(result, answered.place);
  return [result, ...shown];
}

/** Clients may send results in any order; Google pairs calls of one name by their order alone. */
function sortResults(turn: Turn, { places }: Calls): void {
  const results = turn.parts.filter((part) => part.functionResponse !== undefined);
  if (results.length < 2) return;
  const placeOf = (result: JsonObject): number => places.get(result) ?? Number.MAX_SAFE_INTEGER;
  const others = turn.parts.filter((part) => part.functionResponse === undefined);
  const sorted = results.toSorted((one, other) => placeOf(one) - placeOf(other));
  turn.parts.splice(0, turn.parts.length, ...sorted, ...others);
}
