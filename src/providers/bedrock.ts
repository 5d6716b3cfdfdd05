// Amazon Bedrock. Chat goes by Converse for every model, embeddings and ranks by InvokeModel; requests are signed, or carry a
// key of Bedrock's own. The address is the region's: api_base https://bedrock-runtime.<region>.amazonaws.com.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
import { chatCompletion, converseUsage } from './bedrock/answer.ts';
import { authorize, bearer } from './bedrock/authorize.ts';
import { embeddingRequest, embeddingUsage, vectorsAnswer } from './bedrock/embedding.ts';
import { bedrockFailure } from './bedrock/failure.ts';
import { modelPath } from './bedrock/place.ts';
import { converseReader } from './bedrock/reader.ts';
import { converseRequest } from './bedrock/request.ts';
import { rankedAnswer, rerankPath, rerankRequest } from './bedrock/rerank.ts';
import type { Provider, Wire } from './provider.ts';
import { rerankUsage } from './rerank.ts';

const common = {
  dialect: null,
  framing: 'aws-event-stream',
  headers: bearer,
  authorize,
  edits: () => ({}),
  failure: bedrockFailure,
} as const satisfies Partial<Wire>;

const chat: Wire = {
  ...common,
  path: ({ upstream, stream }) => modelPath(upstream, stream ? 'converse-stream' : 'converse'),
  encode: converseRequest,
  decode: chatCompletion,
  reader: converseReader,
  usage: converseUsage,
};

const embedding: Wire = {
  ...common,
  path: ({ upstream }) => modelPath(upstream, 'invoke'),
  encode: embeddingRequest,
  decode: vectorsAnswer,
  usage: embeddingUsage,
};

const rerank: Wire = {
  ...common,
  path: rerankPath,
  encode: rerankRequest,
  decode: rankedAnswer,
  usage: rerankUsage,
};

export const bedrock: Provider = {
  name: 'bedrock',
  label: 'Amazon Bedrock',
  prefixes: [],
  keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
  baseUrlVariables: ['AWS_BEDROCK_RUNTIME_ENDPOINT'],
  defaultBaseUrl: null,
  keyRequired: false,
  wires: { chat, embedding, rerank },
};
