// Anthropic's request → our words. What has a counterpart is translated; hints without one are left out and named in
// `dropped`; what would change the answer (server tools, containers, MCP servers) is refused by the name of its field.
// Shapes: https://docs.anthropic.com/en/api/messages
import { createHash } from 'node:crypto';
import { effortOf } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, numberOf, textOf } from '../../core/json.ts';
import { decodeMessage, systemMessage } from './anthropic-messages.ts';
import { checkConversation, checkKinds, invalid, type Kinds, missing, unsupported, wrongDialect } from './fields.ts';

/** Hints to Anthropic's own service: the answer means the same without them. */
const hints = [
  'cache_control',
  'context_management',
  'service_tier',
  'speed',
  'inference_geo',
  'diagnostics',
  'betas',
  'user_profile_id',
  'workspace_id',
];

/** Hints on a tool. */
const toolHints = ['input_examples', 'defer_loading', 'eager_input_streaming', 'allowed_callers'];

const refused: Readonly<Record<string, string>> = {
  container: 'only Anthropic runs containers',
  mcp_servers: 'only Anthropic calls MCP servers by itself',
};

/** Fields that are translated below; every other field is carried over as it came. */
const translated = [
  'model',
  'messages',
  'system',
  'max_tokens',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
];

const kinds: Kinds = new Map([
  ['max_tokens', 'integer'],
  ['stream', 'boolean'],
  ['temperature', 'number'],
  ['top_p', 'number'],
  ['top_k', 'integer'],
  ['stop_sequences', 'list'],
  ['tools', 'list'],
  ['tool_choice', 'object'],
  ['thinking', 'object'],
  ['metadata', 'object'],
  ['output_config', 'object'],
] as const);

/**
 * Takes an Anthropic request; returns it in our words and adds to `dropped` the names of the hints it left out.
 * Throws field_missing, field_invalid, field_unsupported, and dialect_wrong for a body in OpenAI's words.
 */
export function decodeRequest(body: JsonObject, dropped: string[]): JsonObject {
  const messages = checkConversation(body);
  if (body.max_tokens === undefined || body.max_tokens === null) throw missing('max_tokens');
  checkKinds(body, kinds);
  if ((numberOf(body.max_tokens) ?? 0) < 1) throw invalid('max_tokens', 'at least 1');
  refuse(body);
  return withoutUndefined({
    model: body.model,
    messages: [
      ...systemMessage(body.system),
      ...messages.flatMap((message, at) => decodeMessage(message, at, dropped)),
    ],
    max_tokens: body.max_tokens,
    stop: body.stop_sequences,
    ...decodeTools(body, dropped),
    ...decodeEffort(body),
    ...decodeFormat(body),
    ...decodeMetadata(body),
    ...others(body, dropped),
  });
}

function refuse(body: JsonObject): void {
  for (const field in refused) {
    const value = body[field];
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) throw unsupported(field, refused[field] ?? '');
  }
}

function others(body: JsonObject, dropped: string[]): JsonObject {
  const rest: Record<string, JsonValue | undefined> = {};
  for (const field in body) {
    if (hints.includes(field)) dropped.push(field);
    else if (!translated.includes(field) && !Object.hasOwn(refused, field)) rest[field] = body[field];
  }
  return rest;
}

function decodeTools(body: JsonObject, dropped: string[]): JsonObject {
  const choice = isObject(body.tool_choice) ? body.tool_choice : {};
  return {
    tools: Array.isArray(body.tools) ? body.tools.map((tool, index) => decodeTool(tool, index, dropped)) : undefined,
    tool_choice: decodeToolChoice(choice),
    parallel_tool_calls: choice.disable_parallel_tool_use === true ? false : undefined,
  };
}

function decodeTool(tool: JsonValue, index: number, dropped: string[]): JsonObject {
  const at = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(at, 'an object');
  if (tool.type === 'function' || isObject(tool.function)) throw wrongDialect(at, 'OpenAI', '/v1/chat/completions');
  const type = textOf(tool.type) ?? 'custom';
  if (type !== 'custom') throw unsupported(at, `${type} is a tool only Anthropic's own models have`);
  if (typeof tool.name !== 'string') throw missing(`${at}.name`);
  if (!isObject(tool.input_schema)) throw missing(`${at}.input_schema`);
  for (const hint of toolHints) if (tool[hint] !== undefined) dropped.push(`${at}.${hint}`);
  const { name, description, strict } = tool;
  return withoutUndefined({
    type: 'function',
    function: withoutUndefined({ name, description, parameters: tool.input_schema, strict }),
    cache_control: tool.cache_control ?? undefined,
  });
}

function decodeToolChoice(choice: JsonObject): JsonValue | undefined {
  switch (choice.type) {
    case undefined:
      return undefined;
    case 'auto':
    case 'none':
      return choice.type;
    case 'any':
      return 'required';
    case 'tool':
      if (typeof choice.name !== 'string') throw missing('tool_choice.name');
      return { type: 'function', function: { name: choice.name } };
    default:
      throw invalid('tool_choice.type', 'auto, any, tool or none');
  }
}

/** `disabled` means what leaving it out means, and `adaptive` leaves the amount to the model: neither is an effort. */
function decodeEffort(body: JsonObject): JsonObject {
  const effort = isObject(body.output_config) ? textOf(body.output_config.effort) : undefined;
  if (effort !== undefined) return { reasoning_effort: effort === 'low' || effort === 'medium' ? effort : 'high' };
  const thinking = isObject(body.thinking) ? body.thinking : {};
  if (thinking.type !== 'enabled') return {};
  const budget = numberOf(thinking.budget_tokens);
  if (budget === undefined) throw missing('thinking.budget_tokens');
  return { reasoning_effort: effortOf(budget) };
}

function decodeFormat(body: JsonObject): JsonObject {
  const config = isObject(body.output_config) ? body.output_config : {};
  const format = config.format ?? body.output_format;
  if (!isObject(format)) return {};
  if (format.type !== 'json_schema' || !isObject(format.schema)) {
    throw invalid('output_config.format', 'a json_schema with its schema');
  }
  return {
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format.schema, strict: true } },
  };
}

/** OpenAI's longest `user`; Claude Code's user_id is longer, and several providers refuse it. */
const longestUser = 64;

function decodeMetadata(body: JsonObject): JsonObject {
  if (!isObject(body.metadata)) return {};
  const { user_id: userId, ...rest } = body.metadata;
  const metadata = Object.keys(rest).length > 0 ? rest : undefined;
  const user = textOf(userId);
  if (user === undefined || user.length <= longestUser) return { user, metadata };
  return { user: createHash('sha256').update(user).digest('hex'), metadata };
}

/** Takes an object; returns it without the fields whose value is undefined. */
function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
