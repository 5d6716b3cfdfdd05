// Providers that speak OpenAI's dialect, as data: name (LiteLLM's prefix), address, environment names, and where they differ.
// Names and addresses follow LiteLLM (contracts section 13) and each provider's own pages; a row without `keyVariables` is
// known by its name in capitals and `_API_KEY`, its address by `_API_BASE`.

import type { Operation } from '../core/chat.ts';
import { llamaProperties } from './model-lists.ts';
import { openAiModelRules } from './openai-compatible/openai-models.ts';
import { type CompatibleFacts, openAiCompatible, type RerankFacts } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

const texts: readonly Operation[] = ['chat', 'completion'];
const textsAndVectors: readonly Operation[] = ['chat', 'completion', 'embedding'];
const chatAndVectors: readonly Operation[] = ['chat', 'embedding'];
const everything: readonly Operation[] = ['chat', 'completion', 'embedding', 'rerank'];

const bothMaxTokens = { renames: {} } as const;
const numbersOnly = { numbersOnly: true } as const;
const olderFunctions = ['functions', 'function_call'];
const logProbabilities = ['logprobs', 'top_logprobs'];
const penalties = ['presence_penalty', 'frequency_penalty'];
const sound = ['audio', 'modalities'];
/** It ranks texts only: objects are written as texts, their fields as lines. */
const textsOnly: RerankFacts = {
  request: ({ rank_fields: written, ...request }, documents) => ({ ...request, documents }),
};

/** Servers on the own machine or in the own network. They take what vLLM and llama.cpp take, and need no key. */
const ownServers: readonly CompatibleFacts[] = [
  {
    name: 'hosted_vllm',
    label: 'vLLM',
    prefixes: ['vllm'],
    baseUrl: null,
    local: { baseUrl: 'http://127.0.0.1:8000/v1', modelsPath: '/models' },
    operations: everything,
    chat: { ...bothMaxTokens, keeps: ['reasoning_content'], developerRole: true },
    rerank: textsOnly,
  },
  {
    name: 'llamafile',
    label: 'llama.cpp or llamafile',
    prefixes: ['llama_cpp', 'llama.cpp'],
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyRequired: false,
    local: { baseUrl: 'http://127.0.0.1:8080/v1', modelsPath: '/models' },
    describe: llamaProperties,
    operations: everything,
    chat: { keeps: ['reasoning_content'] },
    rerank: textsOnly,
  },
  {
    name: 'lm_studio',
    label: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyRequired: false,
    local: { baseUrl: 'http://127.0.0.1:1234/v1', modelsPath: '/models' },
    operations: textsAndVectors,
    // It answers numbers whatever encoding is asked for, which OpenAI's own client then decodes to a quarter of the width.
    embedding: numbersOnly,
  },
  {
    name: 'docker_model_runner',
    label: 'Docker Model Runner',
    baseUrl: 'http://127.0.0.1:12434/engines/llama.cpp/v1',
    keyRequired: false,
    operations: textsAndVectors,
  },
  {
    name: 'lemonade',
    label: 'Lemonade',
    baseUrl: 'http://127.0.0.1:8000/api/v1',
    keyRequired: false,
    operations: everything,
  },
  {
    name: 'xinference',
    label: 'Xinference',
    baseUrl: 'http://127.0.0.1:9997/v1',
    keyRequired: false,
    operations: everything,
  },
  {
    name: 'infinity',
    label: 'Infinity',
    baseUrl: null,
    operations: ['embedding', 'rerank'],
    rerank: textsOnly,
  },
  {
    name: 'tei',
    label: 'Text Embeddings Inference',
    prefixes: ['text-embeddings-inference', 'text_embeddings_inference'],
    baseUrl: null,
    operations: ['embedding', 'rerank'],
    // Its own routes stand at the root, OpenAI's below /v1: the address is the root.
    paths: { embedding: '/v1/embeddings', rerank: '/rerank' },
    rerank: {
      request: ({ query, return_documents }, texts) => ({ query, texts, return_text: return_documents === true }),
    },
  },
  {
    name: 'litellm_proxy',
    label: 'LiteLLM proxy or another gateway',
    baseUrl: null,
    operations: ['chat', 'completion', 'embedding', 'rerank', 'moderation'],
    chat: {
      ...bothMaxTokens,
      keeps: ['reasoning_content', 'thinking_blocks', 'cache_control'],
      developerRole: true,
    },
  },
  {
    name: 'openai_like',
    label: 'Any server of OpenAI’s dialect',
    prefixes: ['custom_openai', 'aiohttp_openai'],
    baseUrl: null,
    operations: everything,
    chat: { ...bothMaxTokens, developerRole: true },
  },
];

