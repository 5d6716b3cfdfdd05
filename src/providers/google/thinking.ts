// How much a model is to think: LiteLLM's budgets for Gemini 2.5, levels from Gemini 3 on. What was thought is always asked for.
// https://ai.google.dev/gemini-api/docs/thinking
import { effortOf } from '../../core/anthropic.ts';
import { isObject, type JsonObject, numberOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { invalid, unsupported } from '../unsupported.ts';
import { type GoogleModel, googleModel } from './models.ts';

const budgets: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 128,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/** Gemini 2.5 Pro always thinks a little, and Flash-Lite thinks in larger steps. */
const leastOfPro = 128;
const leastOfLite = 512;

/** Takes a request in our words and the call; returns thinkingConfig, or undefined when nothing was asked. */
export function thinkingConfig(body: JsonObject, call: Call): JsonObject | undefined {
  if (isObject(body.thinking)) return fromAnthropic(body.thinking, call);
  const effort = body.reasoning_effort;
  if (effort === undefined || effort === null) return undefined;
  if (typeof effort !== 'string' || !Object.hasOwn(budgets, effort)) {
    throw invalid('reasoning_effort', 'must be none, minimal, low, medium, high, xhigh or max');
  }
  return fromEffort(effort, budgets[effort] ?? 0, call);
}

function fromEffort(effort: string, budget: number, call: Call): JsonObject | undefined {
  const model = googleModel(call.upstream);
  if (model.thinks === 'level') {
    return { includeThoughts: effort !== 'none', thinkingLevel: levelOf(effort, model) };
  }
  if (model.thinks === 'budget') return { includeThoughts: budget > 0, thinkingBudget: possible(budget, model) };
  if (effort !== 'none') unsupported('gemini', call, 'reasoning_effort', 'this model does not think');
  return undefined;
}

/** Nobody of Gemini 3 can be told not to think; a level that a model does not have is the nearest that it has (LiteLLM's choice). */
function levelOf(effort: string, { hasMinimal, hasMedium }: GoogleModel): string {
  if (effort === 'none' || effort === 'minimal') return hasMinimal ? 'minimal' : 'low';
  if (effort === 'medium') return hasMedium ? 'medium' : 'high';
  return effort === 'low' ? 'low' : 'high';
}

function possible(budget: number, { isPro, isLite }: GoogleModel): number {
  if (isPro) return Math.max(leastOfPro, budget);
  return isLite && budget > 0 ? Math.max(leastOfLite, budget) : budget;
}

/** LiteLLM's clients may ask in Anthropic's words, too. */
function fromAnthropic(thinking: JsonObject, call: Call): JsonObject | undefined {
  if (thinking.type === 'disabled') return fromEffort('none', 0, call);
  const budget = numberOf(thinking.budget_tokens);
  if (budget === undefined)
    return googleModel(call.upstream).thinks === 'never' ? undefined : { includeThoughts: true };
  return fromEffort(effortOf(budget), budget, call);
}
