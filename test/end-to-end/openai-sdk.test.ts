// OpenAI's own client against the gateway, with a real text model and a real embedding model behind it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { aliases, direct, openStage, realClients, type Stage, skip } from './stage.ts';

const story = {
  messages: [{ role: 'user' as const, content: 'Once upon a time' }],
  temperature: 0,
  max_tokens: 40,
};

const placeTool = {
  type: 'function' as const,
  function: {
    name: 'find_place',
    description: 'Finds a place.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, size: { type: 'string', enum: ['small', 'big'] } },
      required: ['city', 'size'],
    },
  },
};

describe('the openai SDK', { skip }, () => {
  let stage: Stage;
  let sdk: typeof import('../real/clients.ts').OpenAI;
  let client: InstanceType<typeof sdk>;
  before(async () => {
    sdk = (await realClients()).OpenAI;
    stage = await openStage();
    client = new sdk({ baseURL: `${stage.baseUrl}/v1`, apiKey: stage.key, maxRetries: 0 });
  });
  after(() => stage?.close());

  test('lists the aliases as models', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    if (direct) assert.ok(ids.includes('chat-default'));
    else assert.deepEqual(ids.sort(), [...aliases]);
    if (!direct) assert.equal((await client.models.retrieve('chat-default')).id, 'chat-default');
  });

  for (const model of ['chat-default', 'ollama-chat']) {
    test(`${model}: streams the same text and the same true token counts as it answers whole, at temperature 0`, async () => {
      const whole = await client.chat.completions.create({ ...story, model });
      const text = whole.choices[0]?.message.content ?? '';
      assert.match(text, /^, there was a little girl named Lily\./);
      assert.equal(whole.choices[0]?.finish_reason, 'length');
      assert.deepEqual(
        [whole.usage?.prompt_tokens, whole.usage?.completion_tokens, whole.usage?.total_tokens],
        [5, 40, 45],
      );

      const stream = await client.chat.completions.create({
        ...story,
        model,
        stream: true,
        stream_options: { include_usage: true },
      });
      const pieces: string[] = [];
      let reason: string | null | undefined;
      let usage: typeof whole.usage;
      for await (const chunk of stream) {
        pieces.push(chunk.choices[0]?.delta.content ?? '');
        reason = chunk.choices[0]?.finish_reason ?? reason;
        usage = chunk.usage ?? usage;
      }
      assert.equal(pieces.join(''), text);
      assert.ok(pieces.filter((piece) => piece !== '').length > 30, 'token by token, not at once');
      assert.equal(reason, 'length');
      assert.deepEqual([usage?.prompt_tokens, usage?.completion_tokens, usage?.total_tokens], [5, 40, 45]);
    });
  }

  test('does not see usage in a stream it did not ask it for, though the gateway asked the upstream', async () => {
    const seen = (await stage.textModel.journal()).length;
    const stream = await client.chat.completions.create({ ...story, model: 'chat-default', stream: true });
    for await (const chunk of stream) assert.equal(chunk.usage ?? null, null);
    const request = await stage.textModel.next('request', seen);
    const body = request['body'] as { stream_options?: { include_usage?: boolean }; model: string };
    if (!direct) assert.deepEqual([body.stream_options?.include_usage, body.model], [true, 'stories260K']);
  });

  for (const choice of ['required', 'named'] as const) {
    test(`rebuilds valid arguments of a ${choice} tool call through its stream helper`, async () => {
      const named = { type: 'function' as const, function: { name: 'find_place' } };
      const wish = {
        ...story,
        model: 'chat-default',
        max_tokens: 200,
        tools: [placeTool],
        tool_choice: choice === 'named' ? named : choice,
      };
      const final = await client.chat.completions.stream(wish).finalChatCompletion();
      const call = final.choices[0]?.message.tool_calls?.[0];
      assert.ok(call?.type === 'function');
      assert.equal(call.function.name, 'find_place');
      assert.match(call.id, /^call_/);
      const place = JSON.parse(call.function.arguments) as Record<string, unknown>;
      assert.equal(typeof place['city'], 'string');
      assert.ok(place['size'] === 'small' || place['size'] === 'big');
      assert.equal(final.choices[0]?.finish_reason, 'tool_calls');

      const whole = await client.chat.completions.create(wish);
      const same = whole.choices[0]?.message.tool_calls?.[0];
      assert.ok(same?.type === 'function');
      assert.equal(same.function.arguments, call.function.arguments);
    });
  }

  test('gets JSON that satisfies the schema it asked for', async () => {
    const schema = { ...placeTool.function.parameters, additionalProperties: false };
    const answer = await client.chat.completions.create({
      ...story,
      model: 'chat-default',
      max_tokens: 200,
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
    });
    const place = JSON.parse(answer.choices[0]?.message.content ?? '') as Record<string, unknown>;
    assert.deepEqual(Object.keys(place).sort(), ['city', 'size']);
  });

  test('completes plain text, whole and streamed alike', async () => {
    const wish = { model: 'chat-default', prompt: 'Once upon a time', temperature: 0, max_tokens: 20 };
    const whole = await client.completions.create(wish);
    assert.match(whole.choices[0]?.text ?? '', /^, there was a little girl/);
    let text = '';
    for await (const chunk of await client.completions.create({ ...wish, stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    assert.equal(text, whole.choices[0]?.text);
  });

  for (const model of ['embeddings-default', 'embeddings-openai']) {
    test(`${model}: the default call (base64) gives the numbers a plain call gives`, async () => {
      const input = ['The cat sat on the mat.', 'Ein Kätzchen saß da. 🐈'];
      const viaSdk = await client.embeddings.create({ model, input });
      const plain = (await (await stage.post('/v1/embeddings', { model, input })).json()) as typeof viaSdk;
      const wish = { model, input, encoding_format: 'base64' };
      const packed = (await (await stage.post('/v1/embeddings', wish)).json()) as { data: { embedding: unknown }[] };
      assert.deepEqual(
        packed.data.map((item) => typeof item.embedding),
        ['string', 'string'],
        'the SDK reads lists too, so that it is packed is asserted here',
      );
      assert.deepEqual(
        viaSdk.data.map((item) => item.embedding.length),
        [512, 512],
      );
      for (const [index, item] of viaSdk.data.entries()) {
        assert.deepEqual(item.embedding, plain.data[index]?.embedding);
        assert.ok(Math.abs(Math.hypot(...item.embedding) - 1) < 1e-5, 'unit length, so these are the model’s numbers');
      }
      assert.ok(viaSdk.usage.prompt_tokens > 0);
      assert.deepEqual(viaSdk.usage, plain.usage);
    });

    test(`${model}: a width the model cannot make is refused, not ignored`, async () => {
      await assert.rejects(client.embeddings.create({ model, input: 'x', dimensions: 256 }), sdk.BadRequestError);
    });
  }

  test('gets typed errors: unknown model, context length, bad key', async () => {
    await assert.rejects(client.chat.completions.create({ ...story, model: 'no-such-model' }), (error) => {
      assert.ok(error instanceof (direct ? sdk.NotFoundError : sdk.BadRequestError));
      assert.match(error.message, /no-such-model/);
      return true;
    });
    const messages = [{ role: 'user' as const, content: 'A dog ran home. '.repeat(300) }];
    for (const stream of [false, true]) {
      await assert.rejects(client.chat.completions.create({ model: 'chat-default', messages, stream }), (error) => {
        assert.ok(error instanceof sdk.BadRequestError);
        assert.match(error.message, /context length is 512 tokens/);
        return true;
      });
    }
    const stranger = new sdk({ baseURL: `${stage.baseUrl}/v1`, apiKey: 'sk-not-a-key', maxRetries: 0 });
    await assert.rejects(
      stranger.chat.completions.create({ ...story, model: 'chat-default' }),
      sdk.AuthenticationError,
    );
  });

  for (const model of ['chat-default', 'ollama-chat']) {
    test(`${model}: leaving in the middle of a stream ends the upstream's work`, async () => {
      await stage.textModel.holdAfter(8);
      const seen = (await stage.textModel.journal()).length;
      const stream = await client.chat.completions.create({ ...story, model, max_tokens: 400, stream: true });
      for await (const chunk of stream) {
        if (!chunk.choices[0]?.delta.content) continue;
        await stage.textModel.next('held', seen);
        break; // leaving the loop aborts the request
      }
      const gone = await stage.textModel.next('client-gone', seen);
      assert.equal(gone['afterTokens'], 8);
    });

    test(`${model}: leaving before a whole answer ends the upstream's work`, async () => {
      await stage.textModel.holdAfter(3);
      const seen = (await stage.textModel.journal()).length;
      const leaving = new AbortController();
      const asked = client.chat.completions.create({ ...story, model }, { signal: leaving.signal });
      const refused = assert.rejects(asked, sdk.APIUserAbortError);
      await stage.textModel.next('held', seen);
      leaving.abort();
      await refused;
      const gone = await stage.textModel.next('client-gone', seen);
      assert.equal(gone['afterTokens'], 3);
    });
  }
});
