// A conversation in our words → Converse's: system lifted out, messages of one side joined (roles must take turns), the first
// one the user's. Signed thinking goes back as it came, first and in order; unsigned thinking is another's and stays here.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
import { isForeignThinking } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { cachePoint } from './cache-point.ts';
import { contentBlocks, type DocumentNames } from './content.ts';
import { sentId, sentName } from './tool-names.ts';

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly Turn[];
}

interface Turn extends JsonObject {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** Takes messages in our words and the call; returns Converse's. Throws field_invalid, field_unsupported by place. */
export function converseMessages(messages: readonly JsonValue[], call: Call): Conversation {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  const names: DocumentNames = new Set();
  messages.forEach((message, index) => {
    const at = `messages[${index}]`;
    if (!isObject(message)) throw invalid(at, 'must be an object');
    const content = marked(blocksOf(message, at, call, names), message, call);
    if (message.role === 'system' || message.role === 'developer') system.push(...systemBlocks(content, at));
    else join(turns, { role: message.role === 'assistant' ? 'assistant' : 'user', content });
  });
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: [{ text: '.' }] });
  for (const turn of turns) giveWords(turn);
  trimEnding(turns);
  return { system, messages: turns };
}

/** A cache mark on a message (LiteLLM's) is one on its last block. */
function marked(blocks: JsonObject[], message: JsonObject, call: Call): JsonObject[] {
  const last = blocks.at(-1);
  if (last === undefined || last.cachePoint !== undefined) return blocks;
  return [...blocks, ...cachePoint(message.cache_control, 'words', call)];
}

function systemBlocks(blocks: readonly JsonObject[], at: string): readonly JsonObject[] {
  const other = blocks.findIndex(({ text, guardContent, cachePoint: mark }) => !(text ?? guardContent ?? mark));
  if (other !== -1) throw invalid(`${at}.content[${other}]`, 'a system message holds only text');
  return blocks;
}

function blocksOf(message: JsonObject, at: string, call: Call, names: DocumentNames): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'developer':
    case 'user':
      return contentBlocks(message.content, `${at}.content`, call, names);
    case 'tool':
      return toolResult(message, at, call, names);
    case 'assistant':
      return assistantBlocks(message, at, call, names);
    default:
      throw invalid(`${at}.role`, 'must be system, developer, user, assistant or tool');
  }
}

/** All results of a turn's calls belong into the one message that follows it. */
function join(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1);
  if (turn.content.length === 0) return;
  if (last?.role !== turn.role) turns.push(turn);
  else last.content.push(...turn.content);
}

function assistantBlocks(message: JsonObject, at: string, call: Call, names: DocumentNames): JsonObject[] {
  const refusal = textOf(message.refusal) ?? '';
  return [
    ...listOf(message.thinking_blocks).flatMap(thinkingBlock),
    ...contentBlocks(message.content, `${at}.content`, call, names),
    ...(refusal.trim() === '' ? [] : [{ text: refusal }]),
    ...listOf(message.tool_calls).map((one, index) => toolUse(one, `${at}.tool_calls[${index}]`, call)),
  ];
}

function thinkingBlock(block: JsonValue): JsonObject[] {
  if (!isObject(block) || isForeignThinking(block)) return [];
  if (block.type === 'redacted_thinking') return [{ reasoningContent: { redactedContent: block.data } }];
  return [{ reasoningContent: { reasoningText: { text: textOf(block.thinking) ?? '', signature: block.signature } } }];
}

function toolUse(sent: JsonValue, at: string, call: Call): JsonObject {
  const asked = isObject(sent) ? sent.function : undefined;
  if (!isObject(sent) || !isObject(asked)) throw invalid(at, 'must be a call of a function');
  if (typeof asked.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const input = inputOf(asked.arguments, `${at}.function.arguments`);
  return { toolUse: { toolUseId: idOf(sent.id, `${at}.id`), name: sentName(asked.name, call), input } };
}

function inputOf(sent: JsonValue | undefined, at: string): JsonObject {
  if (sent === undefined || sent === null || sent === '') return {};
  const input = typeof sent === 'string' ? jsonOf(sent) : sent;
  if (!isObject(input)) throw invalid(at, 'must be a JSON object as text');
  return input;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller names the field.
    return undefined;
  }
}

/** A result with nothing in it is refused, so it says that it is empty. A mark on its text is one on the whole result. */
function toolResult(message: JsonObject, at: string, call: Call, names: DocumentNames): JsonObject[] {
  const blocks = contentBlocks(message.content, `${at}.content`, call, names);
  const content = blocks.filter((block) => block.cachePoint === undefined);
  const toolUseId = idOf(message.tool_call_id, `${at}.tool_call_id`);
  const result = { toolResult: { toolUseId, content: content.length === 0 ? [{ text: '(empty)' }] : content } };
  return [result, ...blocks.filter((block) => block.cachePoint !== undefined).slice(0, 1)];
}

function idOf(id: JsonValue | undefined, at: string): string {
  if (typeof id !== 'string' || id === '') throw invalid(at, 'needs the id of the tool call');
  return sentId(id);
}

/** "A text block must be included when using documents" (https://github.com/BerriAI/litellm/pull/36499). */
function giveWords({ content }: Turn): void {
  const at = content.findIndex((block) => block.document !== undefined);
  const hasWords = content.some(({ text, guardContent }) => (text ?? guardContent) !== undefined);
  if (at !== -1 && !hasWords) content.splice(at, 0, { text: '.' });
}

/** An answer to be continued may not end in white space. */
function trimEnding(turns: readonly Turn[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role === 'assistant' && typeof block?.text === 'string') {
    last.content[last.content.length - 1] = { text: block.text.trimEnd() };
  }
}
