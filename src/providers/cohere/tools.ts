// Tools and the choice among them in Cohere's words. Cohere knows no choice of one tool by name: that tool alone is sent, and
// a call is required, which comes to the same. https://docs.cohere.com/reference/chat
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';

/** Takes a request and the call; returns the fields that speak of tools. Throws field_invalid, field_unsupported. */
export function toolFields(body: JsonObject, call: Call): JsonObject {
  const tools = listOf(body.tools).flatMap((tool, at) => functionTool(tool, at, call));
  if (tools.length === 0) return { tools: undefined, tool_choice: undefined };
  const { chosen, choice } = chosenFrom(tools, body.tool_choice ?? 'auto', call);
  return { tools: chosen.map(withoutStrict), tool_choice: choice, ...strictness(chosen, call) };
}

interface FunctionTool extends JsonObject {
  readonly type: 'function';
  readonly function: JsonObject;
}

function functionTool(tool: JsonValue, at: number, call: Call): FunctionTool[] {
  if (!isObject(tool) || !isObject(tool.function)) {
    unsupported('cohere', call, `tools[${at}]`, 'only function tools');
    return [];
  }
  const { name, description, parameters, strict } = tool.function;
  const schema = isObject(parameters) ? parameters : { type: 'object', properties: {} };
  return [{ type: 'function', function: { name, description, parameters: schema, strict } }];
}

interface Chosen {
  readonly chosen: readonly FunctionTool[];
  readonly choice?: 'REQUIRED' | 'NONE' | undefined;
}

function chosenFrom(tools: readonly FunctionTool[], choice: JsonValue, call: Call): Chosen {
  if (choice === 'auto') return { chosen: tools };
  if (choice === 'none') return { chosen: tools, choice: 'NONE' };
  if (choice === 'required' || choice === 'any') return { chosen: tools, choice: 'REQUIRED' };
  const name = isObject(choice) && isObject(choice.function) ? textOf(choice.function.name) : undefined;
  if (name === undefined) {
    unsupported('cohere', call, 'tool_choice', 'use auto, none, required or a function by name');
    return { chosen: tools };
  }
  const chosen = tools.filter((tool) => tool.function.name === name);
  if (chosen.length === 0) throw invalid('tool_choice', `there is no tool named ${name}`);
  return { chosen, choice: 'REQUIRED' };
}

/** Cohere is strict with all tools or with none: a wish for some is noted and left out. */
function strictness(tools: readonly FunctionTool[], call: Call): JsonObject {
  const strict = tools.filter((tool) => tool.function.strict === true).length;
  if (strict === tools.length) return { strict_tools: true };
  if (strict > 0) call.dropped.push('tools.function.strict');
  return {};
}

function withoutStrict({ type, function: { strict: _, ...named } }: FunctionTool): JsonObject {
  return { type, function: named };
}
