// What Bedrock's models tell by their names. https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
import { traitsOf } from '../anthropic/models.ts';
import type { Upstream } from '../provider.ts';
import { namedModel } from './place.ts';

export interface BedrockModel {
  readonly family: 'claude' | 'nova' | 'gpt-oss' | 'other';
  /** Claude from 4.6: it decides itself how much to think, and takes JSON schemas natively. */
  readonly isAdaptive: boolean;
  /** Claude from 4.7: no temperature, top_p or top_k. */
  readonly isUnsampled: boolean;
  /** Claude from 4.5: may be told to call one tool at a time, and caches for an hour. */
  readonly isRecent: boolean;
  /** Nova from 2: thinks when told how much. */
  readonly hasEffort: boolean;
  /** What it can be made to call: one tool by name, any of them, nobody knows, or nothing (it refuses to be told). */
  readonly forced: 'one' | 'any' | 'perhaps' | 'nothing';
  /** Where cache points may stand; elsewhere the model refuses them. */
  readonly caches: 'all' | 'no-tools' | 'nothing';
}

/** Claude before prompt caching. */
const uncached = /claude-(?:v|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)/;
const recent = /claude-(?:opus|sonnet|haiku)-(?:4-[5-9]|[5-9]|\d\d(?!\d))/;

/** Takes an upstream; returns what its model can. An application inference profile tells nothing: there base_model does. */
export function bedrockModel({ model, info }: Upstream): BedrockModel {
  const { id, family = '' } = namedModel(model);
  const name = info.base_model ?? `${family} ${id}`;
  if (name.includes('claude')) return claude(name);
  const isNova = /(?:^|[.\s/])nova\b/.test(name);
  return {
    family: isNova ? 'nova' : /gpt[-_]oss|^openai\b/.test(name) ? 'gpt-oss' : 'other',
    isAdaptive: false,
    isUnsampled: false,
    isRecent: false,
    hasEffort: isNova && /nova-2/.test(name),
    forced: isNova ? 'one' : forcedBy(name),
    caches: isNova ? 'no-tools' : 'nothing',
  };
}

/**
 * One tool by name only Claude and Nova can be told (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html);
 * Llama answers that it "doesn't support the toolConfig.toolChoice.any field" (https://github.com/run-llama/llama_index/issues/19886).
 */
function forcedBy(name: string): BedrockModel['forced'] {
  if (/\bllama/.test(name)) return 'nothing';
  return /mi[sx]tral/.test(name) ? 'any' : 'perhaps';
}

function claude(name: string): BedrockModel {
  const { isAdaptive, isUnsampled } = traitsOf(name);
  const isRecent = isAdaptive || recent.test(name);
  return {
    family: 'claude',
    isAdaptive,
    isUnsampled,
    isRecent,
    hasEffort: false,
    forced: 'one',
    caches: uncached.test(name) ? 'nothing' : 'all',
  };
}
