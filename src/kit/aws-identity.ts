// Who we are at Amazon: keys as given, or keys that Amazon lends for a while, fetched by its own library. The library is
// loaded when keys must be borrowed, and never otherwise.
import type { Secret } from './secret.ts';

/** What the library and its signer take: plain texts, so they stay in this room. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they stop to be good; absent: never. */
  readonly expiration?: Date;
}

/** What is known of the identity to take. Nothing at all means Amazon's own order: environment, shared files, SSO, container, machine. */
export interface AwsLogin {
  readonly region: string;
  readonly accessKeyId?: Secret | undefined;
  readonly secretAccessKey?: Secret | undefined;
  readonly sessionToken?: Secret | undefined;
  /** A profile of the shared configuration and credentials files. */
  readonly profile?: string | undefined;
  /** The ARN of a role to take on, and how. */
  readonly role?: string | undefined;
  readonly roleSession?: string | undefined;
  readonly externalId?: string | undefined;
  /** A token of another identity provider that the role trusts. */
  readonly webIdentityToken?: Secret | undefined;
  /** The address of the service that lends keys, where it is not Amazon's usual one. */
  readonly stsEndpoint?: string | undefined;
}

/** Takes milliseconds of the calendar; returns keys that are good now. Rejects when there are none to be had. */
export type AwsIdentity = (now: number) => Promise<AwsKeys>;

/** Name of a session nobody named; it stands in the account's own records. */
const usualSession = 'plumbline';

/** Takes a login; returns the identity. Borrowed keys are renewed while the old ones still serve. */
export function awsIdentity(login: AwsLogin): AwsIdentity {
  const own = ownKeys(login);
  if (own !== undefined && login.role === undefined) {
    const kept = Promise.resolve(own);
    return () => kept;
  }
  const borrowed = new BorrowedKeys(() => borrow(login, own));
  return (now) => borrowed.at(now);
}

function ownKeys({ accessKeyId, secretAccessKey, sessionToken }: AwsLogin): AwsKeys | undefined {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const keys = { accessKeyId: accessKeyId.reveal(), secretAccessKey: secretAccessKey.reveal() };
  return sessionToken === undefined ? keys : { ...keys, sessionToken: sessionToken.reveal() };
}

async function borrow(login: AwsLogin, own: AwsKeys | undefined): Promise<AwsKeys> {
  const amazon = await import('@aws-sdk/credential-providers');
  const { region, profile, role, roleSession = usualSession, externalId, webIdentityToken, stsEndpoint } = login;
  const clientConfig = { region, ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }) };
  const chain = amazon.fromNodeProviderChain({ clientConfig, ...(profile === undefined ? {} : { profile }) });
  if (role === undefined) return chain();
  if (webIdentityToken !== undefined) {
    const token = { webIdentityToken: webIdentityToken.reveal(), roleArn: role, roleSessionName: roleSession };
    return amazon.fromWebToken({ ...token, clientConfig })();
  }
  const params = { RoleArn: role, RoleSessionName: roleSession };
  return amazon.fromTemporaryCredentials({
    clientConfig,
    masterCredentials: own ?? chain,
    params: externalId === undefined ? params : { ...params, ExternalId: externalId },
  })();
}

/** Keys this close to their end are renewed beside the requests; this close, requests wait for new ones. */
const renewMs = 5 * 60_000;
const waitMs = 60_000;

/** Keys (or a token) that end at their `expiration`. Many requests at once ask for new ones once; takes how to get them. */
export class BorrowedKeys<Keys extends object = AwsKeys> {
  readonly #borrow: () => Promise<Keys>;
  #keys: Keys | null = null;
  #renewal: Promise<Keys> | null = null;

  constructor(borrow: () => Promise<Keys>) {
    this.#borrow = borrow;
  }

  /** Takes milliseconds of the calendar; returns keys that are good now. Rejects when there are none to be had. */
  async at(now: number): Promise<Keys> {
    const keys = this.#keys;
    const left = keys === null ? 0 : endOf(keys) - now;
    if (keys !== null && left > renewMs) return keys;
    const renewal = this.#renewed();
    if (keys === null || left <= waitMs) return renewal;
    // The next request asks again; until their end the old keys serve.
    renewal.catch(() => undefined);
    return keys;
  }

  #renewed(): Promise<Keys> {
    this.#renewal ??= this.#borrow()
      .then((keys) => {
        this.#keys = keys;
        return keys;
      })
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }
}

function endOf(keys: object): number {
  return 'expiration' in keys && keys.expiration instanceof Date ? keys.expiration.getTime() : Number.POSITIVE_INFINITY;
}
