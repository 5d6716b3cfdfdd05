// The contract of the providers shelf. A provider is facts and pure functions: it says how a call is written and how its
// answer is read, and never touches the network itself, so contract tests replay recorded answers without a port.
import type { ChatChunk, Operation } from '../core/chat.ts';
import type { GatewayError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { DeploymentParameters, ModelInfo } from '../core/records.ts';
import type { Usage } from '../core/usage.ts';
import type { Secret } from '../kit/secret.ts';

/** What a provider must know of the deployment it is called for. */
export interface Upstream {
  /** The model's name at the provider. */
  readonly model: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** By field name: `api_key`, … Absent fields are absent. */
  readonly credential: Readonly<Record<string, Secret>>;
  readonly parameters: DeploymentParameters;
  readonly info: ModelInfo;
}

/** One call: to which deployment, for what, and what happened to the parameters on the way. */
export interface Call {
  readonly upstream: Upstream;
  readonly stream: boolean;
  /** True: parameters the provider does not know are left out (and noted in `dropped`); false: they are refused. */
  readonly dropParameters: boolean;
  /** Names of parameters left out; the gateway lists them in a response header. */
  readonly dropped: string[];
  /** Headers of the client that belong to the wire's own dialect (anthropic-beta, anthropic-version), in lower case. */
  readonly clientHeaders: Readonly<Record<string, string>>;
  /** Query of the client's request without `?` (an Anthropic wire passes `beta=true` on). */
  readonly query: string;
  /** Milliseconds of the calendar, for `created`. */
  readonly now: number;
  /** Makes a fresh id with the given prefix, for answers whose provider sends none. */
  readonly newId: (prefix: string) => string;
}

/** Field → new value; undefined removes the field. Applied to the top level of a body. */
export type Edits = Readonly<Record<string, JsonValue | undefined>>;

/** One piece of an upstream stream: an SSE event, one line of NDJSON (then `name` is empty), or a message of Amazon's. */
export interface StreamPiece {
  readonly name: string;
  readonly data: string;
}

/** Reads one stream, piece by piece, into our words. Throws GatewayError when a piece is an error or not understood. */
export interface StreamReader {
  /** Takes a piece; returns the chunks it gives (often one, sometimes none). */
  read(piece: StreamPiece): readonly ChatChunk[];
  /** True once the provider said that the answer is complete ([DONE], message_stop, done:true). */
  readonly complete: boolean;
}

/** Watches a stream that passes unchanged: usage and whether it ended well. Must be cheap. */
export interface StreamWatch {
  /** Takes a piece of the stream; notes what it says. */
  see(piece: StreamPiece): void;
  /** What the provider has reported so far, or null. */
  readonly usage: Usage | null;
  readonly complete: boolean;
  /** The error the stream carried, if any. */
  readonly error: GatewayError | null;
}

/**
 * Puts one stream right that passes unchanged otherwise, for providers that bend their dialect (a tool call without an
 * index breaks every client's accumulator). Takes a piece; returns the data to send instead, or null when the piece can pass
 * as it is. Must be cheap: a test of substrings first. See it after the watch has seen the piece.
 */
export type StreamRepair = (piece: StreamPiece) => string | null;

/** A call as it is about to go out. */
export interface Outgoing {
  readonly method: 'POST';
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, with a leading slash. */
  readonly path: string;
  readonly body: Buffer;
}

/** How one operation is spoken at one provider. */
export interface Wire {
  /** The client dialect whose bodies and answers this wire takes and gives unchanged; null when all is translated. */
  readonly dialect: 'openai' | 'anthropic' | null;
  readonly framing: 'sse' | 'ndjson' | 'aws-event-stream';
  /** Path and query below the base address, with a leading slash. */
  path(call: Call): string;
  /** Request headers, credential included; content-type is set by the caller. */
  headers(call: Call): Readonly<Record<string, string | Secret>>;
  /**
   * Headers that cannot be had at once, or that depend on the body: a token of Google's, a signature of AWS's. Absent: there
   * are none. Throws upstream_unauthorized when no credential can be had.
   */
  readonly authorize?: (call: Call, outgoing: Outgoing) => Promise<Readonly<Record<string, string | Secret>>>;
  /**
   * Changes to a body that is already in this wire's words: model name, renamed, added and dropped parameters. Long texts of messages
   * may be folded in it, so nothing may depend on their words; where messages change, it is called again with all that is said.
   * Throws field_unsupported when a parameter is not known and may not be dropped.
   */
  edits(body: JsonObject, call: Call): Edits;
  /** Our words → this wire's words, before `edits`. Absent: they are the same. Throws field_invalid, field_unsupported. */
  encode?(body: JsonObject, call: Call): JsonObject;
  /**
   * This wire's whole answer → our words. Absent: they are the same. `request` is what the client asked, in our words
   * (some answers cannot be read without it: encoding_format, dimensions, return_documents); of a chat or a text completion
   * it is empty. Throws upstream_garbled,
   * and field_invalid when the answer shows that the provider ignored a field it was sent.
   */
  decode?(body: JsonValue, call: Call, request: JsonObject): JsonObject;
  /** A reader for one streamed answer. Absent: this operation does not stream. */
  reader?(call: Call): StreamReader;
  /** A watch for one streamed answer that passes unchanged. */
  watch?(call: Call): StreamWatch;
  /** A repair for one streamed answer that passes unchanged. Absent: the provider keeps to its dialect. */
  repair?(call: Call): StreamRepair;
  /** What a whole answer, in this wire's words, reports of tokens; null when it reports none. */
  usage(body: JsonObject): Usage | null;
  /** Takes status, headers (lower case) and text of a refusal; returns the failure in our codes. */
  failure(status: number, headers: Readonly<Record<string, string>>, body: string): GatewayError;
}

/** A provider: where it lives, how it is paid, and what it can do. */
export interface Provider {
  /** The name in `model: name/…`; LiteLLM's prefix. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** Further prefixes that mean this provider. */
  readonly prefixes: readonly string[];
  /** Environment names of the API key, in order of precedence. */
  readonly keyVariables: readonly string[];
  /** Environment names of the base address, in order of precedence. */
  readonly baseUrlVariables: readonly string[];
  /** Environment names of the API's version, in order of precedence. Absent: it has none to choose. */
  readonly versionVariables?: readonly string[];
  /** Secrets beside the key: field of the credential → environment names, in order of precedence. */
  readonly secretVariables?: Readonly<Record<string, readonly string[]>>;
  /** Settings beside the key (a region, a profile, a role): LiteLLM's field → environment names. They stand among the deployment's defaults. */
  readonly settingVariables?: Readonly<Record<string, readonly string[]>>;
  /** Where it lives in each region: the setting that names one, the one a model's name carries, and the address there. Absent: it has no regions. */
  readonly regional?: {
    readonly field: string;
    regionOf(model: string): string | undefined;
    addressIn(region: string): string;
  };
  readonly defaultBaseUrl: string | null;
  readonly keyRequired: boolean;
  /** A local server to look for when nothing is configured: where, and the path that lists its models. */
  readonly local?: { readonly baseUrl: string; readonly modelsPath: string };
  readonly wires: Readonly<Partial<Record<Operation, Wire>>>;
  /** Counts the input tokens of a chat request. Absent: the provider has no such route. */
  readonly countTokens?: TokenCount;
  /** How a server is asked what it knows of a model. Absent: it does not tell. */
  readonly describe?: ModelQuestion;
}

/** A question about a model. Deployments for which it reads the same share the answer. */
export interface ModelQuestion {
  /** Takes the model's name there; returns what is asked: a POST when there is a body, else a GET. */
  ask(model: string): ModelAsked;
  /** Takes the answer and the model's name there; returns what it says in the words of model_info, or null: it has no such model. */
  read(answer: JsonObject, model: string): ModelInfo | null;
}

export interface ModelAsked {
  /** With a leading slash. */
  readonly path: string;
  /** True: the path is the server's, and not below the `/v1` of the base address. */
  readonly isOfServer?: true;
  readonly body?: JsonObject;
}

/** A route that counts, below the base address. */
export interface TokenCount {
  path(call: Call): string;
  /** What is sent there: takes the chat wire's body. Absent: the client's own, as it came but for the wire's `edits`. */
  body?(body: JsonObject, call: Call): JsonObject;
  /** Takes the answer; returns the number, or undefined when it tells none. Absent: it has `input_tokens`. */
  tokens?(answer: JsonObject): number | undefined;
}
