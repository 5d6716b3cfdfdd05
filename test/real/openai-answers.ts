// How the text model's answers look in OpenAI's dialect: whole or streamed, a chat or a plain completion.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Body, isObject, sendJson } from './http-answers.ts';
import type { Ending, JsonSchema } from './story-model.ts';

/** The one tool the client insists on. */
export type Forced = { readonly name: string; readonly schema: JsonSchema };

function usageOf(ending: Ending) {
  const { promptTokens, tokens } = ending;
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}

/** One answer, whole or streamed; the two dialects of text differ in the four methods below. */
abstract class Answer {
  protected readonly body: Body;
  protected readonly id: string;
  protected readonly created = Math.floor(Date.now() / 1000);

  constructor(body: Body, prefix: string) {
    this.body = body;
    this.id = `${prefix}-${randomUUID()}`;
  }

  protected abstract whole(text: string, ending: Ending): Body;
  protected abstract opening(): Body[];
  protected abstract piece(text: string): Body;
  protected abstract closing(ending: Ending): Body;
  protected abstract envelope(choices: unknown[]): Body;

  async send(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    if (this.body['stream'] === true) await this.#stream(response, pieces);
    else await this.#atOnce(response, pieces);
  }

  async #atOnce(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    let text = '';
    let step = await pieces.next();
    for (; step.done !== true; step = await pieces.next()) text += step.value;
    sendJson(response, 200, this.whole(text, step.value));
  }

  /** The head goes out with the first token, so that a refusal before it still has its own status. */
  async #stream(response: ServerResponse, pieces: AsyncGenerator<string, Ending>): Promise<void> {
    const options = this.body['stream_options'];
    const countsWanted = isObject(options) && options['include_usage'] === true;
    const event = (data: Body) =>
      response.write(
        `data: ${JSON.stringify(countsWanted && !('usage' in data) ? { ...data, usage: null } : data)}\n\n`,
      );
    let step = await pieces.next();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const opening of this.opening()) event(opening);
    for (; step.done !== true; step = await pieces.next()) event(this.piece(step.value));
    event(this.closing(step.value));
    if (countsWanted) event({ ...this.envelope([]), usage: usageOf(step.value) });
    response.end('data: [DONE]\n\n');
  }
}

export class ChatAnswer extends Answer {
  readonly #tool: Forced | undefined;
  readonly #callId = `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

  constructor(body: Body, tool: Forced | undefined) {
    super(body, 'chatcmpl');
    this.#tool = tool;
  }

  protected envelope(choices: unknown[]): Body {
    return { id: this.id, object: 'chat.completion.chunk', created: this.created, model: this.body['model'], choices };
  }

  protected whole(text: string, ending: Ending): Body {
    const calls = [{ id: this.#callId, type: 'function', function: { name: this.#tool?.name, arguments: text } }];
    const message = this.#tool === undefined ? { content: text } : { content: null, tool_calls: calls };
    const choice = { index: 0, message: { role: 'assistant', ...message, refusal: null }, logprobs: null };
    const choices = [{ ...choice, finish_reason: this.#reason(ending) }];
    return { ...this.envelope(choices), object: 'chat.completion', usage: usageOf(ending) };
  }

  protected opening(): Body[] {
    const first = this.#delta({ role: 'assistant', content: this.#tool === undefined ? '' : null });
    if (this.#tool === undefined) return [first];
    const call = { index: 0, id: this.#callId, type: 'function', function: { name: this.#tool.name, arguments: '' } };
    return [first, this.#delta({ tool_calls: [call] })];
  }

  protected piece(text: string): Body {
    if (this.#tool === undefined) return this.#delta({ content: text });
    return this.#delta({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  }

  protected closing(ending: Ending): Body {
    return this.#delta({}, this.#reason(ending));
  }

  #delta(delta: Body, reason: string | null = null): Body {
    return this.envelope([{ index: 0, delta, logprobs: null, finish_reason: reason }]);
  }

  #reason(ending: Ending): string {
    return this.#tool !== undefined && ending.reason === 'stop' ? 'tool_calls' : ending.reason;
  }
}

export class CompletionAnswer extends Answer {
  constructor(body: Body) {
    super(body, 'cmpl');
  }

  protected envelope(choices: unknown[]): Body {
    return { id: this.id, object: 'text_completion', created: this.created, model: this.body['model'], choices };
  }

  protected whole(text: string, ending: Ending): Body {
    return { ...this.#choice(text, ending.reason), usage: usageOf(ending) };
  }

  protected opening(): Body[] {
    return [];
  }

  protected piece(text: string): Body {
    return this.#choice(text, null);
  }

  protected closing(ending: Ending): Body {
    return this.#choice('', ending.reason);
  }

  #choice(text: string, reason: string | null): Body {
    return this.envelope([{ text, index: 0, logprobs: null, finish_reason: reason }]);
  }
}
