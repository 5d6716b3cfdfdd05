// The nouns of the house, one word a thing. A deployment is a model at a provider with a credential; an alias is a name
// with a strategy and targets; a key is a client's; a credential is ours upstream; a skill is text; a tool is something to call.
import type { Secret } from '../kit/secret.ts';
import type { Operation } from './chat.ts';
import type { JsonObject } from './json.ts';
import type { Price } from './prices.ts';
import type { TraceContext } from './trace-context.ts';
import type { Usage } from './usage.ts';

/** Who a row belongs to: the configuration file, what was found in the environment, or the management API. */
export type Owner = 'file' | 'environment' | 'api';

/** A client's key. The secret itself is never kept: `hash` is its SHA-256 in lower-case hex. */
export interface VirtualKey {
  readonly id: string;
  readonly hash: string;
  /** `sk-...` and the last four characters. */
  readonly preview: string;
  readonly alias: string | null;
  /** Model names it may call; empty means all. Wildcards (`openai/*`) count. */
  readonly models: readonly string[];
  /** Milliseconds of the calendar; null means never. */
  readonly expiresAt: number | null;
  readonly blocked: boolean;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly metadata: JsonObject;
  readonly createdAt: number;
  readonly createdBy: string | null;
}

/** Secrets for a provider, each value sealed (field name → sealed text). */
export interface CredentialRecord {
  readonly name: string;
  readonly owner: Owner;
  readonly sealed: Readonly<Record<string, string>>;
}

/** A model at a provider. */
export interface DeploymentRecord {
  readonly id: string;
  readonly alias: string;
  readonly owner: Owner;
  readonly position: number;
  /** Name of the provider in the catalogue, e.g. `groq`. */
  readonly provider: string;
  /** Name of the model at the provider; `*` stands for what the client's wildcard matched. */
  readonly model: string;
  readonly baseUrl: string | null;
  readonly credential: string | null;
  readonly parameters: DeploymentParameters;
  readonly info: ModelInfo;
}

/** How a deployment is called and how much it gets; every field optional, times in milliseconds. */
export interface DeploymentParameters {
  readonly weight?: number;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly order?: number;
  readonly timeoutMs?: number;
  readonly streamTimeoutMs?: number;
  readonly retries?: number;
  readonly cooldownMs?: number;
  readonly maxParallel?: number;
  readonly tags?: readonly string[];
  readonly dropParameters?: boolean;
  readonly dropNamed?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly extraBody?: JsonObject;
  /** A canned answer: no provider is called. */
  readonly mockResponse?: string;
  readonly prices?: Price;
  readonly apiVersion?: string;
  readonly organization?: string;
  /** Parameters of the request used when the client sends none (temperature …). */
  readonly defaults?: JsonObject;
}

/** Parameters by which a deployment gets more or less to do, or costs more: with others it is the same deployment all the same. */
export const shares = ['weight', 'rpm', 'tpm', 'order', 'maxParallel', 'cooldownMs', 'prices'] as const;

/** What is known of a model beside how to call it (LiteLLM: model_info). Unknown fields are kept. */
export interface ModelInfo extends JsonObject {
  readonly mode?: string;
  readonly base_model?: string;
  readonly max_input_tokens?: number;
  readonly max_output_tokens?: number;
}

export const strategyNames = [
  'simple-shuffle',
  'least-busy',
  'usage-based',
  'latency-based',
  'cost-based',
  'in-order',
] as const;
export type StrategyName = (typeof strategyNames)[number];

/** A name clients call. Either it has deployments (`target` null) or it stands for another alias. */
export interface AliasRecord {
  readonly name: string;
  readonly owner: Owner;
  readonly target: string | null;
  readonly hidden: boolean;
  /** null: the router's setting. */
  readonly strategy: StrategyName | null;
  readonly fallbacks: readonly string[];
  readonly contextWindowFallbacks: readonly string[];
  readonly contentPolicyFallbacks: readonly string[];
  /** Retries by kind of error, over the router's. */
  readonly retryPolicy: Readonly<Record<string, number>>;
}

