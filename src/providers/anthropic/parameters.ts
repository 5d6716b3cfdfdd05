// What a deployment says of parameters: which to leave out, which to use when the client names none, what to add as it is.
// Invariant: applying it to a body that has it already changes nothing.
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Call, Edits } from '../provider.ts';
import { traitsOf } from './models.ts';

/** Anthropic's words for parameters that a deployment may preset; those of sampling do not go with thinking or newer models. */
const sampling = ['temperature', 'top_p', 'top_k'];
const presettable = [...sampling, 'thinking', 'stop_sequences', 'output_config'];

/** OpenAI has two words for the same limit. */
const sameAs: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

/** Takes a request in our words and the call; returns it as the deployment wants it, and notes what was left out. */
export function preset(body: JsonObject, call: Call): JsonObject {
  const asked: Record<string, JsonValue | undefined> = { ...body };
  leaveOut(body, call, (field) => delete asked[field]);
  for (const [field, value] of Object.entries(call.upstream.parameters.defaults ?? {})) {
    if (asked[field] === undefined && asked[sameAs[field] ?? field] === undefined) asked[field] = value;
  }
  return asked;
}

/** Takes a body in Anthropic's words and the call; returns what the deployment changes of it. */
export function deploymentEdits(body: JsonObject, call: Call): Edits {
  const changed: Record<string, JsonValue | undefined> = {};
  leaveOut(body, call, (field) => {
    changed[field] = undefined;
  });
  const thinks = isObject(body.thinking) && body.thinking.type !== 'disabled';
  const isFixed = thinks || traitsOf(call.upstream.model).isUnsampled;
  for (const [field, value] of Object.entries(call.upstream.parameters.defaults ?? {})) {
    const isClash = isFixed && sampling.includes(field);
    if (body[field] === undefined && presettable.includes(field) && !isClash) changed[field] = value;
  }
  return { ...changed, ...call.upstream.parameters.extraBody };
}

function leaveOut(body: JsonObject, call: Call, remove: (field: string) => void): void {
  for (const field of call.upstream.parameters.dropNamed ?? []) {
    if (body[field] === undefined) continue;
    call.dropped.push(field);
    remove(field);
  }
}
