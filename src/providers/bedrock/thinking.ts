// How much a model is to think, in the words of each family. Converse has none of its own, so they go among the additional
// fields. https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
import { isForeignThinking, leastThinkingBudget, thinkingBudgetOf } from '../../core/anthropic.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { bedrockModel } from './models.ts';

/** Takes a request in our words and the call; returns fields for the model itself. A `thinking` of the client's stands. */
export function thinkingFields(body: JsonObject, call: Call): JsonObject {
  if (isObject(body.thinking)) return { thinking: body.thinking };
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return {};
  const budget = typeof effort === 'string' ? thinkingBudgetOf(effort) : undefined;
  if (budget === undefined) throw invalid('reasoning_effort', 'must be none, minimal, low, medium, high, xhigh or max');
  if (budget === null) return {};
  return fieldsOfFamily(String(effort), budget, body, call);
}

/** Takes the fields; true when the model will think, which forbids forcing a tool and most sampling. */
export function isThinking({ thinking }: JsonObject): boolean {
  return isObject(thinking) && thinking.type !== 'disabled';
}

function fieldsOfFamily(effort: string, budget: number, body: JsonObject, call: Call): JsonObject {
  const { family, isAdaptive, isUnsampled, hasEffort } = bedrockModel(call.upstream);
  if (isAdaptive) {
    const thinking = { type: 'adaptive', ...(isUnsampled ? { display: 'summarized' } : {}) };
    return { thinking, output_config: { effort: adaptiveEffort(effort, isUnsampled) } };
  }
  if (family === 'claude') return budgetFields(body, budget, call);
  if (hasEffort) return { reasoningConfig: { type: 'enabled', maxReasoningEffort: threeSteps(effort) } };
  if (family === 'gpt-oss') return { reasoning_effort: threeSteps(effort) };
  unsupported('bedrock', call, 'reasoning_effort', 'this model cannot be told how much to think');
  return {};
}

function adaptiveEffort(effort: string, knowsExtraHigh: boolean): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !knowsExtraHigh ? 'max' : effort;
}

function threeSteps(effort: string): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort;
}

/**
 * A budget leaves half of max_tokens to the answer, cannot go with a forced tool, and needs the thinking of a tool loop that
 * is under way: OpenAI's clients cannot send that back, so such a turn goes on without thinking rather than fail.
 */
function budgetFields(body: JsonObject, budget: number, call: Call): JsonObject {
  if (isLoopWithoutThinking(body)) {
    call.dropped.push('reasoning_effort');
    return {};
  }
  const asked = numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens) ?? Number.POSITIVE_INFINITY;
  if (isForced(body.tool_choice) || asked <= leastThinkingBudget) {
    const why = isForced(body.tool_choice) ? 'together with a forced tool' : 'unless max_tokens is above 1024';
    unsupported('bedrock', call, 'reasoning_effort', why);
    return {};
  }
  const half = Math.max(leastThinkingBudget, Math.floor(asked / 2));
  return { thinking: { type: 'enabled', budget_tokens: Math.min(budget, half) } };
}

function isForced(choice: JsonValue | undefined): boolean {
  return choice === 'required' || choice === 'any' || isObject(choice);
}

function isLoopWithoutThinking(body: JsonObject): boolean {
  const messages = listOf(body.messages).filter(isObject);
  const last = messages.findLast((message) => message.role === 'assistant' || message.role === 'user');
  if (last?.role !== 'assistant' || listOf(last.tool_calls).length === 0) return false;
  return listOf(last.thinking_blocks).every(isForeignThinking);
}
