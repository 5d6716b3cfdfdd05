// A chat request in our words → Cohere's /v2/chat. What Cohere cannot honour is refused by name or, when parameters may be
// dropped, left out and noted; fields nobody here has heard of (documents, citation_options, safety_mode) go on as they came.
// https://docs.cohere.com/reference/chat
import { thinkingBudgetOf } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { Draft } from '../openai-compatible/draft.ts';
import { applyParameters, bookkeeping, type ParameterFacts } from '../openai-compatible/parameters.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';
import { invalid } from '../unsupported.ts';
import { cohereMessages } from './messages.ts';
import { toolFields } from './tools.ts';

/** Models from before reasoning came to Cohere. https://docs.cohere.com/docs/models */
const thinksNever = /^(?:command(?:-light|-nightly)?$|command-r|command-a-(?:03|vision|translate)|c4ai-)/;

const parameters: ParameterFacts = {
  renames: { max_completion_tokens: 'max_tokens', top_p: 'p', top_k: 'k', stop: 'stop_sequences' },
  rejects: [
    ...['n', 'logit_bias', 'logprobs', 'top_logprobs', 'parallel_tool_calls', 'functions', 'function_call'],
    ...['audio', 'modalities', 'prediction', 'verbosity', 'web_search_options', 'min_p', 'repetition_penalty'],
    ...bookkeeping,
  ],
  byModel: [{ models: thinksNever, rejects: ['reasoning_effort', 'thinking'], why: 'only reasoning models think' }],
};

/** Takes a chat request in our words and the call; returns the body of /v2/chat. Throws field_invalid, field_unsupported. */
export function chatRequest(request: JsonObject, call: Call): JsonObject {
  const thinks = !thinksNever.test(call.upstream.model);
  const asked = parametersOf(preset(request, call), call);
  const { messages, tools, tool_choice, response_format, reasoning_effort, stop_sequences, ...rest } = asked;
  return {
    ...withoutNulls(rest),
    model: call.upstream.model,
    messages: cohereMessages(listOf(messages), thinks),
    stream: call.stream,
    stream_options: undefined,
    stop_sequences: typeof stop_sequences === 'string' ? [stop_sequences] : (stop_sequences ?? undefined),
    ...toolFields(asked, call),
    response_format: formatOf(response_format),
    thinking: thinkingOf(asked),
  };
}

/** Cohere's `p` ends at 0.99; 1 asks for nothing, as does an effort of `none` where nobody thinks. */
function parametersOf(body: JsonObject, call: Call): JsonObject {
  const draft = new Draft(body);
  if (draft.get('top_p') === 1) draft.remove('top_p');
  const isIdle = draft.get('reasoning_effort') === 'none' || isDisabled(draft.get('thinking'));
  if (isIdle && thinksNever.test(call.upstream.model)) {
    draft.remove('reasoning_effort');
    draft.remove('thinking');
  }
  applyParameters('cohere', parameters, draft, call);
  return { ...body, ...draft.edits };
}

function isDisabled(thinking: JsonValue | undefined): boolean {
  return isObject(thinking) && thinking.type === 'disabled';
}

function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function formatOf(format: JsonValue | undefined): JsonValue | undefined {
  if (format === undefined || format === null) return undefined;
  if (!isObject(format)) throw invalid('response_format', 'must be an object');
  if (format.type === 'text') return undefined;
  if (format.type === 'json_object') return format;
  const schema = isObject(format.json_schema) ? format.json_schema.schema : undefined;
  if (format.type === 'json_schema' && isObject(schema)) return { type: 'json_object', json_schema: schema };
  throw invalid('response_format', 'must have type text, json_object, or json_schema with a schema');
}

/**
 * Thinking is on unless it is switched off, and ends by itself unless a budget ends it: the high efforts have none.
 * Anthropic's `thinking`, which LiteLLM's clients send, says `budget_tokens`. https://docs.cohere.com/docs/reasoning
 */
function thinkingOf({ thinking, reasoning_effort: effort }: JsonObject): JsonValue | undefined {
  if (isObject(thinking)) {
    const { type, budget_tokens: budget, token_budget: own } = thinking;
    const limit = numberOf(own) ?? numberOf(budget);
    return { type: type === 'disabled' ? type : 'enabled', ...(limit === undefined ? {} : { token_budget: limit }) };
  }
  if (effort === undefined || effort === null) return undefined;
  const budget = thinkingBudgetOf(textOf(effort) ?? '');
  if (budget === undefined) throw invalid('reasoning_effort', 'must be none, minimal, low, medium, high, xhigh or max');
  if (budget === null) return { type: 'disabled' };
  const isLimited = effort === 'minimal' || effort === 'low' || effort === 'medium';
  return { type: 'enabled', ...(isLimited ? { token_budget: budget } : {}) };
}
