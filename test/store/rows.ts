// Rows for tests, made of little.
import type { Declaration, UsageRow } from '../../src/core/records.ts';
import { noUsage } from '../../src/core/usage.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import type { NewKey } from '../../src/store/tables/keys.ts';

export const sealer = openSealer(new Secret('a salt key of the tests'));

/** Takes a digit; returns a new key whose hash is made of it. */
export function newKey(digit: string, over: Partial<NewKey> = {}): NewKey {
  return {
    hash: digit.repeat(64),
    preview: `sk-...${digit.repeat(4)}`,
    alias: null,
    models: [],
    expiresAt: null,
    blocked: false,
    userId: null,
    teamId: null,
    metadata: {},
    createdBy: null,
    ...over,
  };
}

/** A declaration of one alias with one deployment and one credential. */
export function declared(over: Partial<Declaration> = {}): Declaration {
  const settings = { fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [], retryPolicy: {} };
  return {
    owner: 'file',
    aliases: [{ name: 'fast', owner: 'file', target: null, hidden: false, strategy: 'least-busy', ...settings }],
    deployments: [
      {
        id: 'one',
        alias: 'fast',
        owner: 'file',
        position: 0,
        provider: 'groq',
        model: 'llama',
        baseUrl: null,
        credential: 'groq',
        parameters: { weight: 0.5, tags: ['x'] },
        info: { mode: 'chat' },
      },
    ],
    credentials: [{ name: 'groq', values: { api_key: new Secret('gsk-plain') } }],
    router: { retries: 3, defaultFallbacks: ['fast'] },
    toolServers: [],
    ...over,
  };
}

/** Takes a request id; returns a row with everything in it. */
export function usageRow(requestId: string, over: Partial<UsageRow> = {}): UsageRow {
  return {
    requestId,
    startedAt: Date.UTC(2026, 10, 23, 12, 0, 0, 123),
    endedAt: Date.UTC(2026, 10, 23, 12, 0, 1, 456),
    operation: 'chat',
    route: '/v1/chat/completions',
    dialect: 'openai',
    stream: true,
    outcome: 'success',
    status: 200,
    errorCode: null,
    keyId: null,
    keyHash: 'a'.repeat(64),
    userId: 'ann',
    teamId: null,
    endUser: null,
    alias: 'fast',
    deploymentId: 'one',
    provider: 'groq',
    model: 'llama',
    usage: { ...noUsage, input: 10, output: 20, cacheRead: 3 },
    usagePartial: false,
    cost: 0.000123456789,
    attempts: 2,
    fallbacks: 1,
    queueMs: 0.5,
    firstMs: 12.25,
    totalMs: 1333,
    overheadMs: 0.75,
    tags: ['plain', 'with "quotes", {braces} and \\', ''],
    session: 's1',
    callerAddress: '127.0.0.1',
    droppedParameters: ['logit_bias'],
    ...over,
  };
}
