// What Google reports of tokens. Its candidatesTokenCount leaves thinking out, ours counts it in; its promptTokenCount counts
// the cache in, as ours does. https://ai.google.dev/api/generate-content#UsageMetadata
import { isObject, type JsonObject, type JsonValue, listOf, numberOf } from '../../core/json.ts';
import { noUsage, type Usage } from '../../core/usage.ts';

/** Takes an answer or a piece of a stream; returns its tokens, or null when it reports none. */
export function googleUsage({ usageMetadata: told }: JsonObject): Usage | null {
  if (!isObject(told) || (told.promptTokenCount === undefined && told.totalTokenCount === undefined)) return null;
  const reasoning = numberOf(told.thoughtsTokenCount) ?? 0;
  const input = (numberOf(told.promptTokenCount) ?? 0) + (numberOf(told.toolUsePromptTokenCount) ?? 0);
  return {
    ...noUsage,
    input,
    output: (numberOf(told.candidatesTokenCount) ?? 0) + reasoning,
    cacheRead: numberOf(told.cachedContentTokenCount) ?? 0,
    reasoning,
    audioInput: audioIn(told.promptTokensDetails),
    audioOutput: audioIn(told.candidatesTokensDetails),
  };
}

function audioIn(details: JsonValue | undefined): number {
  const audio = listOf(details)
    .filter(isObject)
    .filter((detail) => detail.modality === 'AUDIO');
  return audio.reduce((sum, detail) => sum + (numberOf(detail.tokenCount) ?? 0), 0);
}
