// Builds a provider that speaks OpenAI's dialect from its name, its address and its oddities. Bodies pass as they came, with
// a few fields changed; answers that break the dialect are put right.
import type { Operation } from '../core/chat.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../core/json.ts';
import { modelList } from './model-lists.ts';
import { onceFor } from './once-for.ts';
import { mendChatAnswer, mendCompletionAnswer, mendEmbeddingAnswer } from './openai-compatible/answer.ts';
import { Draft } from './openai-compatible/draft.ts';
import { type MessageFacts, mendMessages, mendTools } from './openai-compatible/messages.ts';
import { applyParameters, type ParameterFacts } from './openai-compatible/parameters.ts';
import { chatReader, chatRepair, streamWatch } from './openai-compatible/stream.ts';
import { usageOf } from './openai-compatible/usage.ts';
import type { Call, ModelQuestion, Provider, Upstream, Wire } from './provider.ts';
import { rerankAnswer, rerankTexts, rerankUsage } from './rerank.ts';
import { upstreamFailure } from './upstream-failure.ts';

export interface ChatFacts extends ParameterFacts, MessageFacts {
  /** False: it refuses `stream_options`, and reports usage in streams unasked. */
  readonly streamOptions?: boolean;
  /** Its word for tool_choice `required`. */
  readonly requiredToolChoice?: 'any';
}

export interface EmbeddingFacts extends ParameterFacts {
  /** It knows no `encoding_format`, or not `base64`: it is asked for numbers, and we encode them. */
  readonly numbersOnly?: boolean;
}

export interface RerankFacts extends ParameterFacts {
  /** Its request, from ours and the documents as texts. Absent: Cohere's and Jina's shape, documents as they came. */
  readonly request?: (request: JsonObject, texts: readonly string[]) => JsonObject;
}

export interface CompatibleFacts {
  readonly name: string;
  readonly label: string;
  readonly prefixes?: readonly string[];
  /** Absent: the name in capitals and `_API_KEY`. */
  readonly keyVariables?: readonly string[];
  /** Absent: the name in capitals and `_API_BASE`. */
  readonly baseUrlVariables?: readonly string[];
  /** null: there is none, it must be configured. */
  readonly baseUrl: string | null;
  /** Absent: a key is required when there is an address. */
  readonly keyRequired?: boolean;
  readonly local?: { readonly baseUrl: string; readonly modelsPath: string };
  /** How it is asked about a model. Absent: by its list of models. */
  readonly describe?: ModelQuestion;
  /** Absent: chat only. */
  readonly operations?: readonly Operation[];
  readonly paths?: Readonly<Partial<Record<Operation, string | ((call: Call) => string)>>>;
  /** The model's name as the provider wants it, when it is not what stands after the prefix. */
  readonly modelName?: (model: string) => string;
  readonly headers?: (upstream: Upstream) => Readonly<Record<string, string>>;
  readonly chat?: ChatFacts;
  readonly completion?: ParameterFacts;
  readonly embedding?: EmbeddingFacts;
  readonly rerank?: RerankFacts;
}

const paths: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completion: '/completions',
  embedding: '/embeddings',
  rerank: '/rerank',
  moderation: '/moderations',
};

/** Most servers know only the older word; those that know both say `renames: {}`. */
const olderMaxTokens: Readonly<Record<string, string>> = { max_completion_tokens: 'max_tokens' };

/** Takes what is known of a provider; returns it. */
export function openAiCompatible(facts: CompatibleFacts): Provider {
  const inCapitals = facts.name.toUpperCase();
  const operations = facts.operations ?? ['chat'];
  return {
    name: facts.name,
    label: facts.label,
    prefixes: facts.prefixes ?? [],
    keyVariables: facts.keyVariables ?? [`${inCapitals}_API_KEY`],
    baseUrlVariables: facts.baseUrlVariables ?? [`${inCapitals}_API_BASE`],
    defaultBaseUrl: facts.baseUrl,
    keyRequired: facts.keyRequired ?? facts.baseUrl !== null,
    ...(facts.local === undefined ? {} : { local: facts.local }),
    describe: facts.describe ?? modelList,
    wires: Object.fromEntries(operations.map((operation) => [operation, wireMakers[operation](facts)])),
  };
}

const wireMakers: Readonly<Record<Operation, (facts: CompatibleFacts) => Wire>> = {
  chat: chatWire,
  completion: completionWire,
  embedding: embeddingWire,
  rerank: rerankWire,
  moderation: moderationWire,
};

function chatWire(facts: CompatibleFacts): Wire {
  const { name, chat = {} } = facts;
  const parameters = { ...chat, renames: chat.renames ?? olderMaxTokens };
  return {
    ...commonWire(facts, 'chat'),
    edits(body, call) {
      const draft = begun(facts, body, call);
      applyParameters(name, parameters, draft, call);
      adaptConversation(chat, draft);
      askForUsage(chat.streamOptions !== false, draft, call);
      return finished(draft, call);
    },
    decode: (body, call) => mendChatAnswer(name, body, call),
    reader: (call) => chatReader(name, call),
    watch: () => streamWatch(name),
    repair: chatRepair,
  };
}

