// Amazon Bedrock. Chat goes by Converse for every model, embeddings and ranks by InvokeModel; requests are signed, or carry a
// key of Bedrock's own. The address is the region's.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
import { chatCompletion, converseUsage } from './bedrock/answer.ts';
import { authorize, bearer } from './bedrock/authorize.ts';
import { embeddingRequest, embeddingUsage, vectorsAnswer } from './bedrock/embedding.ts';
import { bedrockFailure } from './bedrock/failure.ts';
import { modelPath, namedModel } from './bedrock/place.ts';
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
  settingVariables: {
    aws_region_name: ['AWS_REGION_NAME', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
    aws_profile_name: ['AWS_PROFILE_NAME'],
    aws_role_name: ['AWS_ROLE_NAME'],
    aws_session_name: ['AWS_SESSION_NAME'],
    aws_external_id: [],
    aws_sts_endpoint: [],
  },
  regional: {
    field: 'aws_region_name',
    regionOf: (model) => namedModel(model).region,
    addressIn: (region) => `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  },
  defaultBaseUrl: null,
  keyRequired: false,
  wires: { chat, embedding, rerank },
};