const rankers: readonly CompatibleFacts[] = [
  {
    name: 'jina_ai',
    label: 'Jina AI',
    keyVariables: ['JINA_AI_API_KEY', 'JINA_API_KEY'],
    baseUrl: 'https://api.jina.ai/v1',
    operations: ['embedding', 'rerank'],
    // Its word for the encoding is embedding_type.
    embedding: { ...numbersOnly, rejects: ['user'] },
    rerank: { rejects: ['max_chunks_per_doc', 'max_tokens_per_doc', 'rank_fields'] },
  },
  {
    name: 'voyage',
    label: 'Voyage AI',
    baseUrl: 'https://api.voyageai.com/v1',
    operations: ['embedding', 'rerank'],
    // It refuses encoding_format `float`, and unknown fields.
    embedding: { ...numbersOnly, renames: { dimensions: 'output_dimension' }, rejects: ['user'] },
    rerank: {
      renames: { top_n: 'top_k' },
      rejects: ['max_chunks_per_doc', 'max_tokens_per_doc'],
      ...textsOnly,
    },
  },
];

const hosts: readonly CompatibleFacts[] = [
  {
    name: 'groq',
    label: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    // https://console.groq.com/docs/openai: refused with 400 when sent.
    chat: {
      ...bothMaxTokens,
      rejects: ['n', 'logit_bias', ...logProbabilities, ...sound, 'prediction', 'top_k'],
      names: 'none',
      developerRole: true,
    },
  },
  {
    name: 'together_ai',
    label: 'Together AI',
    prefixes: ['together'],
    keyVariables: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY', 'TOGETHERAI_API_KEY', 'TOGETHER_AI_TOKEN'],
    baseUrl: 'https://api.together.xyz/v1',
    operations: everything,
    embedding: { ...numbersOnly, rejects: ['dimensions', 'user'] },
    rerank: { rejects: ['max_chunks_per_doc', 'max_tokens_per_doc'] },
  },
  {
    name: 'fireworks_ai',
    label: 'Fireworks AI',
    prefixes: ['fireworks'],
    keyVariables: ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY', 'FIREWORKSAI_API_KEY', 'FIREWORKS_AI_TOKEN'],
    baseUrlVariables: ['FIREWORKS_API_BASE', 'FIREWORKS_AI_API_BASE'],
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    operations: everything,
    modelName: (model) => (/^accounts\/|[/#]/.test(model) ? model : `accounts/fireworks/models/${model}`),
    chat: { requiredToolChoice: 'any' },
    rerank: textsOnly,
  },
  {
    name: 'deepseek',
    label: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/beta',
    operations: texts,
    // Thinking with tools wants the reasoning of the turn back: https://api-docs.deepseek.com/guides/thinking_mode
    chat: { rejects: ['n', 'logit_bias', ...sound, 'prediction'], flatContent: true, keeps: ['reasoning_content'] },
  },
  {
    name: 'xai',
    label: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    operations: texts,
    // https://docs.x.ai/docs/guides/reasoning
    chat: {
      ...bothMaxTokens,
      rejects: ['logit_bias'],
      byModel: [
        {
          models: /grok-(?:3-mini|4|code)(?!.*non-reasoning)/,
          rejects: [...penalties, 'stop'],
          why: 'a reasoning model',
        },
        { models: /grok-4(?:-0709|-latest)?$|grok-code/, rejects: ['reasoning_effort'], why: 'it always thinks' },
      ],
      withoutStrict: true,
    },
  },
  {
    name: 'openrouter',
    label: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    operations: textsAndVectors,
    // Its HTTP-Referer and X-Title are set as `extra_headers` of the deployment.
    chat: { ...bothMaxTokens, keeps: ['reasoning_content', 'cache_control'], developerRole: true },
  },
  {
    name: 'perplexity',
    label: 'Perplexity',
    keyVariables: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    baseUrlVariables: ['PERPLEXITYAI_API_BASE', 'PERPLEXITY_API_BASE'],
    baseUrl: 'https://api.perplexity.ai',
    // https://docs.perplexity.ai/api-reference/chat-completions-post has no tools and none of these.
    chat: {
      rejects: [
        'n',
        'stop',
        'seed',
        'logit_bias',
        ...logProbabilities,
        'tools',
        'tool_choice',
        'parallel_tool_calls',
        ...olderFunctions,
        ...sound,
        'prediction',
      ],
      streamOptions: false,
    },
  },
  {
    name: 'cerebras',
    label: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    operations: texts,
    // https://inference-docs.cerebras.ai/resources/openai: refused with 400.
    chat: {
      ...bothMaxTokens,
      rejects: ['n', 'logit_bias', ...penalties, ...sound, ...olderFunctions, 'top_k'],
    },
  },
  {
    name: 'sambanova',
    label: 'SambaNova',
    baseUrl: 'https://api.sambanova.ai/v1',
    operations: textsAndVectors,
    chat: { rejects: ['n', 'logit_bias', ...penalties, ...logProbabilities] },
  },
  {
    name: 'nvidia_nim',
    label: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    operations: everything,
    // A NIM of one's own ranks at /ranking; NVIDIA's hosted rankers stand at another address.
    paths: { rerank: '/ranking' },
    rerank: {
      request: ({ query }, documents) => ({ query: { text: query }, passages: documents.map((text) => ({ text })) }),
    },
  },
  {
    name: 'deepinfra',
    label: 'DeepInfra',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    operations: textsAndVectors,
    chat: { rejects: ['logit_bias'] },
  },
  { name: 'hyperbolic', label: 'Hyperbolic', baseUrl: 'https://api.hyperbolic.xyz/v1', operations: texts },
  { name: 'novita', label: 'Novita AI', baseUrl: 'https://api.novita.ai/v3/openai', operations: textsAndVectors },
  {
    name: 'moonshot',
    label: 'Moonshot AI',
    prefixes: ['moonshotai'],
    baseUrl: 'https://api.moonshot.ai/v1',
    // https://platform.moonshot.ai/docs: thinking models want their reasoning back; the older functions are refused.
    chat: { rejects: [...olderFunctions, 'logit_bias'], keeps: ['reasoning_content'] },
  },
  {
    name: 'zai',
    label: 'Z.ai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    operations: chatAndVectors,
    // https://docs.z.ai/api-reference/llm/chat-completion
    chat: {
      rejects: ['n', 'logit_bias', ...penalties, ...logProbabilities, ...olderFunctions],
      keeps: ['reasoning_content'],
    },
    embedding: numbersOnly,
  },
  {
    name: 'dashscope',
    label: 'Alibaba Cloud Model Studio',
    prefixes: ['alibaba'],
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    operations: chatAndVectors,
    chat: { rejects: ['logit_bias', ...olderFunctions] },
    embedding: { ...numbersOnly, rejects: ['user'] },
  },
  {
    name: 'github',
    label: 'GitHub Models',
    keyVariables: ['GITHUB_API_KEY', 'GITHUB_TOKEN'],
    baseUrl: 'https://models.github.ai/inference',
    operations: chatAndVectors,
    chat: { renames: {}, byModel: openAiModelRules, developerRole: true },
  },
  {
    name: 'huggingface',
    label: 'Hugging Face',
    keyVariables: ['HUGGINGFACE_API_KEY', 'HF_TOKEN'],
    baseUrlVariables: ['HF_API_BASE', 'HUGGINGFACE_API_BASE'],
    baseUrl: 'https://router.huggingface.co/v1',
    // LiteLLM's `<provider>/<org>/<model>` is the router's `<org>/<model>:<provider>`.
    modelName: (model) => model.replace(/^([^/]+)\/([^/]+\/[^/]+)$/, '$2:$1'),
  },
  {
    name: 'nebius',
    label: 'Nebius',
    baseUrl: 'https://api.studio.nebius.ai/v1',
    operations: textsAndVectors,
  },
  {
    name: 'friendliai',
    label: 'FriendliAI',
    keyVariables: ['FRIENDLI_TOKEN', 'FRIENDLIAI_API_KEY'],
    baseUrlVariables: ['FRIENDLI_API_BASE', 'FRIENDLIAI_API_BASE'],
    baseUrl: 'https://api.friendli.ai/serverless/v1',
    operations: texts,
  },
  {
    name: 'featherless_ai',
    label: 'Featherless AI',
    keyVariables: ['FEATHERLESS_AI_API_KEY', 'FEATHERLESS_API_KEY'],
    baseUrl: 'https://api.featherless.ai/v1',
    operations: texts,
  },
  {
    name: 'lambda_ai',
    label: 'Lambda',
    keyVariables: ['LAMBDA_API_KEY', 'LAMBDA_AI_API_KEY'],
    baseUrlVariables: ['LAMBDA_API_BASE', 'LAMBDA_AI_API_BASE'],
    baseUrl: 'https://api.lambda.ai/v1',
    operations: texts,
  },
  { name: 'baseten', label: 'Baseten', baseUrl: 'https://inference.baseten.co/v1' },
  {
    name: 'volcengine',
    label: 'Volcengine Ark',
    keyVariables: ['VOLCENGINE_API_KEY', 'ARK_API_KEY'],
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    operations: chatAndVectors,
    chat: { ...bothMaxTokens, keeps: ['reasoning_content'] },
    embedding: numbersOnly,
  },
  {
    name: 'meta_llama',
    label: 'Meta Llama API',
    keyVariables: ['LLAMA_API_KEY'],
    baseUrlVariables: ['LLAMA_API_BASE'],
    baseUrl: 'https://api.llama.com/compat/v1',
    chat: { ...bothMaxTokens, rejects: ['n', 'logit_bias', ...logProbabilities] },
  },
  { name: 'nscale', label: 'Nscale', baseUrl: 'https://inference.api.nscale.com/v1', operations: chatAndVectors },
  {
    name: 'ovhcloud',
    label: 'OVHcloud AI Endpoints',
    baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    operations: textsAndVectors,
  },
  { name: 'wandb', label: 'Weights & Biases Inference', baseUrl: 'https://api.inference.wandb.ai/v1' },
  {
    name: 'vercel_ai_gateway',
    label: 'Vercel AI Gateway',
    keyVariables: ['VERCEL_AI_GATEWAY_API_KEY', 'AI_GATEWAY_API_KEY'],
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    operations: chatAndVectors,
    chat: { ...bothMaxTokens, keeps: ['cache_control'], developerRole: true },
  },
  {
    name: 'ai21_chat',
    label: 'AI21',
    prefixes: ['ai21'],
    keyVariables: ['AI21_API_KEY'],
    baseUrlVariables: ['AI21_API_BASE'],
    baseUrl: 'https://api.ai21.com/studio/v1',
    chat: { rejects: ['logit_bias', ...logProbabilities, ...penalties], streamOptions: false },
  },
  { name: 'minimax', label: 'MiniMax', baseUrl: 'https://api.minimax.io/v1', chat: { keeps: ['reasoning_content'] } },
  { name: 'morph', label: 'Morph', baseUrl: 'https://api.morphllm.com/v1' },
  { name: 'v0', label: 'v0', baseUrl: 'https://api.v0.dev/v1' },
  { name: 'chutes', label: 'Chutes', baseUrl: 'https://llm.chutes.ai/v1', operations: texts },
  { name: 'veniceai', label: 'Venice AI', baseUrl: 'https://api.venice.ai/api/v1', operations: chatAndVectors },
  { name: 'poe', label: 'Poe', baseUrl: 'https://api.poe.com/v1' },
  { name: 'synthetic', label: 'Synthetic', baseUrl: 'https://api.synthetic.new/openai/v1' },
  { name: 'gradient_ai', label: 'DigitalOcean Gradient AI', baseUrl: 'https://inference.do-ai.run/v1' },
  { name: 'cometapi', label: 'CometAPI', baseUrl: 'https://api.cometapi.com/v1', operations: chatAndVectors },
  { name: 'helicone', label: 'Helicone', baseUrl: 'https://ai-gateway.helicone.ai' },
];

export const compatibleProviders: readonly Provider[] = [...hosts, ...rankers, ...ownServers].map(openAiCompatible);
