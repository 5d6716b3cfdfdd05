// Betas of Anthropic's that Bedrock knows. A client's `anthropic-beta` names many more, and one that Bedrock does not know
// makes it refuse the request, so those are left out and noted; what `anthropic_beta` in the body names goes on as it came.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
import { type JsonObject, listOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { bedrockModel } from './models.ts';

const known = new Set([
  'computer-use-2024-10-22',
  'computer-use-2025-01-24',
  'computer-use-2025-11-24',
  'token-efficient-tools-2025-02-19',
  'interleaved-thinking-2025-05-14',
  'output-128k-2025-02-19',
  'dev-full-thinking-2025-05-14',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'effort-2025-11-24',
  'tool-search-tool-2025-10-19',
  'tool-examples-2025-10-29',
  'fine-grained-tool-streaming-2025-05-14',
]);

/** Takes a request in our words and the call; returns the field that turns betas on, if any is asked for. */
export function betaFields(body: JsonObject, call: Call): JsonObject {
  const header = call.clientHeaders['anthropic-beta'];
  const asked = header === undefined ? [] : header.split(',').map((beta) => beta.trim());
  const isClaude = bedrockModel(call.upstream).family === 'claude';
  const kept = asked.filter((beta) => isClaude && known.has(beta));
  for (const beta of asked) if (!kept.includes(beta)) call.dropped.push(`anthropic-beta: ${beta}`);
  const all = new Set([...listOf(body.anthropic_beta), ...kept]);
  return all.size === 0 ? {} : { anthropic_beta: [...all] };
}
