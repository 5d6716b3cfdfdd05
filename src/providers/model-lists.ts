// What servers that speak OpenAI's dialect tell of a model beside its name, each in a field of its own.
// Sources: vLLM's ModelCard (max_model_len), llama.cpp's server README (/props), OpenRouter, Together and Fireworks (context_length),
// Groq (context_window, max_completion_tokens), Mistral (max_context_length).
import { isObject, type JsonObject, listOf, numberOf } from '../core/json.ts';
import type { ModelInfo } from '../core/records.ts';
import type { ModelQuestion } from './provider.ts';

const sizes = ['max_model_len', 'context_length', 'context_window', 'max_context_length'] as const;

/** The list of models, below the base address. */
export const modelList: ModelQuestion = {
  ask: () => ({ path: '/models' }),
  read: (answer, model) => {
    const entry = listOf(answer.data)
      .filter(isObject)
      .find(({ id }) => id === model);
    if (entry === undefined) return null;
    return sized(sizes.map((field) => entry[field]).find(isSize), entry.max_completion_tokens);
  },
};

/** llama.cpp has one model, and tells how much of its context a request may fill. */
export const llamaProperties: ModelQuestion = {
  ask: () => ({ path: '/props', isOfServer: true }),
  read: ({ default_generation_settings: settings, modalities }) => ({
    ...sized(isObject(settings) ? settings.n_ctx : undefined, undefined),
    ...(isObject(modalities) && typeof modalities.vision === 'boolean' ? { supports_vision: modalities.vision } : {}),
  }),
};

function sized(input: unknown, output: unknown): ModelInfo {
  return {
    ...(isSize(input) ? { max_input_tokens: input } : {}),
    ...(isSize(output) ? { max_output_tokens: output } : {}),
  };
}

function isSize(value: unknown): value is number {
  const size = numberOf(value);
  return size !== undefined && Number.isInteger(size) && size > 0;
}

/** Ollama: POST /api/show (https://docs.ollama.com/api, "Show model information"). What its Modelfile sets goes before what was trained. */
export const ollamaShow: ModelQuestion = {
  ask: (model) => ({ path: '/api/show', body: { model } }),
  read: (answer) => {
    const trained = fieldOf(answer.model_info, 'context_length');
    const set = /^num_ctx\s+(\d+)$/m.exec(typeof answer.parameters === 'string' ? answer.parameters : '')?.[1];
    const width = fieldOf(answer.model_info, 'embedding_length');
    const can = listOf(answer.capabilities).map(String);
    return {
      ...sized(set === undefined ? trained : Number(set), undefined),
      ...(can.length === 0 ? {} : abilities(can)),
      ...(can.includes('embedding') && isSize(width) ? { output_vector_size: width } : {}),
    };
  },
};

/** Its names begin with the architecture: `qwen3.context_length`. */
function fieldOf(info: unknown, name: string): unknown {
  if (!isObject(info)) return undefined;
  return info[`${String(info['general.architecture'])}.${name}`];
}

function abilities(can: readonly string[]): JsonObject {
  return {
    mode: can.includes('embedding') ? 'embedding' : 'chat',
    supports_function_calling: can.includes('tools'),
    supports_vision: can.includes('vision'),
    supports_reasoning: can.includes('thinking'),
  };
}
