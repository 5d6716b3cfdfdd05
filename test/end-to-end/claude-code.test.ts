// Claude Code itself through the gateway to a scripted Anthropic: a turn of text, and a tool it really runs.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runClaudeCode } from '../real/claude-code.ts';
import { anthropicKey, direct, openStage, type Stage, skip } from './stage.ts';

type Result = { type: string; is_error: boolean; result: string; num_turns: number };
type Sent = { model: string; stream: boolean; messages: { role: string; content: unknown }[] };

describe('Claude Code', { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  const run = (prompt: string, args: string[]) =>
    runClaudeCode({ baseUrl: stage.anthropicUrl, key: stage.key, model: 'claude-test' }, prompt, args);

  const turnsSince = (count: number) =>
    stage.aimock.exchanges
      .slice(count)
      .filter((exchange) => exchange.url.startsWith('/v1/messages') && !exchange.url.includes('count_tokens'));

  test('says pong', async () => {
    const before = stage.aimock.exchanges.length;
    const turn = await run('ping', ['--output-format', 'json']);
    try {
      assert.equal(turn.code, 0, turn.output + turn.errors);
      const result = JSON.parse(turn.output) as Result;
      assert.deepEqual([result.is_error, result.result], [false, 'pong']);
      const [exchange] = turnsSince(before);
      assert.equal(exchange?.url, '/v1/messages?beta=true');
      assert.match(String(exchange?.headers['anthropic-beta']), /claude-code-/);
      const sent = JSON.parse(exchange?.body ?? '') as Sent;
      assert.equal(sent.stream, true);
      if (direct) return;
      assert.equal(sent.model, 'claude-sonnet-4-5');
      assert.equal(exchange?.headers['x-api-key'], anthropicKey);
      assert.ok(!JSON.stringify(exchange?.headers).includes(stage.key), 'the client’s key stays here');
    } finally {
      turn.clean();
    }
  });

  test('runs the tool it is told to run and reports its result', async () => {
    const before = stage.aimock.exchanges.length;
    const turn = await run('leave a marker', [
      ...['--output-format', 'stream-json', '--verbose', '--allowedTools', 'Bash'],
    ]);
    try {
      assert.equal(turn.code, 0, turn.output + turn.errors);
      const marker = join(turn.folder, 'marker.txt');
      assert.ok(existsSync(marker), `no marker was left; Claude Code said:\n${turn.output}`);
      assert.equal(readFileSync(marker, 'utf8'), 'plumbline\n');
      const lines = turn.output.trimEnd().split('\n');
      const result = lines.map((line) => JSON.parse(line) as Result).find((line) => line.type === 'result');
      assert.deepEqual([result?.is_error, result?.result, result?.num_turns], [false, 'The marker is there.', 2]);
      const second = JSON.parse(turnsSince(before)[1]?.body ?? '') as Sent;
      const kinds = second.messages.flatMap((message) =>
        Array.isArray(message.content) ? message.content.map((block: { type: string }) => block.type) : [],
      );
      assert.ok(kinds.includes('tool_use') && kinds.includes('tool_result'), kinds.join(' '));
    } finally {
      turn.clean();
    }
  });
});
