// Open models that Google hosts: OpenAI's dialect, in the older word for the limit, at one path for all of them.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/open-models/use-maas
import { type JsonObject, type JsonValue, listOf } from '../../core/json.ts';
import { Draft } from '../openai-compatible/draft.ts';
import { mendMessages, mendTools } from '../openai-compatible/messages.ts';
import { applyParameters, bookkeeping } from '../openai-compatible/parameters.ts';
import { preset } from '../preset.ts';
import type { Call } from '../provider.ts';

const parameters = { renames: { max_completion_tokens: 'max_tokens' }, rejects: [...bookkeeping] };

/** Takes a request in our words and the call; returns the body. Throws field_unsupported. */
export function openModelRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  const draft = new Draft(body);
  applyParameters('vertex_ai', parameters, draft, call);
  const asked = Object.entries({ ...body, ...draft.edits }).filter(([field]) => !field.startsWith('vertex_'));
  return {
    ...Object.fromEntries(asked),
    model: call.upstream.model,
    messages: mendMessages(listOf(body.messages), {}),
    tools: mended(body.tools),
    stream: call.stream,
    stream_options: call.stream ? { include_usage: true } : undefined,
  };
}

function mended(tools: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(tools) ? mendTools(listOf(tools), {}) : undefined;
}
