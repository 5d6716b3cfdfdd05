// Cache marks (Anthropic's and LiteLLM's `cache_control`) → Converse's cache points. A mark changes the bill and never the
// answer, so where a model takes none it is left out and noted.
// https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Call } from '../provider.ts';
import { bedrockModel } from './models.ts';

/** Takes a `cache_control`, where it stands and the call; returns one cache point, or none. */
export function cachePoint(mark: JsonValue | undefined, where: 'words' | 'tools', call: Call): JsonObject[] {
  if (!isObject(mark)) return [];
  const { caches, isRecent } = bedrockModel(call.upstream);
  if (caches === 'nothing' || (caches === 'no-tools' && where === 'tools')) {
    if (!call.dropped.includes('cache_control')) call.dropped.push('cache_control');
    return [];
  }
  return [{ cachePoint: { type: 'default', ...(mark.ttl === '1h' && isRecent ? { ttl: '1h' } : {}) } }];
}
