// A client that uses tools, turn after turn, as the official clients' users write it: what the assistant said goes back in
// the fields that the dialect documents, and every call is answered. Once for OpenAI's dialect, once for Anthropic's.
import assert from 'node:assert/strict';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { rebuild } from '../contract/anthropic-grammar.ts';
import { piecesOf, rebuilt } from '../contract/openai-streams.ts';
import type { House } from './house.ts';

export interface Turn {
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: JsonObject }[];
}

/** What a tool says of a call: its words, whether it failed, and a picture (base64 of a PNG), which only Anthropic's dialect can carry. */
export interface ToolAnswer {
  readonly text: string;
  readonly failed?: boolean;
  readonly picture?: string;
}

/** How a client does what clients are free to do in their own ways. */
export interface Manner {
  readonly answer: (call: Turn['calls'][number]) => ToolAnswer;
  /** Shown beside the question: base64 of a PNG. */
  readonly picture?: string;
  /** Results are given in the reverse order of their calls. */
  readonly isBackwards?: boolean;
}

export type ToolLoop = (house: House, stream: boolean, manner?: Manner) => Promise<readonly Turn[]>;

const plain: Manner = { answer: ({ name }) => ({ text: `${name}: fine` }) };

const ask = 'What is the weather, and what time is it?';
const schema: JsonObject = { type: 'object', properties: { location: { type: 'string' } } };
const names = ['weather', 'cityAttractions', 'currentTime', 'webSearchTool', 'get_current_weather'];
const most = 5;

/** Takes a house with the alias `chat`; asks it until it calls no more; returns what was heard, turn by turn. */
export const openAiLoop: ToolLoop = async (house, stream, manner = plain) => {
  const shown = (picture: string): JsonObject => ({ type: 'image_url', image_url: { url: pngUrl(picture) } });
  const messages: JsonObject[] = [{ role: 'user', content: question(manner, shown) }];
  const tools = names.map((name) => ({ type: 'function', function: { name, parameters: schema } }));
  return looped(async () => {
    const reply = await house.ask('/v1/chat/completions', { model: 'chat', messages, tools, stream });
    assert.equal(reply.status, 200, reply.text);
    const said = stream ? streamed(reply.text) : whole(reply.json);
    messages.push({
      role: 'assistant',
      content: said.text === '' ? null : said.text,
      ...(said.calls.length > 0 ? { tool_calls: said.calls.map(openAiCall) } : {}),
    });
    for (const call of answered(said, manner)) {
      const { text, failed } = manner.answer(call);
      messages.push({ role: 'tool', tool_call_id: call.id, content: failed === true ? `Error: ${text}` : text });
    }
    return said;
  });
};

/** As openAiLoop, in Anthropic's dialect. */
export const anthropicLoop: ToolLoop = async (house, stream, manner = plain) => {
  const messages: JsonObject[] = [{ role: 'user', content: question(manner, pngBlock) }];
  const tools = names.map((name) => ({ name, input_schema: schema }));
  return looped(async () => {
    const reply = await house.ask('/v1/messages', { model: 'chat', max_tokens: 100, messages, tools, stream });
    assert.equal(reply.status, 200, reply.text);
    const content = stream ? rebuild(reply.text).content : contentOf(reply.json);
    const said = blocksSaid(content);
    messages.push({ role: 'assistant', content });
    messages.push({ role: 'user', content: answered(said, manner).map((call) => resultBlock(call, manner)) });
    return said;
  });
};

function question({ picture }: Manner, shown: (picture: string) => JsonObject): JsonValue {
  return picture === undefined ? ask : [{ type: 'text', text: ask }, shown(picture)];
}

function answered({ calls }: Turn, { isBackwards }: Manner): Turn['calls'] {
  return isBackwards === true ? calls.toReversed() : calls;
}

function resultBlock(call: Turn['calls'][number], manner: Manner): JsonObject {
  const { text, failed, picture } = manner.answer(call);
  const content = picture === undefined ? text : [{ type: 'text', text }, pngBlock(picture)];
  return { type: 'tool_result', tool_use_id: call.id, content, ...(failed === true ? { is_error: true } : {}) };
}

function pngUrl(data: string): string {
  return `data:image/png;base64,${data}`;
}

function pngBlock(data: string): JsonObject {
  return { type: 'image', source: { type: 'base64', media_type: 'image/png', data } };
}

async function looped(turn: () => Promise<Turn>): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  while (turns.length < most) {
    const said = await turn();
    turns.push(said);
    if (said.calls.length === 0) break;
  }
  return turns;
}

function openAiCall({ id, name, input }: Turn['calls'][number]): JsonObject {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } };
}

function whole(answer: unknown): Turn {
  const [choice] = isObject(answer) ? listOf(answer.choices) : [];
  assert.ok(isObject(choice) && isObject(choice.message));
  const { content, tool_calls: calls } = choice.message;
  assert.equal(choice.finish_reason, calls === undefined ? 'stop' : 'tool_calls');
  return { text: typeof content === 'string' ? content : '', calls: listOf(calls).map(calledIn) };
}

function calledIn(call: JsonValue): Turn['calls'][number] {
  assert.ok(isObject(call) && isObject(call.function));
  return { id: String(call.id), name: String(call.function.name), input: inputIn(String(call.function.arguments)) };
}

function inputIn(text: string): JsonObject {
  const input: unknown = JSON.parse(text);
  assert.ok(isObject(input), text);
  return input;
}

function streamed(text: string): Turn {
  assert.ok(text.endsWith('data: [DONE]\n\n'));
  const chunks = piecesOf(Buffer.from(text)).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data)]));
  const heard = rebuilt(chunks as JsonObject[]);
  assert.deepEqual(heard.finish, [heard.tools.length > 0 ? 'tool_calls' : 'stop']);
  const calls = heard.tools.map(({ id, name, arguments: written }) => ({ id, name, input: inputIn(written) }));
  return { text: heard.text, calls };
}

function contentOf(message: unknown): readonly JsonObject[] {
  assert.ok(isObject(message));
  const content = listOf(message.content).filter(isObject);
  const isCalling = content.some((block) => block.type === 'tool_use');
  assert.equal(message.stop_reason, isCalling ? 'tool_use' : 'end_turn');
  return content;
}

function blocksSaid(content: readonly JsonObject[]): Turn {
  const texts = content.filter((block) => block.type === 'text').map((block) => String(block.text));
  const calls = content.flatMap(({ type, id, name, input }) =>
    type === 'tool_use' && isObject(input) ? [{ id: String(id), name: String(name), input }] : [],
  );
  return { text: texts.join(''), calls };
}
