// Filling in the middle: a text completion with a suffix, at a route of its own, whose answers have chat's shape.
// https://docs.mistral.ai/api/endpoint/fim
import { GatewayError } from '../../core/errors.ts';
import { type JsonObject, type JsonValue, listOf, textOf } from '../../core/json.ts';
import { Draft } from '../openai-compatible/draft.ts';
import { applyParameters, bookkeeping, type ParameterFacts } from '../openai-compatible/parameters.ts';
import { preset } from '../preset.ts';
import type { Call, Wire } from '../provider.ts';

const route = '/fim/completions';

const parameters: ParameterFacts = {
  renames: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
  rejects: [
    ...['n', 'best_of', 'echo', 'logprobs', 'logit_bias', 'presence_penalty', 'frequency_penalty'],
    ...bookkeeping,
  ],
};

/** Takes the provider's name and its chat wire; returns the wire that fills in. */
export function fillInWire(provider: string, chat: Wire): Wire {
  const { decode, reader, watch } = chat;
  return {
    dialect: null,
    framing: chat.framing,
    path: ({ upstream }) => (new URL(upstream.baseUrl).pathname.endsWith(route) ? '' : route),
    headers: chat.headers,
    edits: () => ({}),
    encode: (request, call) => fillInRequest(provider, request, call),
    ...(decode === undefined ? {} : { decode }),
    ...(reader === undefined ? {} : { reader }),
    ...(watch === undefined ? {} : { watch }),
    usage: chat.usage,
    failure: chat.failure,
  };
}

function fillInRequest(provider: string, request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  const draft = new Draft(body);
  applyParameters(provider, parameters, draft, call);
  const asked = { ...body, ...draft.edits, stream_options: undefined };
  return { ...asked, model: call.upstream.model, prompt: onlyText(body.prompt), stream: call.stream };
}

function onlyText(prompt: JsonValue | undefined): string {
  if (prompt === undefined || prompt === null) throw new GatewayError('field_missing', { field: 'prompt' });
  const texts = listOf(prompt);
  const text = textOf(prompt) ?? (texts.length === 1 ? textOf(texts[0]) : undefined);
  if (text !== undefined) return text;
  throw new GatewayError('field_unsupported', {
    field: 'prompt',
    message: 'prompt: Mistral takes one text, not several and no lists of tokens',
  });
}
