// Azure OpenAI: OpenAI's dialect at addresses of its own. The name after the prefix is a deployment's, so what its model
// refuses is known by base_model, or by a model's name within the deployment's.
// https://learn.microsoft.com/azure/ai-services/openai/reference
import type { Operation } from '../core/chat.ts';
import type { JsonObject } from '../core/json.ts';
import type { Secret } from '../kit/secret.ts';
import { azurePath, deploymentName, knowsUsageInStreams, modelBehind } from './azure/place.ts';
import { longestCallId, openAiModelRules } from './openai-compatible/openai-models.ts';
import type { ModelRule } from './openai-compatible/parameters.ts';
import { openAiCompatible } from './openai-compatible.ts';
import type { Call, Edits, Provider, Wire } from './provider.ts';

const paths = { chat: '/chat/completions', completion: '/completions', embedding: '/embeddings' } as const;

function rulesByModelBehind(rule: ModelRule): ModelRule {
  const isOurs = (call: Call): boolean => rule.models.test(modelBehind(call.upstream));
  return {
    ...rule,
    models: /./,
    when: (draft, call) => isOurs(call) && (rule.when === undefined || rule.when(draft, call)),
  };
}

const dialect = openAiCompatible({
  name: 'azure',
  label: 'Azure OpenAI',
  prefixes: ['azure_text'],
  keyVariables: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
  baseUrlVariables: ['AZURE_API_BASE', 'AZURE_OPENAI_ENDPOINT'],
  baseUrl: null,
  keyRequired: true,
  operations: ['chat', 'completion', 'embedding'],
  paths: {
    chat: (call) => azurePath(call, paths.chat),
    completion: (call) => azurePath(call, paths.completion),
    embedding: (call) => azurePath(call, paths.embedding),
  },
  modelName: deploymentName,
  chat: { renames: {}, byModel: openAiModelRules.map(rulesByModelBehind), developerRole: true, longestCallId },
});

/** A token of Entra's goes before the key: whoever gives one means it. */
function headers(call: Call): Record<string, Secret> {
  const { api_key: key, azure_ad_token: token } = call.upstream.credential;
  if (token !== undefined && !token.isEmpty) return { authorization: token.prefixed('Bearer ') };
  return key === undefined || key.isEmpty ? {} : { 'api-key': key };
}

function azureWire(wire: Wire): Wire {
  return {
    ...wire,
    headers,
    edits(body: JsonObject, call: Call): Edits {
      const edits = wire.edits(body, call);
      return knowsUsageInStreams(call.upstream) ? edits : { ...edits, stream_options: undefined };
    },
  };
}

const operations = Object.keys(paths) as readonly Operation[];

export const azure: Provider = {
  ...dialect,
  versionVariables: ['AZURE_API_VERSION', 'OPENAI_API_VERSION'],
  secretVariables: { azure_ad_token: ['AZURE_AD_TOKEN', 'AZURE_OPENAI_AD_TOKEN'] },
  wires: Object.fromEntries(
    operations.flatMap((operation) => {
      const wire = dialect.wires[operation];
      return wire === undefined ? [] : [[operation, azureWire(wire)]];
    }),
  ),
};
