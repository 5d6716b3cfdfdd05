// What models cost, by what is known to us on the date below; newer models that stand here were read on their vendors'
// price pages later in 2026, and what we do not know for certain is left out, so that it is flagged and not guessed.
// US dollars per million tokens. Overridden by a price file or by the configuration (providers/prices.ts).

/** The date up to which the whole table claims to hold. */
export const pricesAsOf = '2026-01-01';

/** What a row may say beyond its input and output prices. Prices per million tokens, sizes in thousands of tokens. */
export interface More {
  /** Cache: read, written for five minutes, written for an hour. */
  readonly read?: number;
  readonly write?: number;
  readonly hour?: number;
  readonly audioIn?: number;
  readonly audioOut?: number;
  /** Dollars a request, whatever its size. */
  readonly request?: number;
  /** Dollars a search unit (rerank). */
  readonly query?: number;
  /** Context window, and the longest answer. */
  readonly context?: number;
  readonly out?: number;
  /** Above so many thousand input tokens the whole request costs this: threshold, input, output, cache read. */
  readonly above?: readonly [threshold: number, input: number, output: number, read?: number];
}

export type Row = readonly [model: string, input: number, output: number, more?: More];

export interface Vendor {
  /** Names of the provider: ours first, then LiteLLM's other ones. */
  readonly providers: readonly string[];
  /** True: the model's name alone means this vendor's model, wherever it is served. */
  readonly known: boolean;
  readonly chat?: readonly Row[];
  readonly completion?: readonly Row[];
  readonly embedding?: readonly Row[];
  readonly rerank?: readonly Row[];
  readonly moderation?: readonly Row[];
}

/** Anthropic's cache prices follow from the input price: read 0.1, five minutes 1.25, an hour 2 times (its price page). */
function claude(model: string, input: number, output: number, more: More = {}): Row {
  const cache = { read: rounded(input * 0.1), write: rounded(input * 1.25), hour: rounded(input * 2) };
  return [model, input, output, { ...cache, ...more }];
}

function rounded(price: number): number {
  return Number(price.toFixed(4));
}

const o = { context: 200, out: 100 };
const gpt5 = { context: 272, out: 128 };
const gpt41 = { context: 1047.576, out: 32.768 };
const gpt4o = { context: 128, out: 16.384 };
const gemini = { context: 1048.576, out: 65.536 };
const opus = { context: 1000, out: 128 };
const older = { context: 200, out: 64 };
const groq = { context: 131.072 };
const kimi = { context: 262.144 };

