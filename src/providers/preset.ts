// What a deployment says of a request before it is translated: which parameters to leave out, which to use when the client
// names none, what to add as it is (LiteLLM: additional_drop_params, litellm_params, extra_body).
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Call } from './provider.ts';

/** OpenAI has two words for the same limit. */
const sameAs: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

/** Takes a request in our words and the call; returns it as the deployment wants it, and notes in the call what was left out. */
export function preset(body: JsonObject, call: Call): JsonObject {
  const { dropNamed = [], defaults = {}, extraBody = {} } = call.upstream.parameters;
  const { extra_body: extra, ...asked }: Record<string, JsonValue | undefined> = body;
  for (const field of dropNamed) {
    if (asked[field] !== undefined) call.dropped.push(field);
    delete asked[field];
  }
  for (const [field, value] of Object.entries(defaults)) {
    if (isAbsent(asked[field]) && isAbsent(asked[sameAs[field] ?? field])) asked[field] = value;
  }
  return { ...asked, ...(isObject(extra) ? extra : {}), ...extraBody };
}

function isAbsent(value: JsonValue | undefined): boolean {
  return value === undefined || value === null;
}
