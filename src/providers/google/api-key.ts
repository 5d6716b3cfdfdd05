// Google's API keys, of AI Studio or of Vertex AI's express mode. https://ai.google.dev/gemini-api/docs/api-key
import type { Secret } from '../../kit/secret.ts';
import type { Call } from '../provider.ts';

/** Takes the call; returns the header of its API key, when it has one. */
export function apiKey({ upstream }: Call): Record<string, Secret> {
  const key = upstream.credential.api_key;
  return key === undefined || key.isEmpty ? {} : { 'x-goog-api-key': key };
}
