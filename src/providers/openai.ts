// OpenAI itself, and with another address any server that keeps to its dialect.
// https://platform.openai.com/docs/api-reference

import { longestCallId, openAiModelRules } from './openai-compatible/openai-models.ts';
import type { ModelRule } from './openai-compatible/parameters.ts';
import { openAiCompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

const address = 'https://api.openai.com/v1';

/** Words of other vendors that OpenAI refuses; a server at another address may know them. */
const strict: ModelRule = {
  models: /./,
  when: (_draft, { upstream }) => upstream.baseUrl === address,
  rejects: ['top_k', 'thinking'],
};

const responses = 'responses/';

export const openai: Provider = openAiCompatible({
  name: 'openai',
  label: 'OpenAI',
  prefixes: ['text-completion-openai'],
  keyVariables: ['OPENAI_API_KEY'],
  baseUrlVariables: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
  baseUrl: address,
  operations: ['chat', 'completion', 'embedding', 'moderation'],
  // LiteLLM's `openai/responses/<model>` asks for another API of the same model; chat is answered by this one.
  modelName: (model) => (model.startsWith(responses) ? model.slice(responses.length) : model),
  headers({ parameters }): Record<string, string> {
    return parameters.organization === undefined ? {} : { 'openai-organization': parameters.organization };
  },
  chat: {
    renames: {},
    byModel: [strict, ...openAiModelRules],
    developerRole: true,
    longestCallId,
  },
});
