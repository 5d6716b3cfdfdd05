// Anthropic. A client that speaks Anthropic's dialect has its body passed on as it came, betas and unknown fields included;
// all others are translated. Thinking that Anthropic did not sign never reaches it.
// https://docs.anthropic.com/en/api/messages
import { anthropicVersion, isForeignThinking } from '../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../core/json.ts';
import type { Secret } from '../kit/secret.ts';
import { chatCompletion, messageUsage } from './anthropic/answer.ts';
import { deploymentEdits } from './anthropic/parameters.ts';
import { messageReader } from './anthropic/reader.ts';
import { anthropicRequest } from './anthropic/request.ts';
import { messageWatch } from './anthropic/watch.ts';
import type { Call, Edits, Provider, Wire } from './provider.ts';
import { upstreamFailure } from './upstream-failure.ts';

/** Keys that Anthropic's sign-in hands out are bearer tokens. */
const oauthPrefix = 'sk-ant-oat';

const chat: Wire = {
  dialect: 'anthropic',
  framing: 'sse',
  path: messagesPath,
  headers,
  edits,
  encode: anthropicRequest,
  decode: chatCompletion,
  reader: messageReader,
  watch: messageWatch,
  usage: messageUsage,
  failure: (status, answerHeaders, body) => upstreamFailure('anthropic', status, answerHeaders, body),
};

/** A base address may be given with /v1 or the whole path; of the client's query only `beta` is Anthropic's. */
function messagesPath(call: Call, below = ''): string {
  const base = new URL(call.upstream.baseUrl).pathname;
  const start = /\/v1\/messages$/.test(base) ? '' : /\/v1$/.test(base) ? '/messages' : '/v1/messages';
  const beta = new URLSearchParams(call.query).get('beta');
  return `${start}${below}${beta === null ? '' : `?beta=${encodeURIComponent(beta)}`}`;
}

function headers(call: Call): Record<string, string | Secret> {
  const { api_key: key, auth_token: token } = call.upstream.credential;
  if (token === undefined && key?.startsWith(oauthPrefix) === true) {
    return { 'anthropic-version': anthropicVersion, ...call.clientHeaders, authorization: key.prefixed('Bearer ') };
  }
  return {
    'anthropic-version': anthropicVersion,
    ...call.clientHeaders,
    ...(key === undefined || key.isEmpty ? {} : { 'x-api-key': key }),
    ...(token === undefined || token.isEmpty ? {} : { authorization: token.prefixed('Bearer ') }),
  };
}

/**
 * The model's name, thinking of other providers that came back with the conversation, and what the deployment leaves out and
 * adds. A body without max_tokens is a question for count_tokens, which takes no parameters.
 */
function edits(body: JsonObject, call: Call): Edits {
  const messages = listOf(body.messages);
  const own = withoutForeignThinking(messages);
  const changed = { model: call.upstream.model, ...(own === messages ? {} : { messages: own }) };
  return body.max_tokens === undefined ? changed : { ...changed, ...deploymentEdits(body, call) };
}

/** The same list when there is none, so that the client's bytes stay as they are. A message of nothing else goes with it. */
function withoutForeignThinking(messages: readonly JsonValue[]): readonly JsonValue[] {
  if (!messages.some(hasForeignThinking)) return messages;
  return messages.flatMap((message) => {
    if (!isObject(message) || !hasForeignThinking(message)) return [message];
    const content = listOf(message.content).filter((block) => !isForeignThinking(block));
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

function hasForeignThinking(message: JsonValue): boolean {
  return isObject(message) && message.role === 'assistant' && listOf(message.content).some(isForeignThinking);
}

export const anthropic: Provider = {
  name: 'anthropic',
  label: 'Anthropic',
  prefixes: [],
  keyVariables: ['ANTHROPIC_API_KEY'],
  baseUrlVariables: ['ANTHROPIC_API_BASE', 'ANTHROPIC_BASE_URL'],
  defaultBaseUrl: 'https://api.anthropic.com',
  keyRequired: true,
  wires: { chat },
  countTokens: { path: (call) => messagesPath(call, '/count_tokens') },
};
