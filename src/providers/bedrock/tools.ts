// Tools, the choice among them, and the answer's format, in Converse's words. A JSON answer is asked for by a forced tool
// (contract section 13.2) whose input is unwrapped on the way back; newer Claude models take a strict schema natively.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { cachePoint } from './cache-point.ts';
import { bedrockModel } from './models.ts';
import { sentName } from './tool-names.ts';

/** The tool that stands for a JSON answer. */
export const jsonToolName = 'json_tool_call';

export interface ToolFields {
  readonly toolConfig?: JsonObject;
  readonly outputConfig?: JsonObject;
  /** What Converse has no word for: Anthropic's own tools, and one call at a time. */
  readonly additional: JsonObject;
}

const anyObject: JsonObject = { type: 'object', properties: {}, additionalProperties: true };

/** Takes a request in our words, the call, and whether the model will think; returns the fields. Throws field_invalid, field_unsupported. */
export function toolFields(body: JsonObject, call: Call, thinks: boolean): ToolFields {
  const asked = listOf(body.tools);
  const beside = asked.filter((tool) => isAnthropicTool(tool, call));
  const tools = asked.flatMap((tool, index) => (beside.includes(tool) ? [] : converseTool(tool, index, call)));
  const additional = beside.length === 0 ? {} : { tools: beside };
  const format = answerFormat(body, call);
  const isNative = format?.strict === true && bedrockModel(call.upstream).isAdaptive;
  if (format !== null && !isNative) {
    return { toolConfig: jsonConfig(tools, format.schema, body, jsonForce(thinks, call)), additional };
  }
  const outputConfig = format === null ? {} : { outputConfig: nativeFormat(format) };
  const config = toolConfig(tools, body, call);
  return { ...config, additional: { ...additional, ...config.additional }, ...outputConfig };
}

/** Anthropic's own tools (computer_…, bash_…, text_editor_…), which only Claude has. */
function isAnthropicTool(tool: JsonValue, call: Call): boolean {
  const isTheirs = isObject(tool) && !isObject(tool.function) && /_\d{8}$/.test(textOf(tool.type) ?? '');
  return isTheirs && bedrockModel(call.upstream).family === 'claude';
}

function converseTool(tool: JsonValue, index: number, call: Call): JsonObject[] {
  const at = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(at, 'must be an object');
  if (isObject(tool.toolSpec) || isObject(tool.systemTool)) return [tool];
  const described = tool.function;
  if (!isObject(described)) {
    unsupported('bedrock', call, at, 'only functions, toolSpec and systemTool');
    return [];
  }
  if (typeof described.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const toolSpec = {
    name: sentName(described.name, call),
    ...(textOf(described.description) ? { description: described.description } : {}),
    inputSchema: { json: inputSchema(described.parameters) },
    ...strictField(described, `${at}.function.strict`, call),
  };
  return [{ toolSpec }, ...cachePoint(tool.cache_control ?? described.cache_control, 'tools', call)];
}

/** Converse wants `type: object`; OpenAI lets parameters be left out. */
function inputSchema(parameters: JsonValue | undefined): JsonObject {
  if (!isObject(parameters)) return { type: 'object', properties: {} };
  return parameters.type === undefined ? { type: 'object', ...parameters } : parameters;
}

/** A promise most models do not make: left out and named, but no reason to refuse the request. */
function strictField(described: JsonObject, at: string, call: Call): JsonObject {
  if (described.strict !== true) return {};
  if (bedrockModel(call.upstream).isAdaptive) return { strict: true };
  call.dropped.push(at);
  return {};
}

/** How far the tool that stands for a JSON answer can be forced: thinking forbids it, and models that may refuse it are left free. */
function jsonForce(thinks: boolean, call: Call): 'one' | 'any' | 'nothing' {
  const { forced } = bedrockModel(call.upstream);
  return thinks || forced === 'perhaps' ? 'nothing' : forced;
}

/** Other tools stay callable unless the client forbids them. */
function jsonConfig(
  tools: readonly JsonObject[],
  schema: JsonObject,
  body: JsonObject,
  force: 'one' | 'any' | 'nothing',
): JsonObject {
  const inputJson = { json: inputSchema(schema) };
  const jsonTool = {
    toolSpec: { name: jsonToolName, description: 'Give the answer as JSON.', inputSchema: inputJson },
  };
  const all = [...tools, jsonTool];
  if (force === 'nothing') return { tools: all };
  const isFree = tools.length > 0 && body.tool_choice !== 'none';
  return { tools: all, toolChoice: isFree || force === 'any' ? { any: {} } : { tool: { name: jsonToolName } } };
}

function nativeFormat({ schema, name }: AnswerFormat): JsonObject {
  return { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(schema), name } } } };
}

