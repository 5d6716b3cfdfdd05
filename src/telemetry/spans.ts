// A finished request as spans, in the words of OpenTelemetry's conventions for HTTP and for generative AI
// (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans). Pure. Invariant: of what was asked
// and answered nothing is in them, unless the request brings it along.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { AttemptRecord, FinishedContent, FinishedRequest, UsageRow } from '../core/records.ts';
import { answeredContent, askedContent } from './content.ts';

/** A span that is over, ids given. Times in milliseconds of the calendar. */
export interface PlainSpan {
  readonly spanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly isFailed: boolean;
}

const operations: Readonly<Record<UsageRow['operation'], string>> = {
  chat: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  rerank: 'rerank',
  moderation: 'moderation',
  'count-tokens': 'count_tokens',
};

/** Where the conventions have another name for a provider than LiteLLM. */
const providerNames: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  azure_ai: 'azure.ai.inference',
  bedrock: 'aws.bedrock',
  codestral: 'mistral_ai',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  vertex_ai: 'gcp.vertex_ai',
  watsonx: 'ibm.watsonx.ai',
  xai: 'x_ai',
};

/** Takes a finished request; returns the span of the request: what the gateway served. */
export function requestSpan({ row, path, context, attempts, content }: FinishedRequest): PlainSpan {
  return {
    spanId: context.spanId,
    name: `POST ${row.route}`,
    kind: SpanKind.SERVER,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    isFailed: row.status >= 500,
    attributes: said({
      'http.request.method': 'POST',
      'http.route': row.route,
      'url.path': path,
      'url.scheme': 'http',
      'http.response.status_code': row.status,
      'error.type': row.errorCode,
      'plumbline.request.id': row.requestId,
      'plumbline.outcome': row.outcome,
      'plumbline.alias': row.alias,
      'plumbline.key.id': row.keyId,
      'plumbline.team.id': row.teamId,
      'plumbline.attempts': row.attempts,
      'plumbline.fallbacks': row.fallbacks,
      'plumbline.overhead.ms': row.overheadMs,
      'plumbline.cost.dollars': row.cost,
      ...(attempts.length === 0 ? contentOf(content) : {}),
    }),
  };
}

/** Takes a finished request; returns a span for each of its calls. The one that answered, the last, has the tokens. */
export function attemptSpans({ row, attempts, content }: FinishedRequest): PlainSpan[] {
  const last = attempts.length - 1;
  return attempts.map((attempt, at) => attemptSpan(row, attempt, at === last, at === last ? content : null));
}

function attemptSpan(
  row: UsageRow,
  attempt: AttemptRecord,
  isLast: boolean,
  content: FinishedContent | null,
): PlainSpan {
  const operation = operations[row.operation];
  const target = attempt.target ?? (isLast ? row : null);
  const provider = target?.provider ?? null;
  const error = attempt.error ?? (isLast ? row.errorCode : null);
  return {
    spanId: attempt.spanId,
    name: target === null ? operation : `${operation} ${target.model}`,
    kind: SpanKind.CLIENT,
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt,
    isFailed: error !== null,
    attributes: said({
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider === null ? null : (providerNames[provider] ?? provider),
      'gen_ai.request.model': target?.model ?? null,
      'gen_ai.request.stream': row.stream,
      ...serverOf(attempt.origin),
      'http.response.status_code': attempt.status,
      'error.type': error,
      'plumbline.deployment.id': target?.deploymentId ?? null,
      ...(isLast ? answerOf(row, attempt) : {}),
      ...contentOf(content),
    }),
  };
}

function answerOf({ usage, stream, firstMs, startedAt }: UsageRow, attempt: AttemptRecord): Nullable {
  const firstAt = firstMs === null ? null : startedAt + firstMs;
  return {
    'gen_ai.response.time_to_first_chunk':
      stream && firstAt !== null ? Math.max(0, firstAt - attempt.startedAt) / 1000 : null,
    'gen_ai.usage.input_tokens': usage?.input ?? null,
    'gen_ai.usage.output_tokens': usage?.output ?? null,
    'gen_ai.usage.cache_read.input_tokens': usage?.cacheRead || null,
    'gen_ai.usage.cache_creation.input_tokens': (usage?.cacheWrite ?? 0) + (usage?.cacheWriteHour ?? 0) || null,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoning || null,
  };
}

function contentOf(content: FinishedContent | null): Nullable {
  if (content === null) return {};
  const { asked, answered, isStream } = content;
  return { ...askedContent(asked), ...(answered === null ? {} : answeredContent(answered, isStream)) };
}

function serverOf(origin: string): Nullable {
  const url = URL.parse(origin);
  if (url === null) return {};
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { 'server.address': url.hostname, 'server.port': port };
}

type Nullable = Readonly<Record<string, string | number | boolean | null>>;

/** What there is something to say of. */
function said(attributes: Nullable): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter((entry) => entry[1] !== null)) as Attributes;
}
