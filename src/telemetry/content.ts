// What was asked and answered, as the conventions for generative AI write it (gen_ai.input.messages, gen_ai.output.messages,
// gen_ai.system_instructions). Only for those who ask for it. Pure. Invariant: what cannot be read is left out, never guessed.
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../core/json.ts';
import { readEvent, SseSplitter } from '../kit/sse.ts';

/** A message in the conventions' shape. */
interface Message {
  readonly role: string;
  readonly parts: readonly JsonObject[];
  readonly finish_reason?: string;
}

/** A body beyond this is not told: half a message would read like a whole one. */
const longestAsked = 256 * 1024;

/** Takes the body of a request in OpenAI's or Anthropic's dialect; returns attributes. */
export function askedContent(body: Buffer): Record<string, string> {
  const asked = body.length > longestAsked ? null : parsed(body.toString('utf8'));
  if (asked === null) return {};
  const system = partsOf(asked['system']);
  const messages = listOf(asked['messages']).filter(isObject).map(messageOf);
  const prompt = partsOf(asked['prompt'] ?? asked['input'] ?? asked['query']);
  const all = messages.length > 0 ? messages : prompt.length > 0 ? [{ role: 'user', parts: prompt }] : [];
  return {
    ...(system.length > 0 ? { 'gen_ai.system_instructions': JSON.stringify(system) } : {}),
    ...(all.length > 0 ? { 'gen_ai.input.messages': JSON.stringify(all) } : {}),
  };
}

/** Takes the body of an answer in either dialect, whole or as events; returns attributes. */
export function answeredContent(body: Buffer, isStream: boolean): Record<string, string> {
  const messages = isStream ? streamed(body) : whole(parsed(body.toString('utf8')));
  return messages.length > 0 ? { 'gen_ai.output.messages': JSON.stringify(messages) } : {};
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // a body that is no JSON was refused, and the row says so
  }
}

function messageOf(message: JsonObject): Message {
  const role = textOf(message['role']) ?? 'user';
  if (role === 'tool') return { role, parts: [toolResult(message['tool_call_id'], message['content'])] };
  return {
    role,
    parts: [...partsOf(message['content']), ...listOf(message['tool_calls']).filter(isObject).map(toolCall)],
  };
}

function whole(answer: JsonObject | null): Message[] {
  if (answer === null) return [];
  if (answer['type'] === 'message')
    return [finished({ role: 'assistant', parts: partsOf(answer['content']) }, answer['stop_reason'])];
  return listOf(answer['choices'])
    .filter(isObject)
    .map((choice) => {
      const message = isObject(choice['message']) ? messageOf(choice['message']) : null;
      return finished(message ?? { role: 'assistant', parts: partsOf(choice['text']) }, choice['finish_reason']);
    });
}

function finished(message: Message, reason: JsonValue | undefined): Message {
  return typeof reason === 'string' ? { ...message, finish_reason: reason } : message;
}

/** A text, or a list of OpenAI's or Anthropic's parts. Pictures and sounds are named, not told. */
function partsOf(content: JsonValue | undefined): JsonObject[] {
  if (typeof content === 'string') return [text(content)];
  return listOf(content).flatMap((part) => {
    if (typeof part === 'string') return [text(part)];
    if (!isObject(part)) return [];
    const type = textOf(part['type']) ?? 'unknown';
    if (type === 'tool_use')
      return [{ type: 'tool_call', id: part['id'], name: part['name'], arguments: part['input'] }];
    if (type === 'tool_result') return [toolResult(part['tool_use_id'], part['content'])];
    const said = textOf(part['text']) ?? textOf(part['thinking']);
    return [said === undefined ? { type } : type === 'thinking' ? { type: 'reasoning', content: said } : text(said)];
  });
}

const text = (content: string): JsonObject => ({ type: 'text', content });

function toolResult(id: JsonValue | undefined, content: JsonValue | undefined): JsonObject {
  return { type: 'tool_call_response', id, response: content };
}

function toolCall(call: JsonObject): JsonObject {
  const called = isObject(call['function']) ? call['function'] : {};
  return { type: 'tool_call', id: call['id'], name: called['name'], arguments: called['arguments'] };
}

/** What the events of one answer add up to, by choice or by block. */
interface Gathered {
  text: string;
  readonly calls: Map<number, { id: JsonValue | undefined; name: JsonValue | undefined; arguments: string }>;
  reason: JsonValue | undefined;
}

function streamed(body: Buffer): Message[] {
  const splitter = new SseSplitter();
  const choices = new Map<number, Gathered>();
  for (const raw of splitter.push(body)) {
    const event = parsed(readEvent(raw).data);
    if (event === null) continue;
    for (const choice of listOf(event['choices']).filter(isObject)) gatherOpenAi(choices, choice);
    gatherAnthropic(choices, event);
  }
  return [...choices.values()].map(({ text: said, calls, reason }) => {
    const called = [...calls.values()].map((call) => ({ type: 'tool_call', ...call }));
    return finished({ role: 'assistant', parts: [...(said === '' ? [] : [text(said)]), ...called] }, reason);
  });
}

function gatheredAt(choices: Map<number, Gathered>, at: number): Gathered {
  const gathered = choices.get(at) ?? { text: '', calls: new Map(), reason: undefined };
  choices.set(at, gathered);
  return gathered;
}

function gatherOpenAi(choices: Map<number, Gathered>, choice: JsonObject): void {
  const gathered = gatheredAt(choices, Number(choice['index'] ?? 0));
  const delta = isObject(choice['delta']) ? choice['delta'] : {};
  gathered.text += textOf(delta['content']) ?? textOf(choice['text']) ?? '';
  gathered.reason = choice['finish_reason'] ?? gathered.reason;
  for (const call of listOf(delta['tool_calls']).filter(isObject)) {
    const called = isObject(call['function']) ? call['function'] : {};
    const at = Number(call['index'] ?? 0);
    const known = gathered.calls.get(at) ?? { id: call['id'], name: called['name'], arguments: '' };
    known.arguments += textOf(called['arguments']) ?? '';
    gathered.calls.set(at, known);
  }
}

function gatherAnthropic(choices: Map<number, Gathered>, event: JsonObject): void {
  const block = isObject(event['content_block']) ? event['content_block'] : {};
  const delta = isObject(event['delta']) ? event['delta'] : {};
  const at = Number(event['index'] ?? 0);
  if (event['type'] === 'content_block_start' && block['type'] === 'tool_use')
    gatheredAt(choices, 0).calls.set(at, { id: block['id'], name: block['name'], arguments: '' });
  if (event['type'] === 'content_block_delta') {
    const gathered = gatheredAt(choices, 0);
    gathered.text += textOf(delta['text']) ?? '';
    const call = gathered.calls.get(at);
    if (call !== undefined) call.arguments += textOf(delta['partial_json']) ?? '';
  }
  if (event['type'] === 'message_delta') gatheredAt(choices, 0).reason = delta['stop_reason'];
}
