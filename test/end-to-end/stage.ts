// What every end-to-end test stands on: the gateway's own process, the real text and embedding models and the scripted
// Anthropic behind it, and the official clients. With PLUMBLINE_TEST_DIRECT=1 the clients talk to the models without a
// gateway, which shows whether a failure is the gateway's or the stage's.
import { type Aimock, startAimock } from '../real/aimock.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { ensureRealParts } from '../real/install.ts';
import { startTextModel, type TextModel, whyNotReal } from '../real/start.ts';

/** The key that the text model wants; the gateway must send it in place of the client's. */
export const upstreamKey = 'sk-none';
/** The key that the gateway must send to the scripted Anthropic. */
export const anthropicKey = 'sk-ant-none';

export const direct = process.env['PLUMBLINE_TEST_DIRECT'] === '1';

/** Why a suite is skipped, or false. */
export const skip = whyNotReal();
/** Why a test that only makes sense through the gateway is skipped, or false. */
export const gatewayOnly: false | string = direct ? 'there is no gateway under PLUMBLINE_TEST_DIRECT=1' : false;

/** The aliases of the gateway's config. */
export const aliases = [
  'chat-default',
  'claude-test',
  'embeddings-default',
  'embeddings-openai',
  'ollama-chat',
  'rerank-default',
] as const;

export type Stage = {
  /** Where OpenAI's clients go, without /v1. */
  readonly baseUrl: string;
  /** Where Anthropic's clients go, without /v1. */
  readonly anthropicUrl: string;
  readonly key: string;
  readonly textModel: TextModel;
  readonly aimock: Aimock;
  readonly gateway: RunningGateway | undefined;
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  readonly get: (path: string) => Promise<Response>;
  readonly close: () => Promise<void>;
};

/** Starts everything; close() ends it. When one part does not start, those before it are ended at once. */
export async function openStage(): Promise<Stage> {
  await using opening = new AsyncDisposableStack();
  const textModel = await startTextModel({ key: upstreamKey, aliases: direct ? directAliases : {} });
  opening.defer(textModel.stop);
  const aimock = await startAimock();
  opening.defer(aimock.stop);
  const gateway = direct ? undefined : await startGateway({ config: config(textModel.baseUrl, aimock.baseUrl) });
  opening.defer(async () => {
    await gateway?.stop();
  });
  const opened = opening.move();
  const baseUrl = gateway?.baseUrl ?? textModel.baseUrl;
  const key = gateway?.masterKey ?? upstreamKey;
  const authorization = { authorization: `Bearer ${key}` };
  return {
    baseUrl,
    anthropicUrl: gateway?.baseUrl ?? aimock.baseUrl,
    key,
    textModel,
    aimock,
    gateway,
    post: (path, body, headers = {}) =>
      fetch(`${baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path) => fetch(`${baseUrl}${path}`, { headers: authorization }),
    close: () => opened.disposeAsync(),
  };
}

/** The client libraries, installed first when they are missing. */
export async function realClients(): Promise<typeof import('../real/clients.ts')> {
  await ensureRealParts();
  return import('../real/clients.ts');
}

const directAliases = {
  'chat-default': 'stories260K',
  'ollama-chat': 'stories260K',
  'embeddings-default': 'use-lite',
  'embeddings-openai': 'use-lite',
  'rerank-default': 'use-lite',
};

function config(textModel: string, aimock: string): string {
  return `
model_list:
  - model_name: chat-default
    litellm_params: { model: openai/stories260K, api_base: "${textModel}/v1", api_key: ${upstreamKey} }
  - model_name: ollama-chat
    litellm_params: { model: ollama_chat/stories260K, api_base: "${textModel}" }
  - model_name: embeddings-default
    litellm_params: { model: ollama/use-lite, api_base: "${textModel}" }
    model_info: { mode: embedding }
  - model_name: embeddings-openai
    litellm_params: { model: openai/use-lite, api_base: "${textModel}/v1", api_key: ${upstreamKey} }
    model_info: { mode: embedding }
  - model_name: rerank-default
    litellm_params: { model: infinity/use-lite, api_base: "${textModel}", api_key: ${upstreamKey} }
    model_info: { mode: rerank }
  - model_name: claude-test
    litellm_params: { model: anthropic/claude-sonnet-4-5, api_base: "${aimock}", api_key: ${anthropicKey} }
`;
}
