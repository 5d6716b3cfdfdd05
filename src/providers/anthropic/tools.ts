// Tools, the choice among them, and the answer's format, in Anthropic's words. A JSON answer is asked for by a forced tool
// (contract section 13.2) whose input is unwrapped on the way back; newer models take a strict schema natively.
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { traitsOf } from './models.ts';

/** The tool that stands for a JSON answer. */
export const jsonToolName = 'json_tool_call';

const anyObject: JsonObject = { type: 'object', properties: {}, additionalProperties: true };

/** Takes a request in our words, the call, and whether the model will think; returns Anthropic's fields. */
export function toolFields(body: JsonObject, call: Call, thinks: boolean): JsonObject {
  const own = listOf(body.tools).flatMap((tool, index) => anthropicTool(tool, index, call));
  const format = answerFormat(body, call);
  const isNative = format?.strict === true && traitsOf(call.upstream.model).isAdaptive;
  if (format !== null && !isNative) {
    return { tools: [...own, jsonTool(format.schema)], tool_choice: jsonChoice(own.length, body, thinks) };
  }
  return {
    ...(own.length > 0 ? { tools: own, ...choiceField(body, call) } : toolsOfHistory(body)),
    ...(format === null ? {} : { output_config: { format: { type: 'json_schema', schema: format.schema } } }),
  };
}

function anthropicTool(tool: JsonValue, index: number, call: Call): JsonObject[] {
  const at = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(at, 'must be an object');
  if (isObject(tool.custom)) {
    unsupported('anthropic', call, at, 'tools of type custom');
    return [];
  }
  const described = tool.function;
  // Anthropic's own tools (web_search_20250305, …) go on as they came.
  if (!isObject(described)) return [tool];
  if (typeof described.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const cache = tool.cache_control ?? described.cache_control;
  return [
    {
      name: described.name,
      ...(typeof described.description === 'string' ? { description: described.description } : {}),
      input_schema: inputSchema(described.parameters),
      ...strictField(described, `${at}.function.strict`, call),
      ...(isObject(cache) ? { cache_control: cache } : {}),
    },
  ];
}

/** Anthropic wants `type: object`; OpenAI lets parameters be left out. */
function inputSchema(parameters: JsonValue | undefined): JsonObject {
  if (!isObject(parameters)) return { type: 'object', properties: {} };
  return parameters.type === undefined ? { type: 'object', ...parameters } : parameters;
}

/** A promise older models do not make: left out and named, but no reason to refuse the request. */
function strictField(described: JsonObject, at: string, call: Call): JsonObject {
  if (described.strict !== true) return {};
  if (traitsOf(call.upstream.model).isAdaptive) return { strict: true };
  call.dropped.push(at);
  return {};
}

function jsonTool(schema: JsonObject): JsonObject {
  return { name: jsonToolName, description: 'Give the answer as JSON.', input_schema: inputSchema(schema) };
}

/** Thinking forbids forcing a tool; other tools stay callable unless the client forbids them. */
function jsonChoice(otherTools: number, body: JsonObject, thinks: boolean): JsonObject {
  if (thinks) return { type: 'auto', disable_parallel_tool_use: true };
  if (otherTools > 0 && body.tool_choice !== 'none') return { type: 'any' };
  return { type: 'tool', name: jsonToolName, disable_parallel_tool_use: true };
}

interface AnswerFormat {
  readonly schema: JsonObject;
  readonly strict: boolean;
}

function answerFormat(body: JsonObject, call: Call): AnswerFormat | null {
  const format = body.response_format;
  if (!isObject(format) || format.type === 'text') return null;
  if (format.type === 'json_object') return { schema: anyObject, strict: false };
  if (format.type === 'json_schema' && isObject(format.json_schema)) {
    const schema = format.json_schema.schema;
    return { schema: isObject(schema) ? schema : anyObject, strict: format.json_schema.strict === true };
  }
  unsupported('anthropic', call, 'response_format', `type ${String(format.type)}`);
  return null;
}

function toolChoice(body: JsonObject, call: Call): JsonObject | null {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return null;
  if (choice === 'required') return { type: 'any' };
  if (choice === 'auto' || choice === 'none') return { type: choice };
  if (!isObject(choice)) throw invalid('tool_choice', 'must be auto, none, required or a function');
  const name = isObject(choice.function) ? textOf(choice.function.name) : undefined;
  if (name !== undefined) return { type: 'tool', name };
  if (choice.type === 'tool' || choice.type === 'any' || choice.type === 'auto' || choice.type === 'none')
    return choice;
  unsupported('anthropic', call, 'tool_choice', `type ${String(choice.type)}`);
  return null;
}

function choiceField(body: JsonObject, call: Call): JsonObject {
  const choice = toolChoice(body, call);
  if (body.parallel_tool_calls !== false || choice?.type === 'none')
    return choice === null ? {} : { tool_choice: choice };
  return { tool_choice: { type: 'auto', ...choice, disable_parallel_tool_use: true } };
}

/** Anthropic wants the tools defined that a conversation has used, also when none is offered any more. */
function toolsOfHistory(body: JsonObject): JsonObject {
  const names = new Set<string>();
  for (const message of listOf(body.messages)) {
    for (const call of isObject(message) ? listOf(message.tool_calls) : []) {
      const name = isObject(call) && isObject(call.function) ? textOf(call.function.name) : undefined;
      if (name !== undefined) names.add(name);
    }
  }
  if (names.size === 0) return {};
  const tools = [...names].map((name) => ({ name, input_schema: { type: 'object', properties: {} } }));
  return { tools, tool_choice: { type: 'none' } };
}
