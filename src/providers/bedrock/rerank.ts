// Rerank: at the runtime's address by InvokeModel, in Cohere's words, which Amazon's ranker shares; at the agents' runtime by
// the Rerank API. https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-use.html
import { GatewayError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf, numberOf, textOf } from '../../core/json.ts';
import { preset } from '../preset.ts';
import type { Call, Upstream } from '../provider.ts';
import { rerankAnswer, rerankTexts } from '../rerank.ts';
import { invalid } from '../unsupported.ts';
import { modelPath, namedModel, regionOf } from './place.ts';

/** Takes the call; returns the path below the base address. */
export function rerankPath({ upstream }: Call): string {
  return isAgents(upstream) ? '/rerank' : modelPath(upstream, 'invoke');
}

/** Takes a rerank request and the call; returns the body of either API. Throws field_missing, field_invalid. */
export function rerankRequest(request: JsonObject, call: Call): JsonObject {
  const body = preset(request, call);
  if (body.query === undefined) throw new GatewayError('field_missing', { field: 'query' });
  const query = textOf(body.query);
  if (query === undefined) throw invalid('query', 'must be a text');
  const { upstream } = call;
  if (isAgents(upstream)) return agentsRequest(query, body, upstream);
  const version = namedModel(upstream.model).id.includes('cohere') ? { api_version: 2 } : {};
  return { ...others(body), query, documents: rerankTexts(body), ...topCount(body, 'top_n'), ...version };
}

/** Takes either API's answer, the call and the request; returns it in Cohere's shape. Throws upstream_garbled. */
export function rankedAnswer(body: JsonValue, call: Call, request: JsonObject): JsonObject {
  if (!isObject(body)) return rerankAnswer(body, call, request);
  const results = listOf(body.results).map((result) => {
    if (!isObject(result) || result.relevanceScore === undefined) return result;
    const { relevanceScore, document: _document, ...rest } = result;
    return { ...rest, relevance_score: relevanceScore };
  });
  return rerankAnswer(body.results === undefined ? body : { ...body, results }, call, request);
}

function isAgents({ baseUrl }: Upstream): boolean {
  return /(?:^|\.)bedrock-agent-runtime[.-]/.test(new URL(baseUrl).hostname);
}

function agentsRequest(query: string, body: JsonObject, upstream: Upstream): JsonObject {
  const { id } = namedModel(upstream.model);
  const modelArn = id.startsWith('arn:') ? id : `arn:aws:bedrock:${regionOf(upstream)}::foundation-model/${id}`;
  const extra = others(body);
  const additional = Object.keys(extra).length === 0 ? {} : { additionalModelRequestFields: extra };
  const ranking = { modelConfiguration: { modelArn, ...additional }, ...topCount(body, 'numberOfResults') };
  return {
    queries: [{ type: 'TEXT', textQuery: { text: query } }],
    sources: rerankTexts(body).map((text) => ({
      type: 'INLINE',
      inlineDocumentSource: { type: 'TEXT', textDocument: { text } },
    })),
    rerankingConfiguration: { type: 'BEDROCK_RERANKING_MODEL', bedrockRerankingConfiguration: ranking },
  };
}

function topCount(body: JsonObject, name: string): JsonObject {
  const count = numberOf(body.top_n);
  return count === undefined ? {} : { [name]: count };
}

const translated = ['model', 'query', 'documents', 'top_n', 'rank_fields', 'return_documents', 'user'];

function others(body: JsonObject): JsonObject {
  const kept = Object.entries(body).filter(([field]) => !translated.includes(field) && !field.startsWith('aws_'));
  return Object.fromEntries(kept);
}
