// How each vendor says a turn of its model, whole and streamed, and how it reads the conversation that comes back: which result
// belongs to which call is told by its own rule, be that an id or a place. In the shapes that the vendors document.
import assert from 'node:assert/strict';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import type { DeploymentRecord } from '../../src/core/records.ts';
import { awsEvent } from '../contract/aws-frames.ts';
import type { Scripted } from './house.ts';

/** What a model says: words, or calls of the tool `weather`, each for a place; and the mark that must come back with them. */
export interface Spoken {
  readonly text?: string;
  readonly places?: readonly string[];
  readonly mark: string;
}

export interface Vendor {
  readonly deployment: Partial<DeploymentRecord>;
  readonly secrets: Readonly<Record<string, string>>;
  say(spoken: Spoken, stream: boolean): Scripted;
  /** Takes a body; returns each call's place and the text of its result. */
  told(body: JsonObject): readonly (readonly [place: JsonValue, result: string])[];
  /** Takes a body; returns the marks in it. */
  marks(body: JsonObject): readonly JsonValue[];
  /** The dialects whose clients can send a mark back. */
  readonly marked: readonly string[];
}

const eventStream = { 'content-type': 'text/event-stream' };

function events(pieces: readonly JsonObject[], last = ''): Scripted {
  return { headers: eventStream, body: pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).concat(last) };
}

/** Ids that OpenAI and Mistral both take. */
function idOf(place: string): string {
  return place.padEnd(9, 'x');
}

function functionCall(place: string): JsonObject {
  return {
    id: idOf(place),
    type: 'function',
    function: { name: 'weather', arguments: JSON.stringify({ location: place }) },
  };
}

const objects = (value: JsonValue | undefined): JsonObject[] => listOf(value).filter(isObject);
const objectOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});

function textOfContent(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content;
  return objects(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('');
}

/** Vendors whose results name their calls by an id. */
function toldById(body: JsonObject): (readonly [JsonValue, string])[] {
  const messages = objects(body.messages);
  const calls = messages.flatMap((message) => objects(message.tool_calls));
  return calls.map(({ id, function: called }) => {
    const results = messages.filter((message) => message.role === 'tool' && message.tool_call_id === id);
    assert.equal(results.length, 1, `one result for ${String(id)}`);
    const input = JSON.parse(String(objectOf(called).arguments)) as JsonObject;
    return [input.location ?? null, textOfContent(results[0]?.content)];
  });
}

const unmarked = { marks: () => [], marked: [] };

const openAi = {
  ...unmarked,
  told: toldById,
  say({ text, places = [] }: Spoken, stream: boolean): Scripted {
    const finish_reason = places.length > 0 ? 'tool_calls' : 'stop';
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const base = { id: 'chatcmpl-1', created: 1, model: 'm' };
    const tool_calls = places.map(functionCall);
    if (!stream) {
      const message = { role: 'assistant', content: text ?? null, ...(places.length > 0 ? { tool_calls } : {}) };
      const choices = [{ index: 0, message, finish_reason }];
      return { body: { ...base, object: 'chat.completion', choices, usage } };
    }
    const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const calls = tool_calls.map((call, index) => chunk({ tool_calls: [{ index, ...call }] }));
    const said = [chunk({ role: 'assistant', content: text ?? '' }), ...calls, chunk({}, finish_reason)];
    return events([...said, { ...chunk({}), choices: [], usage }], 'data: [DONE]\n\n');
  },
};

const cohere = {
  ...unmarked,
  told: toldById,
  say({ text, places = [] }: Spoken, stream: boolean): Scripted {
    const finish_reason = places.length > 0 ? 'TOOL_CALL' : 'COMPLETE';
    const usage = { billed_units: { input_tokens: 3, output_tokens: 2 } };
    const calls = places.map(functionCall);
    if (!stream) {
      const asked = { tool_plan: 'I look.', tool_calls: calls };
      const message = { role: 'assistant', ...(places.length > 0 ? asked : { content: [{ type: 'text', text }] }) };
      return { body: { id: 'c', finish_reason, message, usage } };
    }
    const said = (type: string, index: number, message: JsonObject): JsonObject => ({
      type,
      index,
      delta: { message },
    });
    const words =
      text === undefined
        ? [said('tool-plan-delta', 0, { tool_plan: 'I look.' })]
        : [said('content-delta', 0, { content: { text } })];
    const called = calls.flatMap((call, index) => [
      said('tool-call-start', index, { tool_calls: call }),
      { type: 'tool-call-end', index },
    ]);
    const start = { type: 'message-start', id: 'c', delta: { message: { role: 'assistant' } } };
    return events([start, ...words, ...called, { type: 'message-end', delta: { finish_reason, usage } }]);
  },
};

/** Google pairs by the place in the turn; Gemini 3 signs the first call of a step. */
const google = {
  marked: ['OpenAI', 'Anthropic'],
  say({ text, places = [], mark }: Spoken, stream: boolean): Scripted {
    const calls = places.map((location, at) => ({
      functionCall: { name: 'weather', args: { location } },
      ...(at === 0 ? { thoughtSignature: mark } : {}),
    }));
    const parts = [...(text === undefined ? [] : [{ text }]), ...calls];
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 };
    const piece = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }], usageMetadata };
    return stream ? events([piece]) : { body: piece };
  },
  told(body: JsonObject): (readonly [JsonValue, string])[] {
    const turns = objects(body.contents);
    return turns.flatMap((turn, at) => {
      const calls = objects(turn.parts).flatMap(({ functionCall: call }) => (isObject(call) ? [call] : []));
      const results = objects(turns[at + 1]?.parts).flatMap(({ functionResponse: one }) =>
        isObject(one) ? [one] : [],
      );
      if (calls.length > 0) assert.equal(results.length, calls.length, 'a result for each call, in the next turn');
      return calls.map(({ args }, place): [JsonValue, string] => [
        objectOf(args).location ?? null,
        JSON.stringify(results[place]?.response),
      ]);
    });
  },
  marks: (body: JsonObject): JsonValue[] =>
    objects(body.contents)
      .flatMap(({ parts }) => objects(parts))
      .flatMap((part) => (part.functionCall === undefined ? [] : [part.thoughtSignature ?? null])),
};