/** Routing for all aliases; times in milliseconds. */
export interface RouterSettings {
  readonly strategy: StrategyName;
  readonly retries: number;
  readonly retryPolicy: Readonly<Record<string, number>>;
  readonly retryAfterMs: number;
  readonly timeoutMs: number;
  readonly streamTimeoutMs: number | null;
  readonly cooldownMs: number;
  readonly disableCooldowns: boolean;
  /** Failures within a cooldown window before a deployment rests; null: the first, when there is somewhere else to go. */
  readonly allowedFails: number | null;
  readonly allowedFailsPolicy: Readonly<Record<string, number>>;
  readonly defaultFallbacks: readonly string[];
  readonly maxFallbacks: number;
  readonly tagFiltering: boolean;
  readonly dropParameters: boolean;
}

export const defaultRouterSettings: RouterSettings = {
  strategy: 'simple-shuffle',
  retries: 2,
  retryPolicy: {},
  retryAfterMs: 0,
  timeoutMs: 6_000_000,
  streamTimeoutMs: null,
  cooldownMs: 5_000,
  disableCooldowns: false,
  allowedFails: null,
  allowedFailsPolicy: {},
  defaultFallbacks: [],
  maxFallbacks: 5,
  tagFiltering: false,
  dropParameters: false,
};

/** Takes stored router settings; returns them over the defaults. */
export function routerSettings(stored: Partial<RouterSettings>): RouterSettings {
  return { ...defaultRouterSettings, ...stored };
}

export const toolTransports = ['http', 'sse', 'stdio'] as const;
export type ToolTransport = (typeof toolTransports)[number];

/** How a tool server is shown who calls; of all but `none` and `oauth2` the secret is `auth_value`. */
export const toolAuths = ['none', 'api_key', 'bearer_token', 'basic', 'authorization', 'oauth2'] as const;
export type ToolAuth = (typeof toolAuths)[number];

/** A server of tools (MCP): where it is, or what starts it. Its secrets are sealed, each by its field. */
export interface ToolServerRecord {
  readonly name: string;
  readonly owner: Owner;
  /** What the names of its tools begin with; null: its name. */
  readonly alias: string | null;
  readonly transport: ToolTransport;
  /** null: it is started. Where the whole is sealed (`url`): scheme, host and port. */
  readonly url: string | null;
  /** null: it is called. */
  readonly command: string | null;
  /** null in the place of one that is sealed (`argument:0`). */
  readonly arguments: readonly (string | null)[];
  readonly auth: ToolAuth;
  readonly settings: ToolServerSettings;
  /** `auth_value`, `client_secret`, `url`, `argument:0`, `env:NAME`, `header:name` → sealed text. */
  readonly sealed: Readonly<Record<string, string>>;
}

/** What else is known of a tool server; nothing of it is secret. */
export interface ToolServerSettings {
  readonly description?: string;
  /** A description of an HTTP API (OpenAPI) whose operations are the tools. */
  readonly specPath?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of the client's that are passed on. */
  readonly forwardedHeaders?: readonly string[];
  readonly clientId?: string;
  readonly scopes?: readonly string[];
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly registrationUrl?: string;
  readonly accessGroups?: readonly string[];
  readonly allowedTools?: readonly string[];
  readonly disallowedTools?: readonly string[];
  /** By tool. */
  readonly allowedParameters?: Readonly<Record<string, readonly string[]>>;
  /** True: every key may call it. */
  readonly allKeys?: boolean;
  readonly info?: JsonObject;
}

/** A tool server as declared, not sealed yet: field name → secret. */
export interface DeclaredToolServer extends Omit<ToolServerRecord, 'owner' | 'sealed'> {
  readonly secrets: Readonly<Record<string, Secret>>;
}

/** A credential as declared, not sealed yet: field name → secret. */
export interface DeclaredCredential {
  readonly name: string;
  readonly values: Readonly<Record<string, Secret>>;
}

