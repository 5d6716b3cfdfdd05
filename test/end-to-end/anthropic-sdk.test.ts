// Anthropic's own client against the gateway: translated to a real OpenAI-speaking model, and passed on to an Anthropic one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { anthropicKey, gatewayOnly, openStage, realClients, type Stage, skip } from './stage.ts';

const story = {
  max_tokens: 40,
  temperature: 0,
  messages: [{ role: 'user' as const, content: 'Once upon a time' }],
};

const weatherTool = {
  name: 'get_weather',
  description: 'Tells the weather of a city.',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['c', 'f'] } },
    required: ['city', 'unit'],
  },
};

describe('the Anthropic SDK', { skip }, () => {
  let stage: Stage;
  let sdk: typeof import('../real/clients.ts').Anthropic;
  let client: InstanceType<typeof sdk>;
  /** The bodies that left the client, as it wrote them. */
  const sent: string[] = [];
  before(async () => {
    sdk = (await realClients()).Anthropic;
    stage = await openStage();
    client = new sdk({
      baseURL: stage.anthropicUrl,
      apiKey: stage.key,
      maxRetries: 0,
      fetch: (url, init) => {
        if (typeof init?.body === 'string') sent.push(init.body);
        return fetch(url, init);
      },
    });
  });
  after(() => stage?.close());

  describe('in front of a real model of another dialect', { skip: gatewayOnly }, () => {
    for (const model of ['chat-default', 'ollama-chat']) {
      test(`${model}: streams the same message as it answers whole, with true counts`, async () => {
        const whole = await client.messages.create({ ...story, model });
        const [block] = whole.content;
        assert.ok(block?.type === 'text');
        assert.match(block.text, /^, there was a little girl named Lily\./);
        assert.equal(whole.stop_reason, 'max_tokens');
        assert.deepEqual([whole.usage.input_tokens, whole.usage.output_tokens], [5, 40]);

        const stream = client.messages.stream({ ...story, model });
        let pieces = 0;
        stream.on('text', () => (pieces += 1));
        const final = await stream.finalMessage();
        assert.deepEqual(final.content, whole.content);
        assert.ok(pieces > 30, 'token by token, not at once');
        assert.equal(final.stop_reason, 'max_tokens');
        assert.equal(final.usage.output_tokens, 40);
      });
    }

    test('reads the system prompt and every turn before its answer', async () => {
      const said = 'Once upon a time';
      const plain = await client.messages.create({ ...story, model: 'chat-default' });
      const longer = await client.messages.create({
        ...story,
        model: 'chat-default',
        system: [{ type: 'text', text: 'Tell a story.', cache_control: { type: 'ephemeral' } }],
        messages: [
          { role: 'user', content: [{ type: 'text', text: said }] },
          { role: 'assistant', content: 'there was a dog.' },
          { role: 'user', content: 'And then?' },
        ],
      });
      assert.ok(longer.usage.input_tokens > plain.usage.input_tokens + 10);
    });

    for (const streaming of [false, true]) {
      test(`gets a forced tool call with valid input, ${streaming ? 'streamed' : 'whole'}`, async () => {
        const wish = {
          ...story,
          model: 'chat-default',
          max_tokens: 200,
          tools: [weatherTool],
          tool_choice: { type: 'tool' as const, name: 'get_weather' },
        };
        const message = streaming
          ? await client.messages.stream(wish).finalMessage()
          : await client.messages.create(wish);
        const call = message.content.find((block) => block.type === 'tool_use');
        assert.equal(call?.name, 'get_weather');
        const input = call?.input as Record<string, unknown>;
        assert.equal(typeof input['city'], 'string');
        assert.ok(input['unit'] === 'c' || input['unit'] === 'f');
        assert.equal(message.stop_reason, 'tool_use');
      });
    }

    test('counts tokens for a model whose provider cannot', async () => {
      const counted = await client.messages.countTokens({ model: 'chat-default', messages: story.messages });
      assert.ok(counted.input_tokens > 0);
    });

    test('leaving in the middle of a stream ends the upstream’s work', async () => {
      await stage.textModel.holdAfter(8);
      const seen = (await stage.textModel.journal()).length;
      const stream = client.messages.stream({ ...story, model: 'chat-default', max_tokens: 400 });
      const ended = assert.rejects(stream.finalMessage(), sdk.APIUserAbortError);
      await stage.textModel.next('held', seen);
      stream.abort();
      await ended;
      const gone = await stage.textModel.next('client-gone', seen);
      assert.equal(gone['afterTokens'], 8);
    });

    test('gets typed errors in its own dialect: unknown model, context length, bad key', async () => {
      await assert.rejects(client.messages.create({ ...story, model: 'no-such-model' }), (error) => {
        assert.ok(error instanceof sdk.BadRequestError);
        assert.equal((error.error as { type?: string }).type, 'error');
        assert.match(error.message, /no-such-model/);
        return true;
      });
      const messages = [{ role: 'user' as const, content: 'A dog ran home. '.repeat(300) }];
      const long = { ...story, model: 'chat-default', messages };
      const tooLong = (error: unknown) => {
        assert.ok(error instanceof sdk.BadRequestError);
        assert.match(error.message, /context length is 512 tokens/);
        return true;
      };
      await assert.rejects(client.messages.create(long), tooLong);
      await assert.rejects(client.messages.stream(long).finalMessage(), tooLong);
      const stranger = new sdk({ baseURL: stage.anthropicUrl, apiKey: 'sk-not-a-key', maxRetries: 0 });
      await assert.rejects(stranger.messages.create({ ...story, model: 'chat-default' }), sdk.AuthenticationError);
    });

    test('takes its key as a bearer token as well', async () => {
      const bearer = new sdk({ baseURL: stage.anthropicUrl, apiKey: null, authToken: stage.key, maxRetries: 0 });
      const message = await bearer.messages.create({ ...story, model: 'chat-default' });
      assert.equal(message.stop_reason, 'max_tokens');
    });
  });

  describe('in front of an Anthropic upstream', () => {
    const ping = { model: 'claude-test', max_tokens: 100, messages: [{ role: 'user' as const, content: 'ping' }] };

    test('gets the same message whole and streamed, with the upstream’s counts', async () => {
      const whole = await client.messages.create(ping);
      assert.deepEqual(
        whole.content.map((block) => block.type === 'text' && block.text),
        ['pong'],
      );
      assert.deepEqual([whole.usage.input_tokens, whole.usage.output_tokens], [21, 3]);
      const final = await client.messages.stream(ping).finalMessage();
      assert.deepEqual(final.content, whole.content);
      assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [21, 3]);
      assert.equal(final.stop_reason, 'end_turn');
    });

    test('sends its body on byte for byte but for the model, betas and fields nobody knows included', {
      skip: gatewayOnly,
    }, async () => {
      const strange = {
        ...ping,
        system: [{ type: 'text' as const, text: 'Be brief. 🐈', cache_control: { type: 'ephemeral' as const } }],
        metadata: { user_id: 'u-1' },
        a_field_of_tomorrow: { deep: [1, 1.0, 'x', null] },
      };
      const betas = ['context-1m-2025-08-07', 'a-beta-of-tomorrow'];
      await client.beta.messages.create({ ...strange, betas }, { query: { beta: 'true' } });
      const exchange = stage.aimock.exchanges.at(-1);
      assert.equal(exchange?.url, '/v1/messages?beta=true');
      assert.equal(exchange?.body, sent.at(-1)?.replace('"claude-test"', '"claude-sonnet-4-5"'));
      assert.equal(exchange?.headers['anthropic-beta'], 'context-1m-2025-08-07,a-beta-of-tomorrow');
      assert.equal(exchange?.headers['x-api-key'], anthropicKey);
      assert.ok(!JSON.stringify(exchange?.headers).includes(stage.key), 'the client’s key stays here');
    });

    for (const streaming of [false, true]) {
      test(`keeps thinking and its signature, ${streaming ? 'streamed' : 'whole'}`, async () => {
        const wish = {
          ...ping,
          max_tokens: 4000,
          messages: [{ role: 'user' as const, content: 'think' }],
          thinking: { type: 'enabled' as const, budget_tokens: 1024 },
        };
        const message = streaming
          ? await client.messages.stream(wish).finalMessage()
          : await client.messages.create(wish);
        const [thinking, text] = message.content;
        assert.ok(thinking?.type === 'thinking' && text?.type === 'text');
        assert.deepEqual([thinking.thinking, text.text], ['Six times seven.', 'Forty-two.']);
        assert.notEqual(thinking.signature, '');
      });

      test(`carries a tool call and its result, ${streaming ? 'streamed' : 'whole'}`, async () => {
        const question = { role: 'user' as const, content: 'what is the weather?' };
        const wish = { ...ping, tools: [weatherTool], messages: [question] };
        const first = streaming
          ? await client.messages.stream(wish).finalMessage()
          : await client.messages.create(wish);
        const call = first.content.find((block) => block.type === 'tool_use');
        assert.deepEqual([call?.id, call?.name, call?.input], ['toolu_weather', 'get_weather', { city: 'Oslo' }]);
        const result = { type: 'tool_result' as const, tool_use_id: 'toolu_weather', content: '7 degrees' };
        const second = await client.messages.create({
          ...wish,
          messages: [question, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }],
        });
        const [answer] = second.content;
        assert.ok(answer?.type === 'text');
        assert.equal(answer.text, 'It is 7 degrees in Oslo.');
      });
    }

    test('has its tokens counted by the upstream', async () => {
      const counted = await client.messages.countTokens({ model: 'claude-test', messages: ping.messages });
      const exchange = stage.aimock.exchanges.at(-1);
      assert.match(exchange?.url ?? '', /^\/v1\/messages\/count_tokens/);
      assert.deepEqual(counted, JSON.parse(exchange?.answer ?? ''));
    });
  });
});