/** Claude at Bedrock signs its thinking, which stands before the calls that it led to. */
const bedrock = {
  marked: ['Anthropic'],
  say({ text, places = [], mark }: Spoken, stream: boolean): Scripted {
    const stopReason = places.length > 0 ? 'tool_use' : 'end_turn';
    const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };
    const words = text === undefined ? [] : [text];
    if (!stream) {
      const content = [
        { reasoningContent: { reasoningText: { text: 'hm', signature: mark } } },
        ...words.map((one) => ({ text: one })),
        ...places.map((location) => ({ toolUse: { toolUseId: idOf(location), name: 'weather', input: { location } } })),
      ];
      return { body: { output: { message: { role: 'assistant', content } }, stopReason, usage } };
    }
    const delta = (at: number, said: JsonObject): Buffer =>
      awsEvent('contentBlockDelta', { contentBlockIndex: at, delta: said });
    const stop = (at: number): Buffer => awsEvent('contentBlockStop', { contentBlockIndex: at });
    const called = places.flatMap((location, at) => [
      awsEvent('contentBlockStart', {
        contentBlockIndex: at + 1,
        start: { toolUse: { toolUseId: idOf(location), name: 'weather' } },
      }),
      delta(at + 1, { toolUse: { input: JSON.stringify({ location }) } }),
      stop(at + 1),
    ]);
    const thought = [
      delta(0, { reasoningContent: { text: 'hm' } }),
      delta(0, { reasoningContent: { signature: mark } }),
      stop(0),
    ];
    const said = words.flatMap((one) => [delta(1, { text: one }), stop(1)]);
    const ended = [awsEvent('messageStop', { stopReason }), awsEvent('metadata', { usage })];
    return { body: [awsEvent('messageStart', { role: 'assistant' }), ...thought, ...said, ...called, ...ended] };
  },
  told(body: JsonObject): (readonly [JsonValue, string])[] {
    const turns = objects(body.messages);
    return turns.flatMap((turn, at) => {
      const uses = objects(turn.content).flatMap(({ toolUse }) => (isObject(toolUse) ? [toolUse] : []));
      const results = objects(turns[at + 1]?.content).flatMap(({ toolResult }) =>
        isObject(toolResult) ? [toolResult] : [],
      );
      return uses.map(({ toolUseId, input }): [JsonValue, string] => {
        const result = results.find((one) => one.toolUseId === toolUseId);
        return [objectOf(input).location ?? null, textOfContent(result?.content)];
      });
    });
  },
  marks: (body: JsonObject): JsonValue[] =>
    objects(body.messages)
      .flatMap(({ content }) => objects(content))
      .flatMap(({ reasoningContent: one }) =>
        isObject(one) && isObject(one.reasoningText) ? [one.reasoningText.signature ?? null] : [],
      ),
};

const key = { api_key: 'sk-upstream' };

export const vendors: Readonly<Record<string, Vendor>> = {
  azure: {
    ...openAi,
    deployment: { provider: 'azure', model: 'my-gpt', baseUrl: 'https://mine.azure.test' },
    secrets: key,
  },
  mistral: {
    ...openAi,
    deployment: { provider: 'mistral', model: 'mistral-small-latest', baseUrl: 'https://mistral.test/v1' },
    secrets: key,
  },
  cohere: {
    ...cohere,
    deployment: { provider: 'cohere', model: 'command-a-vision-07-2025', baseUrl: 'https://cohere.test' },
    secrets: key,
  },
  gemini: {
    ...google,
    deployment: { provider: 'gemini', model: 'gemini-3-pro-preview', baseUrl: 'https://gemini.test/v1beta' },
    secrets: key,
  },
  vertex_ai: {
    ...google,
    deployment: {
      provider: 'vertex_ai',
      model: 'gemini-3-pro-preview',
      baseUrl: 'https://vertex.test',
      parameters: { defaults: { vertex_project: 'mine' } },
    },
    secrets: key,
  },
  'vertex_ai, an open model': {
    ...openAi,
    deployment: {
      provider: 'vertex_ai',
      model: 'meta/llama-4-scout-17b-16e-instruct-maas',
      baseUrl: 'https://vertex.test',
      parameters: { defaults: { vertex_project: 'mine' } },
    },
    secrets: key,
  },
  bedrock: {
    ...bedrock,
    deployment: {
      provider: 'bedrock',
      model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com',
    },
    secrets: { aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'secret' },
  },
};
