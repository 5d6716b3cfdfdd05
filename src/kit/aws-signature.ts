// Amazon's signature of requests, version 4, by its own library, loaded when the first request is signed: who calls no
// Amazon service pays nothing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { SignatureV4 } from '@smithy/signature-v4';
import type { AwsIdentity, AwsKeys } from './aws-identity.ts';
import { Secret } from './secret.ts';

/** What a signature is good for. */
export interface AwsScope {
  readonly region: string;
  readonly service: string;
}

/** A request to be signed. Its headers are signed with it, so they must go out as they are here. */
export interface Signable {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query as they go out, percent-encoded once. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Signs requests for one service in one region as one identity. */
export class AwsSigner {
  readonly #identity: AwsIdentity;
  readonly #scope: AwsScope;
  #keys: AwsKeys | null = null;
  #signature: SignatureV4 | null = null;

  constructor(identity: AwsIdentity, scope: AwsScope) {
    this.#identity = identity;
    this.#scope = scope;
  }

  /** Takes a request and milliseconds of the calendar; returns all headers but `host`. Rejects when there are no keys. */
  async sign(request: Signable, now: number): Promise<Record<string, string | Secret>> {
    const signature = await this.#signatureBy(await this.#identity(now));
    const { protocol, hostname, host } = new URL(request.origin);
    const [path = '/', search = ''] = request.path.split('?', 2);
    const signed = await signature.sign(
      {
        method: request.method,
        protocol,
        hostname,
        path,
        query: Object.fromEntries(new URLSearchParams(search)),
        headers: { ...request.headers, host },
        body: request.body,
      },
      { signingDate: new Date(now) },
    );
    const { host: _host, authorization, 'x-amz-security-token': token, ...plain } = signed.headers;
    return { ...plain, ...secret('authorization', authorization), ...secret('x-amz-security-token', token) };
  }

  /** The library derives its signing key once a day and keeps it, so it is kept as long as the keys are. */
  async #signatureBy(keys: AwsKeys): Promise<SignatureV4> {
    if (this.#signature !== null && this.#keys === keys) return this.#signature;
    const amazon = await import('@smithy/signature-v4');
    const made = new amazon.SignatureV4({ ...this.#scope, credentials: keys, sha256: Sha256, applyChecksum: false });
    this.#keys = keys;
    this.#signature = made;
    return made;
  }
}

function secret(name: string, value: string | undefined): Record<string, Secret> {
  return value === undefined ? {} : { [name]: new Secret(value) };
}

type Bytes = string | ArrayBuffer | ArrayBufferView;

/** Node's own SHA-256 in the shape the library asks for; with a secret it is an HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: Bytes) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  /** Part of the shape, and never called: a hash of Node's serves once. */
  reset(): void {
    throw new Error('a hash serves once');
  }
}

function bytesOf(data: Bytes): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
