// Tools and the choice among them in Google's words. Google's own tools (googleSearch, codeExecution, urlContext …) pass as
// they come. https://ai.google.dev/api/caching#Tool https://ai.google.dev/api/caching#ToolConfig
import { isObject, type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { sentName } from '../bedrock/tool-names.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { googleSchema } from './schema.ts';

/** Takes a request in our words and the call; returns tools and toolConfig. Throws field_invalid, field_unsupported. */
export function toolFields(body: JsonObject, call: Call): JsonObject {
  const asked = listOf(body.tools);
  const functionDeclarations = asked.flatMap((tool, index) => declarations(tool, index, call));
  const native = asked.filter((tool) => isNative(tool));
  const search = isObject(body.web_search_options) ? [{ googleSearch: {} }] : [];
  const tools = [...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []), ...native, ...search];
  const config = isObject(body.toolConfig) ? body.toolConfig : {};
  const functionCallingConfig = functionDeclarations.length === 0 ? undefined : callingConfig(body, call);
  const chosen = functionCallingConfig === undefined ? {} : { functionCallingConfig };
  const toolConfig = { ...chosen, ...config };
  if (body.parallel_tool_calls === false && functionDeclarations.length > 0) {
    unsupported('gemini', call, 'parallel_tool_calls', 'Gemini may always call several');
  }
  return {
    tools: tools.length === 0 ? undefined : tools,
    toolConfig: Object.keys(toolConfig).length === 0 ? undefined : toolConfig,
  };
}

function isNative(tool: JsonValue): boolean {
  return isObject(tool) && tool.type === undefined && tool.function === undefined && Object.keys(tool).length > 0;
}

function declarations(tool: JsonValue, index: number, call: Call): JsonObject[] {
  const at = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(at, 'must be an object');
  if (isNative(tool)) return [];
  const described = tool.function;
  if (!isObject(described)) {
    unsupported('gemini', call, at, "only functions and Google's own tools");
    return [];
  }
  if (typeof described.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const parameters = isObject(described.parameters) ? googleSchema(described.parameters) : {};
  const isEmpty = parameters.properties === undefined && parameters.anyOf === undefined;
  if (described.strict === true) call.dropped.push(`${at}.function.strict`);
  return [
    {
      name: sentName(described.name, call),
      ...(textOf(described.description) ? { description: described.description } : {}),
      ...(isEmpty ? {} : { parameters: { type: 'object', ...parameters } }),
    },
  ];
}

const modes: Readonly<Record<string, string>> = { auto: 'AUTO', none: 'NONE', required: 'ANY', any: 'ANY' };

function callingConfig(body: JsonObject, call: Call): JsonObject | undefined {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string' && modes[choice] !== undefined) return { mode: modes[choice] };
  if (!isObject(choice)) throw invalid('tool_choice', 'must be auto, none, required or a function');
  const name = nameIn(choice);
  if (name !== undefined) return { mode: 'ANY', allowedFunctionNames: [sentName(name, call)] };
  if (choice.type === 'allowed_tools' && isObject(choice.allowed_tools)) return allowed(choice.allowed_tools, call);
  unsupported('gemini', call, 'tool_choice', `type ${String(choice.type)}`);
  return undefined;
}

/** Google's VALIDATED is the one that names functions and forces none. */
function allowed(choice: JsonObject, call: Call): JsonObject {
  const names = listOf(choice.tools).flatMap((tool) => (isObject(tool) ? (nameIn(tool) ?? []) : []));
  const mode = choice.mode === 'required' ? 'ANY' : 'VALIDATED';
  return { mode, allowedFunctionNames: names.map((name) => sentName(name, call)) };
}

function nameIn(choice: JsonObject): string | undefined {
  return isObject(choice.function) ? textOf(choice.function.name) : undefined;
}
