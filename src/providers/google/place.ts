// Paths of Google's methods. https://ai.google.dev/api/generate-content
import type { Call, Upstream } from '../provider.ts';

/** An address that ends with the host is the version we know. */
export const geminiVersion = '/v1beta';

/** Takes the model's name; returns the resource it names: `models/…`, or a tuned model's own. */
export function modelResource(model: string): string {
  const named = /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`;
  return named.split('/').map(encodeURIComponent).join('/');
}

/** Takes an upstream and a method; returns the path below the base address. */
export function geminiPath({ model, baseUrl }: Upstream, method: string): string {
  const version = /^https?:\/\/[^/]+$/.test(baseUrl) ? geminiVersion : '';
  return `${version}/${modelResource(model)}:${method}`;
}

/** Takes a call; returns the method that generates, as it is called whole or streamed. */
export function generateMethod({ stream }: Call): string {
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
}
