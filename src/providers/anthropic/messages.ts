// A conversation in our words → Anthropic's: system lifted out, messages of one side joined, the first one the user's.
// Thinking goes back as it came, first and in order; unsigned thinking was another provider's and stays here.
import { isForeignThinking } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { contentBlocks, textBlock } from './content.ts';

export interface Conversation {
  /** A text, a list of text blocks, or undefined when there is no system message. */
  readonly system: JsonValue | undefined;
  readonly messages: readonly JsonObject[];
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** Takes messages in our words and the call; returns Anthropic's. Throws field_invalid, field_unsupported by place. */
export function anthropicConversation(messages: readonly JsonValue[], call: Call): Conversation {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  messages.forEach((message, index) => {
    const at = `messages[${index}]`;
    if (!isObject(message)) throw invalid(at, 'must be an object');
    if (message.role === 'system' || message.role === 'developer') system.push(...systemBlocks(message, at, call));
    else join(turns, turnOf(message, at, call));
  });
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] });
  trimEnding(turns);
  return {
    system: plain(system),
    messages: turns.map((turn) => ({ role: turn.role, content: plain(turn.content) ?? '' })),
  };
}

function systemBlocks(message: JsonObject, at: string, call: Call): JsonObject[] {
  const blocks = marked(contentBlocks(message.content, `${at}.content`, call), message);
  const other = blocks.findIndex((block) => block.type !== 'text');
  if (other !== -1) throw invalid(`${at}.content[${other}]`, 'a system message holds only text');
  return blocks;
}

function turnOf(message: JsonObject, at: string, call: Call): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: marked(contentBlocks(message.content, `${at}.content`, call), message) };
    case 'tool':
      return { role: 'user', content: [toolResult(message, at, call)] };
    case 'assistant':
      return { role: 'assistant', content: marked(assistantBlocks(message, at, call), message) };
    default:
      throw invalid(`${at}.role`, 'must be system, developer, user, assistant or tool');
  }
}

/** Messages of one side become one turn: Anthropic wants all results of a turn's calls in the message that follows. */
function join(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1);
  if (turn.content.length === 0) return;
  if (last?.role !== turn.role) turns.push(turn);
  else last.content.push(...turn.content);
}

function assistantBlocks(message: JsonObject, at: string, call: Call): JsonObject[] {
  const thinking = listOf(message.thinking_blocks).filter((block) => isObject(block) && !isForeignThinking(block));
  const refusal = textOf(message.refusal) ?? '';
  return [
    ...thinking.filter(isObject),
    ...contentBlocks(message.content, `${at}.content`, call),
    ...(refusal === '' ? [] : [textBlock(refusal)]),
    ...listOf(message.tool_calls).map((one, index) => toolUse(one, `${at}.tool_calls[${index}]`)),
  ];
}

function toolUse(call: JsonValue, at: string): JsonObject {
  const asked = isObject(call) ? call.function : undefined;
  if (!isObject(call) || !isObject(asked)) throw invalid(at, 'must be a call of a function');
  if (typeof asked.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const input = inputOf(asked.arguments, `${at}.function.arguments`);
  return { type: 'tool_use', id: toolId(call.id, at), name: asked.name, input };
}

function inputOf(text: JsonValue | undefined, at: string): JsonObject {
  if (text === undefined || text === null || text === '') return {};
  if (isObject(text)) return text;
  const input = jsonOf(text);
  if (!isObject(input)) throw invalid(at, 'must be a JSON object as text');
  return input;
}

function jsonOf(text: JsonValue): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller names the field.
    return undefined;
  }
}

function toolResult(message: JsonObject, at: string, call: Call): JsonObject {
  const blocks = contentBlocks(message.content, `${at}.content`, call);
  const only = blocks.length === 1 ? blocks[0] : undefined;
  const cache = message.cache_control ?? only?.cache_control;
  const content = only?.type === 'text' ? only.text : blocks.length === 0 ? '' : blocks;
  return {
    type: 'tool_result',
    tool_use_id: toolId(message.tool_call_id, `${at}.tool_call_id`),
    content,
    ...(isObject(cache) ? { cache_control: cache } : {}),
  };
}

/** Anthropic takes letters, digits, _ and - in ids; the same replacement on both sides keeps call and result together. */
function toolId(id: JsonValue | undefined, at: string): string {
  if (typeof id !== 'string' || id === '') throw invalid(at, 'needs the id of the tool call');
  return id.replace(/[^\w-]/g, '_');
}

/** A cache mark on a message (LiteLLM's) is one on its last block. */
function marked(blocks: JsonObject[], message: JsonObject): JsonObject[] {
  const last = blocks.at(-1);
  if (!isObject(message.cache_control) || last === undefined) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: message.cache_control }];
}

/** Anthropic refuses an answer to be continued that ends in white space. */
function trimEnding(turns: readonly Turn[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return;
  last.content[last.content.length - 1] = { ...block, text: (textOf(block.text) ?? '').trimEnd() };
}

/** One plain text block is a text; none is nothing. */
function plain(blocks: readonly JsonObject[]): JsonValue | undefined {
  if (blocks.length === 0) return undefined;
  const only = blocks.length === 1 ? blocks[0] : undefined;
  const isPlain = only?.type === 'text' && Object.keys(only).length === 2;
  return isPlain ? (textOf(only.text) ?? '') : blocks;
}
