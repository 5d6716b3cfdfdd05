// Who we are at Google Cloud: a token that Google lends for an hour, fetched by its own library, by a service account's key, a
// user's, another cloud's identity, or Google's usual order. The library is loaded when a token is needed, and never otherwise.
// It speaks to Google's token service and the machine's metadata by its own client (gaxios), as Amazon's does.
import { readFile } from 'node:fs/promises';
import type { AuthClient } from 'google-auth-library';
import { BorrowedKeys } from './aws-identity.ts';
import { Secret } from './secret.ts';

export interface GoogleLogin {
  /** A key as JSON, or the path of a file with it; undefined: Google's own order (environment, gcloud's file, machine). */
  readonly credentials?: Secret | undefined;
  /** Carries the library's own calls; tests hand in their own. */
  readonly fetch?: typeof fetch;
}

/** Takes milliseconds of the calendar; returns a token that is good now. Rejects when there is none to be had. */
export type GoogleIdentity = (now: number) => Promise<Secret>;

interface Token {
  readonly secret: Secret;
  readonly expiration: Date;
}

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

/** A token service that says nothing for so long is given up. */
const patienceMs = 10_000;

/** For a token that came without its end. */
const usualLifeMs = 3_600_000;

/** Takes a login; returns the identity. Tokens are renewed while the old ones still serve. */
export function googleIdentity(login: GoogleLogin): GoogleIdentity {
  let asked = 0;
  const borrowed = new BorrowedKeys<Token>(() => borrow(login, asked));
  return async (now) => {
    asked = now;
    return (await borrowed.at(now)).secret;
  };
}

async function borrow(login: GoogleLogin, now: number): Promise<Token> {
  const client = await clientFor(login);
  const { token } = await client.getAccessToken();
  if (!token) throw new Error('Google handed out no token');
  // The library reckons the end by the machine's clock; requests are told the time by the house's.
  const end = client.credentials.expiry_date;
  const lifeMs = typeof end === 'number' ? end - Date.now() : usualLifeMs;
  return { secret: new Secret(token), expiration: new Date(now + lifeMs) };
}

async function clientFor({ credentials, fetch: fetchImplementation }: GoogleLogin): Promise<AuthClient> {
  const google = await import('google-auth-library');
  const way = fetchImplementation === undefined ? {} : { fetchImplementation };
  const carried = { transporterOptions: { timeout: patienceMs, ...way } };
  if (credentials === undefined || credentials.isEmpty) {
    return new google.GoogleAuth({ scopes, clientOptions: carried }).getClient();
  }
  const key = await keyOf(credentials.reveal());
  switch (key['type']) {
    case 'service_account': {
      const own = { email: text(key, 'client_email'), key: text(key, 'private_key') };
      return new google.JWT({ ...own, scopes, ...carried });
    }
    case 'authorized_user': {
      const user = { clientId: text(key, 'client_id'), clientSecret: text(key, 'client_secret') };
      return new google.UserRefreshClient({ ...user, refreshToken: text(key, 'refresh_token'), ...carried });
    }
    case 'external_account':
      return externalClient(google, { ...key, scopes, ...carried });
    default:
      throw new Error('its type must be service_account, authorized_user or external_account');
  }
}

/** One whose token is told by a program is not served: a credential is no reason to run one. */
function externalClient(google: typeof import('google-auth-library'), options: Key): AuthClient {
  const source = options['credential_source'];
  const told = typeof source === 'object' && source !== null ? source : {};
  if ('environment_id' in told) {
    return new google.AwsClient(options as unknown as ConstructorParameters<typeof google.AwsClient>[0]);
  }
  if ('executable' in told) throw new Error('its source is a program, which is not run here');
  return new google.IdentityPoolClient(
    options as unknown as ConstructorParameters<typeof google.IdentityPoolClient>[0],
  );
}

type Key = Readonly<Record<string, unknown>>;

/** What is wrong is told without a word of what was given: it is a secret. */
async function keyOf(given: string): Promise<Key> {
  const trimmed = given.trim();
  const json = trimmed.startsWith('{') ? trimmed : await readFile(trimmed, 'utf8').catch(noFile);
  try {
    const key: unknown = JSON.parse(json);
    if (typeof key === 'object' && key !== null) return key as Key;
  } catch {
    // Not JSON: refused below, since the parser's own sentence quotes what it read.
  }
  throw new Error('it is neither JSON nor a file with JSON');
}

function noFile(cause: unknown): never {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  throw new Error(`its file cannot be read (${code})`);
}

function text(key: Key, field: string): string {
  const value = key[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`it has no ${field}`);
}
