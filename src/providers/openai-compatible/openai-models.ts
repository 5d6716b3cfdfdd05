// Which parameters OpenAI's own models refuse. They know the model by its name, at the end of a path or of a fine-tune's tag.
import type { ModelRule } from './parameters.ts';

/** Models that think before they answer, and sample by themselves. https://platform.openai.com/docs/guides/reasoning */
const reasoning = /(?:^|[/:])(?:o\d|codex-mini|gpt-5(?!(?:\.\d+)?-chat))/;

/** From GPT-5.1 on thinking is off unless asked for, and then the sampling parameters are allowed. */
const thinksWhenAsked = /(?:^|[/:])gpt-5\.\d/;
const thinksAlways = /(?:^|[/:])(?:o\d|codex-mini|gpt-5(?!\.\d|-chat))/;
const thinksNever = /(?:^|[/:])(?:gpt-3|gpt-4|chatgpt|gpt-5(?:\.\d+)?-chat)/;

const sampling = ['temperature', 'top_p', 'logprobs', 'top_logprobs'];
const samplingWhy = 'a reasoning model samples by itself';

/**
 * How long the id of a call may be, at OpenAI and wherever its models are hosted: "string too long. Expected a string with
 * maximum length 40" (https://github.com/BerriAI/litellm/issues/11392).
 */
export const longestCallId = 40;

/** What OpenAI's models refuse, whoever hosts them. */
export const openAiModelRules: readonly ModelRule[] = [
  {
    models: reasoning,
    renames: { max_tokens: 'max_completion_tokens' },
    rejects: ['presence_penalty', 'frequency_penalty', 'logit_bias'],
  },
  { models: thinksAlways, rejects: sampling, why: samplingWhy },
  {
    models: thinksWhenAsked,
    when: (draft) => (draft.get('reasoning_effort') ?? 'none') !== 'none',
    rejects: sampling,
    why: `${samplingWhy}; set reasoning_effort to none`,
  },
  { models: /(?:^|[/:])(?:o[34]|gpt-5(?!(?:\.\d+)?-chat))/, rejects: ['stop'] },
  { models: thinksNever, rejects: ['reasoning_effort'], why: 'only reasoning models think' },
];