export const vendors: readonly Vendor[] = [
  {
    providers: ['openai'],
    known: true,
    chat: [
      ['gpt-5.5', 5, 30, { read: 0.5, context: 1050, out: 128, above: [272, 10, 45, 1] }],
      ['gpt-5.5-pro', 30, 180, { context: 1050, out: 128 }],
      ['gpt-5.4', 2.5, 15, { read: 0.25, context: 1050, out: 128, above: [272, 5, 22.5, 0.5] }],
      ['gpt-5.4-mini', 0.75, 4.5, { read: 0.075, ...gpt5 }],
      ['gpt-5.4-nano', 0.2, 1.25, { read: 0.02, ...gpt5 }],
      ['gpt-5.2', 1.75, 14, { read: 0.175, ...gpt5 }],
      ['gpt-5.2-chat-latest', 1.75, 14, { read: 0.175, context: 128, out: 16.384 }],
      ['gpt-5.2-codex', 1.75, 14, { read: 0.175, ...gpt5 }],
      ['gpt-5.2-pro', 21, 168, gpt5],
      ['gpt-5.1', 1.25, 10, { read: 0.125, ...gpt5 }],
      ['gpt-5.1-chat-latest', 1.25, 10, { read: 0.125, context: 128, out: 16.384 }],
      ['gpt-5.1-codex', 1.25, 10, { read: 0.125, ...gpt5 }],
      ['gpt-5.1-codex-max', 1.25, 10, { read: 0.125, ...gpt5 }],
      ['gpt-5.1-codex-mini', 0.25, 2, { read: 0.025, ...gpt5 }],
      ['gpt-5', 1.25, 10, { read: 0.125, ...gpt5 }],
      ['gpt-5-chat-latest', 1.25, 10, { read: 0.125, context: 128, out: 16.384 }],
      ['gpt-5-codex', 1.25, 10, { read: 0.125, ...gpt5 }],
      ['gpt-5-mini', 0.25, 2, { read: 0.025, ...gpt5 }],
      ['gpt-5-nano', 0.05, 0.4, { read: 0.005, ...gpt5 }],
      ['gpt-5-pro', 15, 120, gpt5],
      ['gpt-4.1', 2, 8, { read: 0.5, ...gpt41 }],
      ['gpt-4.1-mini', 0.4, 1.6, { read: 0.1, ...gpt41 }],
      ['gpt-4.1-nano', 0.1, 0.4, { read: 0.025, ...gpt41 }],
      ['gpt-4o', 2.5, 10, { read: 1.25, ...gpt4o }],
      ['gpt-4o-2024-05-13', 5, 15, { context: 128, out: 4.096 }],
      ['gpt-4o-mini', 0.15, 0.6, { read: 0.075, ...gpt4o }],
      ['gpt-4o-search-preview', 2.5, 10, gpt4o],
      ['gpt-4o-mini-search-preview', 0.15, 0.6, gpt4o],
      ['gpt-4o-audio-preview', 2.5, 10, { audioIn: 40, audioOut: 80, ...gpt4o }],
      ['gpt-4o-mini-audio-preview', 0.15, 0.6, { audioIn: 10, audioOut: 20, ...gpt4o }],
      ['gpt-audio', 2.5, 10, { audioIn: 32, audioOut: 64, ...gpt4o }],
      ['gpt-audio-mini', 0.6, 2.4, { audioIn: 10, audioOut: 20, ...gpt4o }],
      ['chatgpt-4o-latest', 5, 15, gpt4o],
      ['o4-mini', 1.1, 4.4, { read: 0.275, ...o }],
      ['o4-mini-deep-research', 2, 8, { read: 0.5, ...o }],
      ['o3', 2, 8, { read: 0.5, ...o }],
      ['o3-pro', 20, 80, o],
      ['o3-deep-research', 10, 40, { read: 2.5, ...o }],
      ['o3-mini', 1.1, 4.4, { read: 0.55, ...o }],
      ['o1', 15, 60, { read: 7.5, ...o }],
      ['o1-pro', 150, 600, o],
      ['o1-mini', 1.1, 4.4, { read: 0.55, context: 128, out: 65.536 }],
      ['codex-mini-latest', 1.5, 6, { read: 0.375, ...o }],
      ['computer-use-preview', 3, 12, { context: 8.192, out: 1.024 }],
      ['gpt-4-turbo', 10, 30, { context: 128, out: 4.096 }],
      ['gpt-4-turbo-preview', 10, 30, { context: 128, out: 4.096 }],
      ['gpt-4', 30, 60, { context: 8.192, out: 4.096 }],
      ['gpt-4-0613', 30, 60, { context: 8.192, out: 4.096 }],
      ['gpt-3.5-turbo', 0.5, 1.5, { context: 16.385, out: 4.096 }],
      ['gpt-3.5-turbo-0125', 0.5, 1.5, { context: 16.385, out: 4.096 }],
      ['gpt-3.5-turbo-1106', 1, 2, { context: 16.385, out: 4.096 }],
    ],
    completion: [
      ['gpt-3.5-turbo-instruct', 1.5, 2, { context: 4.096, out: 4.096 }],
      ['davinci-002', 2, 2, { context: 16.384, out: 4.096 }],
      ['babbage-002', 0.4, 0.4, { context: 16.384, out: 4.096 }],
    ],
    embedding: [
      ['text-embedding-3-small', 0.02, 0, { context: 8.191 }],
      ['text-embedding-3-large', 0.13, 0, { context: 8.191 }],
      ['text-embedding-ada-002', 0.1, 0, { context: 8.191 }],
    ],
    moderation: [
      ['omni-moderation', 0, 0],
      ['text-moderation', 0, 0],
    ],
  },
  {
    providers: ['anthropic'],
    known: true,
    chat: [
      claude('claude-fable-5-1', 10, 50, { read: 0.25 }),
      claude('claude-fable-5', 10, 50),
      claude('claude-opus-5-5', 4, 20, { read: 0.2 }),
      claude('claude-opus-5', 5, 25),
      claude('claude-opus-4-8', 5, 25, opus),
      claude('claude-opus-4-7', 5, 25, opus),
      claude('claude-opus-4-6', 5, 25, opus),
      claude('claude-opus-4-5', 5, 25, older),
      claude('claude-opus-4-1', 15, 75, { context: 200, out: 32 }),
      claude('claude-opus-4', 15, 75, { context: 200, out: 32 }),
      claude('claude-opus-4-0', 15, 75, { context: 200, out: 32 }),
      claude('claude-sonnet-5', 2, 10),
      claude('claude-sonnet-4-6', 3, 15, { context: 1000, out: 64 }),
      claude('claude-sonnet-4-5', 3, 15, { ...older, above: [200, 6, 22.5, 0.6] }),
      claude('claude-sonnet-4', 3, 15, { ...older, above: [200, 6, 22.5, 0.6] }),
      claude('claude-sonnet-4-0', 3, 15, { ...older, above: [200, 6, 22.5, 0.6] }),
      claude('claude-haiku-4-5', 1, 5, older),
      claude('claude-3-7-sonnet', 3, 15, older),
      claude('claude-3-5-sonnet', 3, 15, { context: 200, out: 8.192 }),
      claude('claude-3-5-haiku', 0.8, 4, { context: 200, out: 8.192 }),
      claude('claude-3-opus', 15, 75, { context: 200, out: 4.096 }),
      claude('claude-3-haiku', 0.25, 1.25, { read: 0.03, write: 0.3, context: 200, out: 4.096 }),
    ],
  },
  {
    providers: ['gemini', 'vertex_ai'],
    known: true,
    chat: [
      ['gemini-3-pro-preview', 2, 12, { read: 0.2, ...gemini, above: [200, 4, 18, 0.4] }],
      ['gemini-3-flash-preview', 0.5, 3, { read: 0.05, audioIn: 1, ...gemini }],
      ['gemini-2.5-pro', 1.25, 10, { read: 0.125, ...gemini, above: [200, 2.5, 15, 0.25] }],
      ['gemini-2.5-flash', 0.3, 2.5, { read: 0.03, audioIn: 1, ...gemini }],
      ['gemini-2.5-flash-lite', 0.1, 0.4, { read: 0.01, audioIn: 0.3, ...gemini }],
      ['gemini-2.0-flash', 0.1, 0.4, { read: 0.025, audioIn: 0.7, context: 1048.576, out: 8.192 }],
      ['gemini-2.0-flash-lite', 0.075, 0.3, { context: 1048.576, out: 8.192 }],
    ],
    embedding: [['gemini-embedding-001', 0.15, 0, { context: 2.048 }]],
  },
  {
    // Only names with a version: what `-latest` means has changed since, and its price with it.
    providers: ['mistral'],
    known: true,
    chat: [
      ['mistral-large-2512', 0.5, 1.5, { context: 256 }],
      ['mistral-large-2411', 2, 6, { context: 128 }],
      ['mistral-medium-2508', 0.4, 2, { context: 128 }],
      ['mistral-medium-2505', 0.4, 2, { context: 128 }],
      ['mistral-small-2506', 0.1, 0.3, { context: 128 }],
      ['mistral-small-2503', 0.1, 0.3, { context: 128 }],
      ['magistral-medium-2509', 2, 5, { context: 128 }],
      ['magistral-medium-2507', 2, 5, { context: 40 }],
      ['magistral-small-2509', 0.5, 1.5, { context: 128 }],
      ['magistral-small-2507', 0.5, 1.5, { context: 40 }],
      ['codestral-2508', 0.3, 0.9, { context: 256 }],
      ['codestral-2501', 0.3, 0.9, { context: 256 }],
      ['devstral-medium-2507', 0.4, 2, { context: 128 }],
      ['devstral-small-2507', 0.1, 0.3, { context: 128 }],
      ['ministral-8b-2410', 0.1, 0.1, { context: 128 }],
      ['ministral-3b-2410', 0.04, 0.04, { context: 128 }],
      ['pixtral-large-2411', 2, 6, { context: 128 }],
      ['pixtral-12b-2409', 0.15, 0.15, { context: 128 }],
      ['mistral-saba-2502', 0.2, 0.6, { context: 32 }],
      ['open-mistral-nemo', 0.15, 0.15, { context: 128 }],
      ['open-mistral-7b', 0.25, 0.25, { context: 32 }],
      ['open-mixtral-8x7b', 0.7, 0.7, { context: 32 }],
      ['open-mixtral-8x22b', 2, 6, { context: 64 }],
    ],
    embedding: [
      ['mistral-embed', 0.1, 0, { context: 8.192 }],
      ['codestral-embed', 0.15, 0, { context: 8.192 }],
      ['codestral-embed-2505', 0.15, 0, { context: 8.192 }],
    ],
  },
  {
    providers: ['groq'],
    known: false,
    chat: [
      ['llama-3.3-70b-versatile', 0.59, 0.79, { ...groq, out: 32.768 }],
      ['llama-3.1-8b-instant', 0.05, 0.08, { ...groq, out: 131.072 }],
      ['openai/gpt-oss-120b', 0.15, 0.6, { read: 0.075, ...groq, out: 65.536 }],
      ['openai/gpt-oss-20b', 0.075, 0.3, { read: 0.0375, ...groq, out: 65.536 }],
      ['openai/gpt-oss-safeguard-20b', 0.075, 0.3, { read: 0.0375, ...groq, out: 65.536 }],
      ['meta-llama/llama-4-maverick-17b-128e-instruct', 0.2, 0.6, { ...groq, out: 8.192 }],
      ['meta-llama/llama-4-scout-17b-16e-instruct', 0.11, 0.34, { ...groq, out: 8.192 }],
      ['meta-llama/llama-guard-4-12b', 0.2, 0.2, { ...groq, out: 1.024 }],
      ['moonshotai/kimi-k2-instruct-0905', 1, 3, { read: 0.5, ...kimi, out: 16.384 }],
      ['qwen/qwen3-32b', 0.29, 0.59, { ...groq, out: 40.96 }],
    ],
  },
  {
    providers: ['deepseek'],
    known: true,
    chat: [
      ['deepseek-v4-flash', 0.14, 0.28, { read: 0.0028, context: 1000 }],
      ['deepseek-chat', 0.28, 0.42, { read: 0.028, context: 128, out: 8.192 }],
      ['deepseek-reasoner', 0.28, 0.42, { read: 0.028, context: 128, out: 65.536 }],
    ],
  },
  {
    providers: ['xai'],
    known: true,
    chat: [
      ['grok-4.5', 2, 6, { read: 0.3, above: [200, 4, 12, 0.6] }],
      ['grok-4.3', 1.25, 2.5, { read: 0.2, above: [200, 2.5, 5, 0.4] }],
      ['grok-4-1-fast-reasoning', 0.2, 0.5, { read: 0.05, context: 2000, above: [128, 0.4, 1, 0.05] }],
      ['grok-4-1-fast-non-reasoning', 0.2, 0.5, { read: 0.05, context: 2000, above: [128, 0.4, 1, 0.05] }],
      ['grok-4-fast-reasoning', 0.2, 0.5, { read: 0.05, context: 2000, above: [128, 0.4, 1, 0.05] }],
      ['grok-4-fast-non-reasoning', 0.2, 0.5, { read: 0.05, context: 2000, above: [128, 0.4, 1, 0.05] }],
      ['grok-4', 3, 15, { read: 0.75, context: 256, above: [128, 6, 30, 0.75] }],
      ['grok-4-0709', 3, 15, { read: 0.75, context: 256, above: [128, 6, 30, 0.75] }],
      ['grok-code-fast-1', 0.2, 1.5, { read: 0.02, context: 256 }],
      ['grok-3', 3, 15, { read: 0.75, context: 131.072 }],
      ['grok-3-mini', 0.3, 0.5, { read: 0.075, context: 131.072 }],
    ],
  },
  {
    providers: ['cohere', 'cohere_chat'],
    known: true,
    chat: [
      ['command-a-03-2025', 2.5, 10, { context: 256, out: 8 }],
      ['command-r-plus-08-2024', 2.5, 10, { context: 128, out: 4 }],
      ['command-r-08-2024', 0.15, 0.6, { context: 128, out: 4 }],
      ['command-r7b-12-2024', 0.0375, 0.15, { context: 128, out: 4 }],
    ],
    embedding: [
      ['embed-v4.0', 0.12, 0, { context: 128 }],
      ['embed-english-v3.0', 0.1, 0, { context: 0.512 }],
      ['embed-english-light-v3.0', 0.1, 0, { context: 0.512 }],
      ['embed-multilingual-v3.0', 0.1, 0, { context: 0.512 }],
      ['embed-multilingual-light-v3.0', 0.1, 0, { context: 0.512 }],
    ],
    rerank: [
      ['rerank-v3.5', 0, 0, { query: 0.002, context: 4.096 }],
      ['rerank-english-v3.0', 0, 0, { query: 0.002, context: 4.096 }],
      ['rerank-multilingual-v3.0', 0, 0, { query: 0.002, context: 4.096 }],
    ],
  },
  {
    providers: ['together_ai'],
    known: false,
    chat: [
      ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 0.88, 0.88, { context: 131.072 }],
      ['meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo', 0.18, 0.18, { context: 131.072 }],
      ['meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo', 3.5, 3.5, { context: 130.815 }],
      ['meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8', 0.27, 0.85, { context: 1048.576 }],
      ['meta-llama/Llama-4-Scout-17B-16E-Instruct', 0.18, 0.59, { context: 1048.576 }],
      ['deepseek-ai/DeepSeek-V3', 1.25, 1.25, { context: 131.072 }],
      ['deepseek-ai/DeepSeek-V3.1', 0.6, 1.7, { context: 128 }],
      ['deepseek-ai/DeepSeek-R1', 3, 7, { context: 128 }],
      ['Qwen/Qwen2.5-72B-Instruct-Turbo', 1.2, 1.2, { context: 32.768 }],
      ['Qwen/Qwen2.5-7B-Instruct-Turbo', 0.3, 0.3, { context: 32.768 }],
      ['Qwen/Qwen3-235B-A22B-Instruct-2507-tput', 0.2, 0.6, kimi],
      ['moonshotai/Kimi-K2-Instruct-0905', 1, 3, kimi],
      ['openai/gpt-oss-120b', 0.15, 0.6, { context: 128 }],
      ['openai/gpt-oss-20b', 0.05, 0.2, { context: 128 }],
    ],
    rerank: [['Salesforce/Llama-Rank-V1', 0.1, 0, { context: 8.192 }]],
  },
  {
    providers: ['fireworks_ai'],
    known: false,
    chat: [
      ['accounts/fireworks/models/llama-v3p3-70b-instruct', 0.9, 0.9, { context: 131.072 }],
      ['accounts/fireworks/models/llama-v3p1-405b-instruct', 3, 3, { context: 131.072 }],
      ['accounts/fireworks/models/llama-v3p1-8b-instruct', 0.2, 0.2, { context: 131.072 }],
      ['accounts/fireworks/models/llama4-maverick-instruct-basic', 0.22, 0.88, { context: 1048.576 }],
      ['accounts/fireworks/models/llama4-scout-instruct-basic', 0.15, 0.6, { context: 1048.576 }],
      ['accounts/fireworks/models/deepseek-v3', 0.9, 0.9, { context: 131.072 }],
      ['accounts/fireworks/models/deepseek-v3p1', 0.56, 1.68, { context: 163.84 }],
      ['accounts/fireworks/models/kimi-k2-instruct', 0.6, 2.5, { context: 131.072 }],
      ['accounts/fireworks/models/qwen3-235b-a22b', 0.22, 0.88, { context: 131.072 }],
      ['accounts/fireworks/models/glm-4p5', 0.55, 2.19, { context: 131.072 }],
      ['accounts/fireworks/models/gpt-oss-120b', 0.15, 0.6, { context: 131.072 }],
    ],
  },
  {
    // The fee a request is that of the default, low search context.
    providers: ['perplexity'],
    known: true,
    chat: [
      ['sonar', 1, 1, { request: 0.005, context: 128 }],
      ['sonar-pro', 3, 15, { request: 0.006, context: 200 }],
      ['sonar-reasoning-pro', 2, 8, { request: 0.006, context: 128 }],
    ],
  },
  {
    providers: ['cerebras'],
    known: false,
    chat: [
      ['llama3.1-8b', 0.1, 0.1, { context: 32.768 }],
      ['llama-3.3-70b', 0.85, 1.2, { context: 131.072 }],
      ['gpt-oss-120b', 0.35, 0.75, { context: 131.072 }],
      ['qwen-3-32b', 0.4, 0.8, { context: 131.072 }],
      ['qwen-3-235b-a22b-instruct-2507', 0.6, 1.2, { context: 131.072 }],
      ['zai-glm-4.6', 2.25, 2.75, { context: 131.072 }],
    ],
  },
  {
    providers: ['voyage'],
    known: true,
    embedding: [
      ['voyage-4-large', 0.12, 0, { context: 32 }],
      ['voyage-4', 0.06, 0, { context: 32 }],
      ['voyage-4-lite', 0.02, 0, { context: 32 }],
      ['voyage-3-large', 0.18, 0, { context: 32 }],
      ['voyage-3.5', 0.06, 0, { context: 32 }],
      ['voyage-3.5-lite', 0.02, 0, { context: 32 }],
      ['voyage-3', 0.06, 0, { context: 32 }],
      ['voyage-3-lite', 0.02, 0, { context: 32 }],
      ['voyage-context-3', 0.18, 0, { context: 32 }],
      ['voyage-code-3', 0.18, 0, { context: 32 }],
      ['voyage-finance-2', 0.12, 0, { context: 32 }],
      ['voyage-law-2', 0.12, 0, { context: 16 }],
      ['voyage-multilingual-2', 0.12, 0, { context: 32 }],
    ],
    rerank: [
      ['rerank-2.5', 0.05, 0, { context: 32 }],
      ['rerank-2.5-lite', 0.02, 0, { context: 32 }],
      ['rerank-2', 0.05, 0, { context: 16 }],
      ['rerank-2-lite', 0.02, 0, { context: 8 }],
    ],
  },
  {
    providers: ['moonshot'],
    known: true,
    chat: [
      ['kimi-k3', 3, 15, { read: 0.3, context: 1048.576 }],
      ['kimi-k2.6', 0.95, 4, { read: 0.16, ...kimi }],
      ['kimi-k2.5', 0.6, 3, { read: 0.1, ...kimi }],
      ['kimi-k2-thinking', 0.6, 2.5, { read: 0.15, ...kimi }],
      ['kimi-k2-thinking-turbo', 1.15, 8, { read: 0.15, ...kimi }],
      ['kimi-k2-turbo-preview', 1.15, 8, { read: 0.15, ...kimi }],
      ['kimi-k2-0905-preview', 0.6, 2.5, { read: 0.15, ...kimi }],
      ['kimi-k2-0711-preview', 0.6, 2.5, { read: 0.15, context: 131.072 }],
      ['moonshot-v1-8k', 0.2, 2, { context: 8.192 }],
      ['moonshot-v1-32k', 1, 3, { context: 32.768 }],
      ['moonshot-v1-128k', 2, 5, { context: 131.072 }],
    ],
  },
  {
    providers: ['zai'],
    known: true,
    chat: [
      ['glm-4.7', 0.6, 2.2, { read: 0.11, context: 200, out: 128 }],
      ['glm-4.6', 0.6, 2.2, { read: 0.11, context: 200, out: 128 }],
      ['glm-4.5', 0.6, 2.2, { read: 0.11, context: 128, out: 96 }],
      ['glm-4.5-air', 0.2, 1.1, { read: 0.03, context: 128, out: 96 }],
    ],
  },
  {
    providers: ['sambanova'],
    known: false,
    chat: [
      ['Meta-Llama-3.3-70B-Instruct', 0.6, 1.2, { context: 131.072 }],
      ['Meta-Llama-3.1-8B-Instruct', 0.1, 0.2, { context: 16.384 }],
    ],
  },
];

/** Providers that run on one's own machines: their price is known, and it is nothing. */
export const freeProviders: ReadonlySet<string> = new Set([
  'ollama',
  'vllm',
  'hosted_vllm',
  'lm_studio',
  'llamafile',
  'llama_cpp',
  'infinity',
  'tei',
  'text-embeddings-inference',
  'xinference',
  'docker_model_runner',
  'lemonade',
]);