function completionWire(facts: CompatibleFacts): Wire {
  const { name, completion = {}, chat = {} } = facts;
  const parameters = { ...completion, renames: completion.renames ?? olderMaxTokens };
  return {
    ...commonWire(facts, 'completion'),
    edits(body, call) {
      const draft = begun(facts, body, call);
      applyParameters(name, parameters, draft, call);
      askForUsage(chat.streamOptions !== false, draft, call);
      return finished(draft, call);
    },
    decode: (body, call) => mendCompletionAnswer(name, body, call),
    watch: () => streamWatch(name),
  };
}

function embeddingWire(facts: CompatibleFacts): Wire {
  const { name, embedding = {} } = facts;
  return {
    ...commonWire(facts, 'embedding'),
    edits(body, call) {
      const draft = begun(facts, body, call);
      if (embedding.numbersOnly) draft.remove('encoding_format');
      applyParameters(name, embedding, draft, call);
      return finished(draft, call);
    },
    decode: (body, _call, request) => mendEmbeddingAnswer(name, body, request),
  };
}

/** Rerank answers are never passed on unchanged: no two providers agree on their shape. */
function rerankWire(facts: CompatibleFacts): Wire {
  const { name, rerank = {} } = facts;
  const { request: written } = rerank;
  return {
    ...commonWire(facts, 'rerank'),
    dialect: null,
    edits(body, call) {
      const draft = begun(facts, body, call);
      applyParameters(name, rerank, draft, call);
      return finished(draft, call);
    },
    ...(written === undefined ? {} : { encode: (body) => written(body, rerankTexts(body)) }),
    decode: rerankAnswer,
    usage: rerankUsage,
  };
}

function moderationWire(facts: CompatibleFacts): Wire {
  return {
    ...commonWire(facts, 'moderation'),
    edits: (body, call) => finished(begun(facts, body, call), call),
  };
}

function commonWire(facts: CompatibleFacts, operation: Operation): Omit<Wire, 'edits'> {
  const path = facts.paths?.[operation] ?? paths[operation];
  const headersOf = onceFor((upstream) => {
    const key = upstream.credential.api_key;
    const bearer = key === undefined || key.isEmpty ? {} : { authorization: key.prefixed('Bearer ') };
    return { ...bearer, ...facts.headers?.(upstream) };
  });
  return {
    dialect: 'openai',
    framing: 'sse',
    path: (call) => (typeof path === 'string' ? path : path(call)),
    headers: ({ upstream }) => headersOf(upstream),
    usage: usageOf,
    failure: (status, headers, body) => upstreamFailure(facts.name, status, headers, body),
  };
}

/** The draft with the model's name, without what the deployment leaves out, with what it adds where the client is silent. */
function begun(facts: CompatibleFacts, body: JsonObject, call: Call): Draft {
  const draft = new Draft(body);
  const { model, parameters } = call.upstream;
  draft.set('model', facts.modelName?.(model) ?? model);
  for (const field of parameters.dropNamed ?? []) {
    if (draft.has(field)) call.dropped.push(field);
    draft.remove(field);
  }
  const { defaults = {} } = parameters;
  for (const field in defaults) {
    const value = defaults[field];
    if (value !== undefined && !isAsked(field, draft)) draft.set(field, value);
  }
  return draft;
}

/** OpenAI has two words for the same limit. */
const sameAs: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

function isAsked(field: string, draft: Draft): boolean {
  return draft.get(field) !== undefined || draft.get(sameAs[field] ?? field) !== undefined;
}

/** What the client, then the deployment, puts into the body as it is (LiteLLM: extra_body). */
function finished(draft: Draft, call: Call): Draft['edits'] {
  const asked = draft.get('extra_body');
  const { extraBody } = call.upstream.parameters;
  if (asked === undefined && extraBody === undefined) return draft.edits;
  const extras = [asked, extraBody].filter(isObject);
  if (extras.length > 0) draft.remove('extra_body');
  for (const [field, value] of extras.flatMap((extra) => Object.entries(extra))) {
    if (value !== undefined) draft.set(field, value);
  }
  return draft.edits;
}

function adaptConversation(chat: ChatFacts, draft: Draft): void {
  adapt('messages', draft, (messages) => mendMessages(messages, chat));
  adapt('tools', draft, (tools) => mendTools(tools, chat));
  if (chat.requiredToolChoice !== undefined && draft.get('tool_choice') === 'required') {
    draft.set('tool_choice', chat.requiredToolChoice);
  }
}

type Change = (list: readonly JsonValue[]) => readonly JsonValue[];

function adapt(field: 'messages' | 'tools', draft: Draft, change: Change): void {
  const list = draft.get(field);
  if (Array.isArray(list)) draft.set(field, change(listOf(list)));
}

/** Usage is always asked for, so that it is always known; the gateway hides it from a client that did not ask. */
function askForUsage(known: boolean, draft: Draft, call: Call): void {
  if (!known) draft.remove('stream_options');
  if (!known || !call.stream) return;
  const options = draft.get('stream_options');
  const asked = isObject(options) ? options : {};
  if (asked.include_usage !== true) draft.set('stream_options', { ...asked, include_usage: true });
}