/** Everything one owner (a file, the environment) declares about models and tools. Its secrets are sealed on their way into the store. */
export interface Declaration {
  readonly owner: Owner;
  readonly aliases: readonly AliasRecord[];
  readonly deployments: readonly DeploymentRecord[];
  readonly credentials: readonly DeclaredCredential[];
  readonly router: Partial<RouterSettings>;
  readonly toolServers: readonly DeclaredToolServer[];
}

export type Outcome = 'success' | 'failure' | 'refused' | 'abandoned';

/** One row a request, whatever became of it. Times in milliseconds. */
export interface UsageRow {
  readonly requestId: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly operation: Operation | 'count-tokens';
  readonly route: string;
  readonly dialect: string;
  readonly stream: boolean;
  readonly outcome: Outcome;
  readonly status: number;
  readonly errorCode: string | null;
  readonly keyId: string | null;
  readonly keyHash: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly endUser: string | null;
  readonly alias: string | null;
  readonly deploymentId: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  /** null: the provider reported none. */
  readonly usage: Usage | null;
  /** True when the tokens are ours, not the provider's (a cut stream). */
  readonly usagePartial: boolean;
  /** US dollars; null: the price is unknown. */
  readonly cost: number | null;
  readonly attempts: number;
  readonly fallbacks: number;
  /** Arrival to the first call upstream. */
  readonly queueMs: number;
  /** Arrival to the first byte of the answer; null: there was none. */
  readonly firstMs: number | null;
  readonly totalMs: number;
  readonly overheadMs: number;
  readonly tags: readonly string[];
  readonly session: string | null;
  readonly callerAddress: string | null;
  readonly droppedParameters: readonly string[];
}

/** What was said in a request, where that is stored: the bodies as the client sent and got them. */
export interface Contents extends Pick<UsageRow, 'requestId' | 'startedAt'> {
  readonly asked: Buffer;
  /** null: too long to be kept. */
  readonly answered: Buffer | null;
}

/** One call to a provider, for traces. Times in milliseconds of the calendar, with their fractions. */
export interface AttemptRecord {
  /** The span the provider was told of; 16 hex digits. */
  readonly spanId: string;
  /** Scheme, host and port that were called; '' when the answer was canned. */
  readonly origin: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The provider's HTTP status; null: no answer began. */
  readonly status: number | null;
  /** What went wrong: the status, or the kind of fault below HTTP; null: nothing. */
  readonly error: string | null;
  /** Whom it was meant for; null: not told. */
  readonly target: AttemptTarget | null;
}

export interface AttemptTarget {
  readonly deploymentId: string;
  readonly provider: string;
  /** Name of the model at the provider, as sent. */
  readonly model: string;
}

/** All a trace is made of, once a request is over: its row, its place in the trace, and its calls in order. */
export interface FinishedRequest {
  readonly row: UsageRow;
  /** As it was sent, without query; the row has the route. */
  readonly path: string;
  readonly context: TraceContext;
  readonly attempts: readonly AttemptRecord[];
  /** What was said, where that was asked for. */
  readonly content: FinishedContent | null;
}

/** The bodies of a request and of its answer, as the client sent and got them. */
export interface FinishedContent {
  readonly asked: Buffer;
  /** null: too long to be told. */
  readonly answered: Buffer | null;
  /** True: the answer is a stream of events. */
  readonly isStream: boolean;
}

/** Traces, where they are wanted. */
export interface Tracing {
  /** True: traces tell what was asked and answered. */
  readonly tellsContent: boolean;
  /** Takes the traceparent and tracestate of a request; returns its place in the caller's trace, or in a new one. */
  readonly begin: (parent: string | undefined, state: string | undefined) => TraceContext;
  /** Returns an id for the span of a call. */
  readonly newSpanId: () => string;
  /** A request is over: takes what became of it. Never throws, never waits. */
  readonly trace: (finished: FinishedRequest) => void;
}
