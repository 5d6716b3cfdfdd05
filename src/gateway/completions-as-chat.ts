// OpenAI's old text completions, served by chat where a provider has nothing else: the prompt becomes one user message.
import type { ChatChunk } from '../core/chat.ts';
import { GatewayError } from '../core/errors.ts';
import { isObject, type JsonObject, listOf, textOf } from '../core/json.ts';
import { writeEvent } from '../kit/sse.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openai } from './dialects/openai.ts';

/** Parameters of a completion that chat has no word for. */
const without = ['prompt', 'suffix', 'echo', 'best_of', 'logprobs'];

function promptOf(body: JsonObject): string {
  const { prompt } = body;
  if (typeof prompt === 'string') return prompt;
  const only = listOf(prompt).length === 1 ? textOf(listOf(prompt)[0]) : undefined;
  if (only !== undefined) return only;
  throw new GatewayError('field_invalid', {
    message: 'this model is served by chat, so prompt must be one text, not a list of texts or tokens',
    field: 'prompt',
  });
}

function refuseUnknown(body: JsonObject): void {
  for (const field of ['suffix', 'echo', 'best_of', 'logprobs']) {
    const value = body[field];
    if (
      value !== undefined &&
      value !== null &&
      value !== false &&
      value !== 0 &&
      !(field === 'best_of' && value === 1)
    ) {
      throw new GatewayError('field_unsupported', {
        message: `${field} is not supported by a chat model; leave it out`,
        field,
      });
    }
  }
}

const idOf = (id: unknown): string => `cmpl-${(textOf(id) ?? '').replace(/^chatcmpl-/, '')}`;

export const completionsAsChat: Dialect = {
  ...openai,

  decode(body) {
    refuseUnknown(body);
    const kept = Object.entries(body).filter(([field]) => !without.includes(field));
    return { ...Object.fromEntries(kept), messages: [{ role: 'user', content: promptOf(body) }] };
  },

  encode(answer) {
    const choices = listOf(answer.choices).map((choice) => {
      const fields = isObject(choice) ? choice : {};
      const message = isObject(fields.message) ? fields.message : {};
      return {
        index: fields.index ?? 0,
        text: textOf(message.content) ?? '',
        logprobs: null,
        finish_reason: fields.finish_reason ?? 'stop',
      };
    });
    const { created, model, usage } = answer;
    return {
      id: idOf(answer.id),
      object: 'text_completion',
      created,
      model,
      choices,
      ...(usage === undefined ? {} : { usage }),
    };
  },

  encoder(context) {
    const write = (chunk: ChatChunk): string => {
      if (chunk.choices.length === 0 && !context.includeUsage) return '';
      const choices = chunk.choices.map(({ index, delta, finish_reason }) => ({
        index,
        text: delta.content ?? '',
        logprobs: null,
        finish_reason,
      }));
      const usage = context.includeUsage && isObject(chunk.usage) ? { usage: chunk.usage } : {};
      const { created, model } = chunk;
      return writeEvent(
        JSON.stringify({ id: idOf(chunk.id), object: 'text_completion', created, model, choices, ...usage }),
      );
    };
    return { write, end: () => writeEvent('[DONE]') };
  },
};
