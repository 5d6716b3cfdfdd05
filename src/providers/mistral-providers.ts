// Mistral's addresses: OpenAI's dialect with a stricter reading of it, and a route of its own for filling in the middle.
// https://docs.mistral.ai/api
import { isObject, type JsonObject, type JsonValue, listOf } from '../core/json.ts';
import { mistralMessages, mistralTools } from './mistral/conversation.ts';
import { fillInWire } from './mistral/fill-in.ts';
import { mayThink, mistralEffort } from './mistral/reasoning.ts';
import { bookkeeping } from './openai-compatible/parameters.ts';
import { type ChatFacts, type CompatibleFacts, openAiCompatible } from './openai-compatible.ts';
import type { Call, Edits, Provider, Wire } from './provider.ts';

/** Unknown fields are 422 `extra_forbidden`. */
const chat: ChatFacts = {
  renames: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
  rejects: [
    ...['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'modalities', 'functions', 'function_call', 'top_k'],
    ...['verbosity', 'thinking'],
    ...bookkeeping,
  ],
  requiredToolChoice: 'any',
  names: 'tools',
  keeps: ['reasoning_content'],
  streamOptions: false,
};

const codestralFacts = {
  label: 'Codestral',
  keyVariables: ['CODESTRAL_API_KEY'],
  baseUrlVariables: ['CODESTRAL_API_BASE'],
  baseUrl: 'https://codestral.mistral.ai/v1',
  chat,
} as const;

const mistral = stricter({
  name: 'mistral',
  label: 'Mistral AI',
  baseUrlVariables: ['MISTRAL_API_BASE', 'MISTRAL_AZURE_API_BASE'],
  keyVariables: ['MISTRAL_API_KEY', 'MISTRAL_AZURE_API_KEY'],
  baseUrl: 'https://api.mistral.ai/v1',
  operations: ['chat', 'embedding', 'moderation'],
  chat,
  embedding: { numbersOnly: true, renames: { dimensions: 'output_dimension' }, rejects: ['user'] },
});

const codestral = stricter({ ...codestralFacts, name: 'codestral' });

const fillingIn = openAiCompatible({
  ...codestralFacts,
  name: 'text-completion-codestral',
  label: 'Codestral, filling in the middle',
});

export const mistralProviders: readonly Provider[] = [
  mistral,
  codestral,
  { ...fillingIn, wires: withChat(fillingIn, (wire) => ({ completion: fillInWire(fillingIn.name, wire) })) },
];

function stricter(facts: CompatibleFacts): Provider {
  const provider = openAiCompatible(facts);
  const wires = withChat(provider, (wire) => ({ ...provider.wires, chat: strictWire(facts.name, wire) }));
  return { ...provider, wires };
}

function withChat(provider: Provider, change: (chat: Wire) => Provider['wires']): Provider['wires'] {
  return provider.wires.chat === undefined ? provider.wires : change(provider.wires.chat);
}

function strictWire(name: string, wire: Wire): Wire {
  return {
    ...wire,
    edits(body: JsonObject, call: Call): Edits {
      const asked = asReasoningEffort(body);
      const edits = { ...asked, ...wire.edits({ ...body, ...asked }, call) };
      const sent = { ...body, ...edits };
      return {
        ...edits,
        ...changed('messages', body, sent, (messages) => mistralMessages(messages, mayThink(call.upstream.model))),
        ...changed('tools', body, sent, mistralTools),
        ...(sent.reasoning_effort === undefined
          ? {}
          : { reasoning_effort: mistralEffort(name, sent.reasoning_effort, call) }),
      };
    },
  };
}

/** Anthropic's `thinking`, which LiteLLM's clients send too, is an effort here. */
function asReasoningEffort({ thinking, reasoning_effort: effort }: JsonObject): Edits {
  if (!isObject(thinking)) return {};
  return { thinking: undefined, reasoning_effort: effort ?? (thinking.type === 'disabled' ? 'none' : 'high') };
}

function changed(
  field: 'messages' | 'tools',
  body: JsonObject,
  sent: JsonObject,
  change: (list: readonly JsonValue[]) => readonly JsonValue[],
): Edits {
  if (!Array.isArray(sent[field])) return {};
  const list = change(listOf(sent[field]));
  return list === body[field] ? {} : { [field]: list };
}
