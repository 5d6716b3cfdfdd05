// Google's Gemini by the API of AI Studio, in Google's own words, which carry what its OpenAI-compatible address loses: thoughts
// and their signatures, safety, grounding, media. https://ai.google.dev/api
import { generatedCompletion } from './google/answer.ts';
import { apiKey } from './google/api-key.ts';
import { toldTokens, wholeQuestion } from './google/counting.ts';
import { batchAnswer, batchRequest } from './google/embedding.ts';
import { googleFailure } from './google/failure.ts';
import { geminiPath, generateMethod } from './google/place.ts';
import { generateReader } from './google/reader.ts';
import { generateRequest } from './google/request.ts';
import { googleUsage } from './google/usage.ts';
import type { Provider, Wire } from './provider.ts';

const common = {
  dialect: null,
  framing: 'sse',
  headers: apiKey,
  edits: () => ({}),
  failure: googleFailure,
} as const satisfies Partial<Wire>;

const chat: Wire = {
  ...common,
  path: (call) => geminiPath(call.upstream, generateMethod(call)),
  encode: generateRequest,
  decode: generatedCompletion,
  reader: generateReader,
  usage: googleUsage,
};

const embedding: Wire = {
  ...common,
  path: ({ upstream }) => geminiPath(upstream, 'batchEmbedContents'),
  encode: batchRequest,
  decode: batchAnswer,
  usage: () => null,
};

export const gemini: Provider = {
  name: 'gemini',
  label: 'Google Gemini (AI Studio)',
  prefixes: [],
  keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseUrlVariables: ['GEMINI_API_BASE'],
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  keyRequired: true,
  wires: { chat, embedding },
  countTokens: {
    path: ({ upstream }) => geminiPath(upstream, 'countTokens'),
    body: wholeQuestion,
    tokens: toldTokens,
  },
};
