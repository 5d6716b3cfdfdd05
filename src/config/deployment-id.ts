// The id of a declared deployment: stable from start to start, and free of secrets, so that it survives a rotated key
// (LiteLLM's changes with every parameter).
import { createHash } from 'node:crypto';
import type { Owner } from '../core/records.ts';

export interface Identity {
  readonly owner: Owner;
  readonly alias: string;
  readonly provider: string;
  readonly model: string;
  readonly baseUrl: string | null;
  /** How many declared before have the same owner, alias, provider, model and address. */
  readonly twin: number;
}

/** Takes what a deployment is; returns its id, in the shape of a UUID (version 8, RFC 9562: made by our own rule). */
export function deploymentId({ owner, alias, provider, model, baseUrl, twin }: Identity): string {
  const facts = JSON.stringify([owner, alias, provider, model, withoutUser(baseUrl), twin]);
  const hex = createHash('sha256').update(facts).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** An address may carry a user and a password. */
function withoutUser(baseUrl: string | null): string | null {
  return baseUrl?.replace(/^(https?:\/\/)[^/@]*@/, '$1') ?? null;
}