interface AnswerFormat {
  readonly schema: JsonObject;
  readonly name: string;
  readonly strict: boolean;
}

function answerFormat(body: JsonObject, call: Call): AnswerFormat | null {
  const format = body.response_format;
  if (!isObject(format) || format.type === 'text') return null;
  if (format.type === 'json_object') return { schema: anyObject, name: 'answer', strict: false };
  if (format.type === 'json_schema' && isObject(format.json_schema)) {
    const { schema, name, strict } = format.json_schema;
    return { schema: isObject(schema) ? schema : anyObject, name: textOf(name) ?? 'answer', strict: strict === true };
  }
  unsupported('bedrock', call, 'response_format', `type ${String(format.type)}`);
  return null;
}

/** Converse cannot forbid tools: with `none` they stay away, unless the conversation has used some, which must be defined then. */
function toolConfig(tools: readonly JsonObject[], body: JsonObject, call: Call): ToolFields {
  const used = toolsOfHistory(body, call);
  const isForbidden = body.tool_choice === 'none';
  if (isForbidden && used.length > 0 && tools.length > 0) {
    unsupported('bedrock', call, 'tool_choice', 'none, once tools have been used');
  }
  const offered = tools.length === 0 ? used : isForbidden && used.length === 0 ? [] : tools;
  if (offered.length === 0) return { additional: {} };
  const choice = tools.length === 0 || isForbidden ? null : toolChoice(body, tools.length === 1, call);
  const alone = body.parallel_tool_calls === false && tools.length > 0 ? oneAtATime(choice, call) : null;
  if (alone !== null) return { toolConfig: { tools: offered }, additional: { tool_choice: alone } };
  return {
    toolConfig: { tools: offered, ...(choice === null ? {} : { toolChoice: choice }) },
    additional: {},
  };
}

/** `auto` is what happens anyway, and some models refuse to be told. */
function toolChoice(body: JsonObject, isOnly: boolean, call: Call): JsonObject | null {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null || choice === 'auto') return null;
  const { forced } = bedrockModel(call.upstream);
  if (choice === 'required' || choice === 'any') {
    if (forced !== 'nothing') return { any: {} };
    return refused(call, 'this model decides itself whether to call a tool');
  }
  const name = isObject(choice) && isObject(choice.function) ? textOf(choice.function.name) : undefined;
  if (name !== undefined) return namedTool(name, isOnly, call);
  if (!isObject(choice)) throw invalid('tool_choice', 'must be auto, none, required or a function');
  return refused(call, `type ${String(choice.type)}`);
}

/** A model that can only be told to call any tool is told so when there is one. */
function namedTool(name: string, isOnly: boolean, call: Call): JsonObject | null {
  const { forced } = bedrockModel(call.upstream);
  if (forced === 'one') return { tool: { name: sentName(name, call) } };
  if (isOnly && forced !== 'nothing') return { any: {} };
  return refused(call, 'this model cannot be told which tool to call');
}

function refused(call: Call, why: string): null {
  unsupported('bedrock', call, 'tool_choice', why);
  return null;
}

/** Converse has no word for it, newer Claude models have; then the whole choice is said in theirs. */
function oneAtATime(choice: JsonObject | null, call: Call): JsonObject | null {
  if (!bedrockModel(call.upstream).isRecent) {
    unsupported('bedrock', call, 'parallel_tool_calls', 'this model may call several');
    return null;
  }
  const one = { disable_parallel_tool_use: true };
  if (isObject(choice?.tool)) return { type: 'tool', name: choice.tool.name, ...one };
  return { type: choice?.any === undefined ? 'auto' : 'any', ...one };
}

/** Bedrock wants the tools defined that a conversation has used, also when none is offered any more. */
function toolsOfHistory(body: JsonObject, call: Call): JsonObject[] {
  const names = new Set<string>();
  for (const message of listOf(body.messages)) {
    for (const one of isObject(message) ? listOf(message.tool_calls) : []) {
      const name = isObject(one) && isObject(one.function) ? textOf(one.function.name) : undefined;
      if (name !== undefined) names.add(name);
    }
  }
  const inputSchemaOfAny = { json: { type: 'object', properties: {} } };
  return [...names].map((name) => ({ toolSpec: { name: sentName(name, call), inputSchema: inputSchemaOfAny } }));
}
