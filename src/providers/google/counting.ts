// How many tokens a request has: Google's countTokens, at AI Studio around the whole request, at Vertex AI in its place.
// https://ai.google.dev/api/tokens https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens
import { type JsonObject, numberOf } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { modelResource } from './place.ts';

/** Takes generateContent's body and the call; returns the question to AI Studio. */
export function wholeQuestion(body: JsonObject, { upstream }: Call): JsonObject {
  return { generateContentRequest: { model: decodeURIComponent(modelResource(upstream.model)), ...body } };
}

const counted = ['contents', 'systemInstruction', 'tools', 'generationConfig'];

/** Takes generateContent's body; returns the question to Vertex AI. */
export function partialQuestion(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([field]) => counted.includes(field)));
}

const countedOfClaude = ['messages', 'system', 'tools', 'tool_choice', 'thinking'];

/** Takes Claude's body and the call; returns the question for it, which names the model. */
export function claudeQuestion(body: JsonObject, { upstream }: Call): JsonObject {
  const kept = Object.entries(body).filter(([field]) => countedOfClaude.includes(field));
  return { model: upstream.model, ...Object.fromEntries(kept) };
}

/** Takes the answer; returns the number of tokens, or undefined. Claude's is told in Anthropic's word. */
export function toldTokens(answer: JsonObject): number | undefined {
  return numberOf(answer.totalTokens) ?? numberOf(answer.input_tokens);
}
