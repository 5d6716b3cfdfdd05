// Canned answers (LiteLLM's mock_response, contracts 8.7): an OpenAI-shaped answer made here, in place of a provider's.
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { IncomingAnswer, IncomingBody } from '../kit/incoming.ts';
import { writeEvent } from '../kit/sse.ts';

const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

/** Texts that mean a failure instead of an answer. */
const failures: Readonly<Record<string, ErrorCode>> = {
  'litellm.RateLimitError': 'upstream_busy',
  'litellm.InternalServerError': 'upstream_failed',
  'litellm.ContextWindowExceededError': 'upstream_context_window',
  'litellm.ContentPolicyViolationError': 'upstream_content_policy',
  'litellm.AuthenticationError': 'upstream_unauthorized',
  'litellm.Timeout': 'upstream_timeout',
  'Exception: content_filter_policy': 'upstream_content_policy',
};

export interface CannedRequest {
  readonly text: string;
  readonly model: string;
  readonly stream: boolean;
  readonly now: number;
  readonly id: string;
}

/** Takes the text and how it is wanted; returns an answer as from an OpenAI upstream. Throws when the text names a failure. */
export function cannedAnswer(request: CannedRequest): IncomingAnswer {
  const failure = Object.hasOwn(failures, request.text) ? failures[request.text] : undefined;
  if (failure !== undefined) throw new GatewayError(failure, { message: 'a canned failure (mock_response)' });
  const created = Math.floor(request.now / 1000);
  const common = { id: request.id, created, model: request.model };
  const text = request.stream ? streamed(common, request.text) : JSON.stringify(whole(common, request.text));
  return { status: 200, headers: { 'content-type': 'application/json' }, body: bodyOf(text) };
}

function whole(common: JsonObject, text: string): JsonObject {
  const message = { role: 'assistant', content: text, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: 'stop' };
  return { ...common, object: 'chat.completion', choices: [choice], usage };
}

function streamed(common: JsonObject, text: string): string {
  const chunk = (delta: JsonObject, finish: string | null): string =>
    writeEvent(
      JSON.stringify({
        ...common,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: finish }],
      }),
    );
  const words = text.match(/\S+\s*|\s+/g) ?? [];
  const last = JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [], usage });
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...words.map((word) => chunk({ content: word }, null)),
    chunk({}, 'stop'),
    writeEvent(last),
    writeEvent('[DONE]'),
  ].join('');
}

function bodyOf(text: string): IncomingBody {
  let rest: Buffer | null = Buffer.from(text);
  const take = (): Buffer | null => {
    const chunk = rest;
    rest = null;
    return chunk;
  };
  return {
    take,
    wake: () => undefined,
    readAll: () => Promise.resolve(take() ?? Buffer.alloc(0)),
    cancel: () => {
      rest = null;
    },
  };
}
