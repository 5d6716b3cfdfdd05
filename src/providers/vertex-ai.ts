// Google's Vertex AI: Gemini in the same words as at AI Studio, Claude in Anthropic's and open models in OpenAI's, each at its
// location's address, with a token of Google Cloud's. https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
import type { JsonObject } from '../core/json.ts';
import { chatCompletion, messageUsage } from './anthropic/answer.ts';
import { messageReader } from './anthropic/reader.ts';
import { anthropicRequest } from './anthropic/request.ts';
import { generatedCompletion } from './google/answer.ts';
import { apiKey } from './google/api-key.ts';
import { authorize } from './google/authorize.ts';
import { claudeQuestion, partialQuestion, toldTokens } from './google/counting.ts';
import { googleFailure } from './google/failure.ts';
import { openModelRequest } from './google/open-models.ts';
import { generateMethod } from './google/place.ts';
import { generateReader } from './google/reader.ts';
import { generateRequest } from './google/request.ts';
import { googleUsage } from './google/usage.ts';
import { predictAnswer, predictRequest, predictUsage } from './google/vertex-embedding.ts';
import {
  isClaude,
  isOpenModel,
  openModelPath,
  usualLocation,
  vertexAddress,
  vertexPath,
} from './google/vertex-place.ts';
import { mendChatAnswer } from './openai-compatible/answer.ts';
import { chatReader } from './openai-compatible/stream.ts';
import { usageOf } from './openai-compatible/usage.ts';
import type { Call, Provider, Wire } from './provider.ts';

const common = {
  dialect: null,
  framing: 'sse',
  headers: apiKey,
  authorize,
  edits: () => ({}),
  failure: googleFailure,
} as const satisfies Partial<Wire>;

/** The version of Anthropic's API as Vertex names it; the model is named by the path. */
const claudeVersion = 'vertex-2023-10-16';

function claudeRequest(request: JsonObject, call: Call): JsonObject {
  const body = anthropicRequest(request, call);
  const own = Object.entries(body).filter(([field]) => field !== 'model' && !field.startsWith('vertex_'));
  return { anthropic_version: claudeVersion, ...Object.fromEntries(own) };
}

function claudeMethod({ stream }: Call): string {
  return stream ? 'streamRawPredict' : 'rawPredict';
}

/** What is spoken at Vertex AI: by whom a model was made. */
type Speech = Required<Pick<Wire, 'path' | 'encode' | 'decode' | 'reader'>>;

const gemini: Speech = {
  path: (call) => vertexPath(call.upstream, generateMethod(call)),
  encode: generateRequest,
  decode: generatedCompletion,
  reader: generateReader,
};

const claude: Speech = {
  path: (call) => vertexPath(call.upstream, claudeMethod(call)),
  encode: claudeRequest,
  decode: chatCompletion,
  reader: messageReader,
};

const openModel: Speech = {
  path: ({ upstream }) => openModelPath(upstream),
  encode: openModelRequest,
  decode: (body, call) => mendChatAnswer('vertex_ai', body, call),
  reader: (call) => chatReader('vertex_ai', call),
};

function speechOf({ upstream }: Call): Speech {
  if (isClaude(upstream)) return claude;
  return isOpenModel(upstream) ? openModel : gemini;
}

const chat: Wire = {
  ...common,
  path: (call) => speechOf(call).path(call),
  encode: (request, call) => speechOf(call).encode(request, call),
  decode: (body, call, request) => speechOf(call).decode(body, call, request),
  reader: (call) => speechOf(call).reader(call),
  usage: (body) => googleUsage(body) ?? (body.choices === undefined ? messageUsage(body) : usageOf(body)),
};

const embedding: Wire = {
  ...common,
  path: ({ upstream }) => vertexPath(upstream, 'predict'),
  encode: predictRequest,
  decode: predictAnswer,
  usage: predictUsage,
};

export const vertexAi: Provider = {
  name: 'vertex_ai',
  label: 'Google Vertex AI',
  prefixes: ['vertex_ai_beta'],
  keyVariables: ['VERTEXAI_API_KEY', 'VERTEX_API_KEY'],
  baseUrlVariables: ['VERTEXAI_API_BASE'],
  secretVariables: { vertex_credentials: ['VERTEXAI_CREDENTIALS', 'GOOGLE_APPLICATION_CREDENTIALS'] },
  settingVariables: {
    vertex_project: ['VERTEXAI_PROJECT', 'VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT'],
    vertex_location: ['VERTEXAI_LOCATION', 'VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'],
  },
  regional: {
    field: 'vertex_location',
    regionOf: () => undefined,
    addressIn: vertexAddress,
  },
  defaultBaseUrl: vertexAddress(usualLocation),
  keyRequired: false,
  wires: { chat, embedding },
  countTokens: {
    path: ({ upstream }) =>
      isClaude(upstream)
        ? vertexPath({ ...upstream, model: 'publishers/anthropic/models/count-tokens' }, 'rawPredict')
        : vertexPath(upstream, 'countTokens'),
    body: (body, call) => (isClaude(call.upstream) ? claudeQuestion(body, call) : partialQuestion(body)),
    tokens: toldTokens,
  },
};
