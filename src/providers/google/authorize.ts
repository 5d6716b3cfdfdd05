// Who calls Vertex AI: an API key (express mode), a token for the deployment's own credential, or one by Google's usual order.
// https://docs.cloud.google.com/docs/authentication/application-default-credentials
import { GatewayError } from '../../core/errors.ts';
import { type GoogleIdentity, googleIdentity } from '../../kit/google-identity.ts';
import type { Secret } from '../../kit/secret.ts';
import type { Call, Upstream } from '../provider.ts';

/** Identities keep the tokens they were lent, as long as the deployment's credential stands. */
const identities = new WeakMap<Upstream['credential'], GoogleIdentity>();

/** Takes the call; returns the header with its token, none beside an API key. Throws upstream_unauthorized when there is none to be had. */
export async function authorize(call: Call): Promise<Readonly<Record<string, Secret>>> {
  const { credential } = call.upstream;
  if (credential.api_key?.isEmpty === false) return {};
  const identity = identities.get(credential) ?? googleIdentity({ credentials: credential.vertex_credentials });
  identities.set(credential, identity);
  try {
    return { authorization: (await identity(call.now)).prefixed('Bearer ') };
  } catch (cause) {
    const message = `no Google credential is at hand; give vertex_credentials (${reasonOf(cause)})`;
    throw new GatewayError('upstream_unauthorized', { message, cause });
  }
}

/** Our own sentences name what is wrong with a credential; the library's may quote what Google answered. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  return /^its? /.test(message) ? message : 'Google lent no token; the log says why';
}
